// Devices, and the arithmetic of memory and bandwidth.
#include "core/export/device_fit.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"

namespace qvlm {

namespace {

constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr int64_t kPrefillRows = 512;  // as the engine computes them together on a GPU
constexpr int64_t kHalf = 2, kFloat = 4;
constexpr double kOwnUsable = 0.9;

double number(std::string_view text, std::string_view whole, const char* what, double most) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !(value > 0) || value > most)
    throw UsageError(fmt::format("device \"{}\": {}: expected a number above 0 and up to {}, found \"{}\" (NAME:GIB:GBPS)", whole, what, most, text));
  return value;
}

int64_t bytes_of(const Weight& weight) {
  if (const auto* view = std::get_if<TensorView>(&weight)) return static_cast<int64_t>(view->bytes.size());
  const auto& matrix = std::get<QuantizedMatrix>(weight);
  return std::llround(matrix.bits_per_weight() * static_cast<double>(matrix.rows) * static_cast<double>(matrix.columns) / 8);
}

}  // namespace

std::vector<FitDevice> known_fit_devices() {
  return {{"Phone, 6 GB", 6, 0.5, 34.1, "LPDDR4X-4266, 64 bits; half is the system's"},
          {"Phone, 8 GB", 8, 0.5, 51.2, "LPDDR5-6400, 64 bits; half is the system's"},
          {"Jetson Orin Nano, 8 GB", 8, 0.8, 68, "LPDDR5, 128 bits, 15 W mode; shared with the system"},
          {"Jetson AGX Orin, 64 GB", 64, 0.9, 204.8, "LPDDR5, 256 bits; shared with the system"},
          {"Laptop, integrated GPU, 16 GB", 16, 0.5, 89.6, "DDR5-5600, two channels; drivers lend half"},
          {"Card, 8 GB", 8, 0.9, 272, "GDDR6 at 17 Gb/s, 128 bits (GeForce RTX 4060)"},
          {"Card, 12 GB", 12, 0.9, 504, "GDDR6X at 21 Gb/s, 192 bits (GeForce RTX 4070)"},
          {"Card, 24 GB", 24, 0.9, 1008, "GDDR6X at 21 Gb/s, 384 bits (GeForce RTX 4090)"}};
}

FitDevice parse_fit_device(std::string_view text) {
  const size_t second = text.rfind(':'), first = second == 0 || second == text.npos ? text.npos : text.rfind(':', second - 1);
  if (first == text.npos || first == 0) throw UsageError(fmt::format("device \"{}\": expected NAME:GIB:GBPS (My board:16:68.5)", text));
  FitDevice device{std::string(text.substr(0, first)), 0, kOwnUsable, 0, "own entry; nine tenths usable"};
  device.memory_gib = number(text.substr(first + 1, second - first - 1), text, "GiB of memory", 1e5);
  device.bandwidth_gbps = number(text.substr(second + 1), text, "GB/s of bandwidth", 1e6);
  return device;
}

FitModel fit_model(const Model& model) {
  FitModel result{model.config()};
  for (const std::string& name : model.names()) {
    const int64_t bytes = bytes_of(model.load(name));
    model.release(name);
    result.weight_bytes += bytes;
    const bool table = name == "decoder.embedding.weight" && !model.config().decoder.tied_head;  // one row of it is read
    if (name.starts_with("decoder.") && !table) result.step_bytes += bytes;
  }
  return result;
}

FitMemory fit_memory(const FitModel& model, int64_t context) {
  const DecoderConfig& d = model.config.decoder;
  const int64_t queries = int64_t{d.heads} * d.head_dim, kv = int64_t{d.kv_heads} * d.head_dim, hidden = d.hidden;
  const int64_t rows = std::min(context, kPrefillRows);
  FitMemory memory{.weights = model.weight_bytes, .kv_cache = 2 * kHalf * d.layers * kv * context};
  memory.working = kFloat * (context * hidden + rows * (2 * hidden + 2 * queries + 2 * kv + d.ffn) + 4 * int64_t{d.vocabulary});
  if (model.config.vision) {
    const VisionConfig& v = *model.config.vision;
    const int64_t patch = int64_t{3} * v.patch_size * v.patch_size;
    memory.working += kFloat * (int64_t{3} * v.image_size * v.image_size + v.patches() * patch +
                                int64_t{v.positions()} * (6 * int64_t{v.hidden} + v.ffn) + int64_t{v.image_tokens()} * (model.config.projector.hidden + 2 * hidden));
  }
  return memory;
}

Fit fit(const FitModel& model, const FitDevice& device, int64_t context, double share) {
  const int64_t longest = model.config.decoder.context_length;
  if (context < 1 || context > longest)
    throw UsageError(fmt::format("context: expected 1 to {} (the model's), found {}", longest, context));
  if (!(share > 0) || share > 1) throw UsageError(fmt::format("share of the bandwidth: expected above 0 and up to 1, found {}", share));
  Fit result{.device = device, .memory = fit_memory(model, context)};
  result.usable_bytes = static_cast<int64_t>(device.memory_gib * device.usable * kGib);
  result.fits = result.memory.total() <= result.usable_bytes;
  int64_t low = 0, high = longest;  // the total grows with the context
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    fit_memory(model, middle).total() <= result.usable_bytes ? low = middle : high = middle - 1;
  }
  result.longest_context = low;
  const double bytes_a_second = device.bandwidth_gbps * 1e9 * share;
  result.empty_tokens_per_second = bytes_a_second / static_cast<double>(model.step_bytes);
  result.full_tokens_per_second = bytes_a_second / static_cast<double>(model.step_bytes + result.memory.kv_cache);
  return result;
}

}  // namespace qvlm
