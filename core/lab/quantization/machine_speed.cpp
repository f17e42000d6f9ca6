// Small pieces of the real work, timed by each thread's own clock.
#include "core/lab/quantization/machine_speed.h"

#include <torch/types.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <vector>

#include "core/lab/calibration/entropy.h"
#include "core/lab/quantization/methods/gptq.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/threads.h"

namespace qvlm {
namespace {

using namespace quantization;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Seconds of one call: the least of a few, for about `budget` seconds; the first one warms up.
double seconds_of(const std::function<void()>& work, double budget = 0.015) {
  work();
  double least = 1e9;
  for (double spent = 0; spent < budget;) {
    const double start = thread_seconds();
    work();
    const double passed = std::max(thread_seconds() - start, 1e-7);
    least = std::min(least, passed);
    spent += passed;
  }
  return least;
}

// Values spread over 0 .. 1, without touching anybody's random numbers.
torch::Tensor spread(at::IntArrayRef shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return torch::arange(count, torch::kFloat64).mul_(0.6180339887).frac_().to(torch::kFloat32).reshape(shape);
}

MachineSpeed measure_here(const DecoderConfig& c, int64_t rows, int64_t longest, int64_t weight_group) {
  const torch::NoGradGuard no_gradients;
  MachineSpeed speed;
  // Products of the decoder's own widths where they take milliseconds, of parts of them where they are larger.
  const int64_t m = std::clamp<int64_t>(rows, 1, 256), k = std::min<int64_t>(c.hidden, 1024), n = std::min<int64_t>(c.ffn, 1024);
  const auto x = spread({m, k}), w = spread({n, k}) - 0.5;
  speed.product = seconds_of([&] { torch::linear(x, w); }) / static_cast<double>(m * k * n);
  {
    const int64_t tokens = std::clamp<int64_t>(longest, 1, 512);
    const auto q = spread({1, 2, tokens, c.head_dim});
    speed.attention = seconds_of([&] { reference::attention(q, q, q, true); }) / static_cast<double>(2 * tokens * tokens);
  }
  {
    // As an activation function's output is made: two passes over values that do not stay in the cache.
    const auto a = spread({m, std::min<int64_t>(c.ffn, 4096)});
    speed.element = seconds_of([&] { torch::silu(a) * a; }) / static_cast<double>(2 * a.numel());
    ActivationQuantizer quantizer;
    quantizer.bits = 4;
    quantizer.granularity = ActivationGranularity::DYNAMIC_TOKEN;
    speed.round_activation = seconds_of([&] { reference::quantize_activations(a, quantizer); }) / static_cast<double>(a.numel());
    speed.bin = seconds_of([&] { torch::histc(a, 64, 0, 1); }) / static_cast<double>(a.numel());
  }
  {
    const int64_t group = weight_group > 0 && k % weight_group == 0 ? weight_group : k;
    const WeightGrid grid{4, group, false};
    const auto part = w.narrow(0, 0, std::min<int64_t>(n, 256)).contiguous();
    const auto weights = static_cast<double>(part.numel());
    speed.round_weight = seconds_of([&] { round_to_nearest(part, grid, "").dequantize(); }) / weights;
    speed.sort_weight = seconds_of([&] { part.reshape({-1, group}).sort(1); }, 0.01) / weights;
    // One block of columns: what lies behind it is products.
    const int64_t columns = std::min<int64_t>(k, 128), lines = std::min<int64_t>(4 * n, 4096);
    const auto block = spread({lines, columns}) - 0.5;
    const GroupScales scales{torch::full({lines, 1}, 0.1f), torch::full({lines, 1}, 8.0f)};
    const auto hessian = torch::eye(columns);
    speed.column = seconds_of([&] { gptq_codes(block, scales, WeightGrid{4, columns, false}, hessian, 0.01); }, 0.01) / static_cast<double>(block.numel());
  }
  {
    constexpr int64_t kPositions = 4096, kLevels = 16;
    const calibration::LevelSamples samples{spread({kPositions}) * 15, torch::ones({kPositions})};
    speed.level = seconds_of([&] { calibration::soft_assignment(samples, kLevels); }, 0.005) / static_cast<double>(kPositions * kLevels);
    const auto values = spread({int64_t{1} << 14});
    speed.sort_value = seconds_of([&] { values.sort(); }, 0.005) / static_cast<double>(values.numel());
  }
  return speed;
}

}  // namespace

MachineSpeed measure_speed(const DecoderConfig& config, int64_t rows, int64_t longest, int64_t weight_group, int threads) {
  constexpr int kRounds = 4;
  constexpr double MachineSpeed::*kValues[] = {&MachineSpeed::product,      &MachineSpeed::attention,   &MachineSpeed::element, &MachineSpeed::round_activation,
                                               &MachineSpeed::round_weight, &MachineSpeed::sort_weight, &MachineSpeed::column,  &MachineSpeed::level,
                                               &MachineSpeed::sort_value,   &MachineSpeed::bin};
  const reference::Workers workers(threads);
  std::vector<MachineSpeed> speeds(static_cast<size_t>(threads));
  workers.run(speeds.size(), [&](size_t i) {
    for (int round = 0; round < kRounds; ++round) {
      const MachineSpeed once = measure_here(config, rows, longest, weight_group);
      for (double MachineSpeed::*value : kValues) speeds[i].*value += once.*value / kRounds;
    }
  });
  // The mean of rounds that lie apart: a virtual machine's processors run now faster, now slower, by half, as its neighbours work, and a run of hours
  // sees both. And of threads, which may sit on cores of different speed.
  MachineSpeed mean;
  for (double MachineSpeed::*value : kValues)
    for (const MachineSpeed& speed : speeds) mean.*value += speed.*value / static_cast<double>(threads);
  return mean;
}

}  // namespace qvlm
