// Numbers without meaning but with the shape of real ones, the same at every call.
#include "tests/studio/fake_run.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace qvlm::fake {

namespace {

constexpr int kLayers = 12, kSites = 48, kSamples = 24;

/// A repeatable number in 0..1.
double noise(uint64_t a, uint64_t b = 0) {
  uint64_t x = a * 0x9E3779B97F4A7C15ull + b * 0xD1B54A32D192ED03ull + 0x2545F4914F6CDD1Dull;
  x ^= x >> 31;
  x *= 0xBF58476D1CE4E5B9ull;
  x ^= x >> 29;
  return double(x >> 11) / double(1ull << 53);
}

double entropy_of(int site) {
  const double depth = double(site) / kSites;
  const double kind[4] = {0.10, -0.06, 0.05, -0.13};
  return 0.66 + 0.16 * std::sin(2.6 * depth) + kind[site % 4] + 0.05 * (noise(uint64_t(site)) - 0.5);
}

double dependency_of(int site) {
  return site + 1 < kSites ? 0.28 + 0.32 * noise(uint64_t(site), 7) * (site % 4 == 3 ? 0.5 : 1) : 0;
}

SiteMeasured statistics_of(int site) {
  SiteMeasured measured;
  measured.site = site;
  const float width = 2.5f + 4 * float(noise(uint64_t(site), 3));
  measured.minimum = -1.3f * width;
  measured.maximum = 1.2f * width;
  measured.histogram_low = measured.minimum;
  measured.histogram_high = measured.maximum;
  for (int i = 0; i < 5; ++i) {
    measured.percentile_low.push_back(measured.minimum * (1 - 0.1f * float(i)));
    measured.percentile_high.push_back(measured.maximum * (1 - 0.1f * float(i)));
  }
  for (int bin = 0; bin < 64; ++bin) {
    const double x = (bin - 31.5) / (8 + 4 * noise(uint64_t(site), 5));
    measured.histogram.push_back(int64_t(20000 * std::exp(-0.5 * x * x) + 40 * std::exp(-std::abs(x) / 2)));
  }
  return measured;
}

struct Player {
  const RunOrder& order;
  const std::function<Next(const Event&)>& emit;

  BlockSearched found(const Partition& partition, size_t b) const {
    const Block& block = partition.blocks[b];
    BlockSearched found;
    found.block = int(b);
    found.first_site = block.first;
    found.last_site = block.last;
    found.joint_error = scale_of(block);
    found.layerwise_error = found.joint_error * (1 + 0.25 * noise(uint64_t(block.first), 13) * (block.depth() - 1));
    found.unclipped_error = found.joint_error * 1.6;
    found.layerwise_parameters.assign(size_t(block.depth()), 1.0f);
    found.joint_parameters.assign(size_t(block.depth()), 0.995f);
    found.spread = 0.4;
    found.site_forwards = int64_t(std::pow(5, block.depth()));
    found.seconds = 0.1;
    found.input_hash = "0123456789abcdef";
    return found;
  }

  static double scale_of(const Block& block) {
    return 2e-3 * std::exp(2.2 * double(block.first) / kSites) * (0.7 + 0.6 * noise(uint64_t(block.first), 11));
  }

  /// Searches every block from `first` on, of those that `wanted` takes. The event that stopped it, or GO_ON.
  Next search(const Partition& partition, size_t first, const std::function<bool(const Block&)>& wanted = {}) const {
    for (size_t b = first; b < partition.blocks.size(); ++b) {
      const Block& block = partition.blocks[b];
      if (wanted && !wanted(block)) continue;
      for (int t = 0; t < int(std::pow(5, block.depth())); ++t) {
        CandidateScored scored;
        scored.block = int(b);
        for (int s = 0, rest = t; s < block.depth(); ++s, rest /= 5)
          scored.parameters.push_back(1 - 0.005f * float(rest % 5));
        scored.loss = scale_of(block) * (1 + 0.9 * std::pow(noise(uint64_t(t), uint64_t(block.first)), 2));
        scored.samples = 8;
        if (const Next next = emit(scored); next != Next::GO_ON) return next;
      }
      if (const Next next = emit(found(partition, b)); next != Next::GO_ON) return next;
      Progress progress;
      progress.phase = "search";
      progress.done = int64_t(b) + 1;
      progress.total = int64_t(partition.blocks.size());
      progress.eta_seconds = 2.5 * double(progress.total - progress.done);
      if (const Next next = emit(progress); next != Next::GO_ON) return next;
    }
    return Next::GO_ON;
  }

  bool finish() const {
    for (int layer = 0; layer < kLayers; ++layer) {
      LayerQuantized done;
      done.layer = layer;
      done.file = "work/layer_" + std::to_string(layer);
      done.hash = "0123456789abcdef";
      done.bytes = 500'000;
      done.weight_error = 0.005;
      done.output_error = 0.004 + 0.002 * layer;
      if (emit(done) == Next::CANCEL) return false;
    }
    RunFinished finished;
    finished.seconds = 41;
    finished.peak_bytes = 390'000'000;
    finished.stored_bytes = 8'300'000;
    finished.stored_bits = 5;
    finished.site_forwards = 2400;
    finished.output = order.output;
    return emit(finished) != Next::CANCEL;
  }
};

}  // namespace

bool play_run(const RunOrder& order, const std::function<Next(const Event&)>& emit,
              const std::function<Partition()>& partition_now) {
  RunStarted started;
  started.model_path = order.model;
  started.calibration_path = order.calibration;
  started.model_fingerprint = started.calibration_fingerprint = "0123456789abcdef";
  started.recipe = to_json(order.recipe);
  started.layers = kLayers;
  started.sites = kSites;
  started.samples = kSamples;
  started.planned_seconds = 60;
  started.planned_bytes = 400'000'000;
  if (emit(started) == Next::CANCEL) return false;
  if (emit(PhaseStarted{"statistics", kLayers}) == Next::CANCEL) return false;
  std::vector<double> dependency;
  for (int site = 0; site < kSites; ++site) {
    if (emit(statistics_of(site)) == Next::CANCEL) return false;
    EntropyMeasured measured;
    measured.site = site;
    measured.entropy = entropy_of(site);
    measured.dependency = dependency_of(site);
    for (int sample = 0; sample < kSamples; ++sample) {
      measured.sample_entropy.push_back(float(measured.entropy + 0.12 * (noise(uint64_t(sample), 17) - 0.5) +
                                              0.05 * (noise(uint64_t(site * 64 + sample)) - 0.5)));
    }
    if (emit(measured) == Next::CANCEL) return false;
    if (site + 1 < kSites) dependency.push_back(measured.dependency);
    if (emit(Progress{"statistics", site / 4, kLayers, 30}) == Next::CANCEL) return false;
  }
  for (int pair = 0; pair < order.recipe.validated_depths; ++pair) {
    ProxyValidated validated;
    validated.site = 1 + 4 * pair;
    for (int sample = 0; sample < kSamples; ++sample) {
      validated.dependency.push_back(dependency_of(validated.site) + 0.1 * noise(uint64_t(sample), uint64_t(pair)));
      validated.entropy.push_back(0.6 + 0.2 * noise(uint64_t(sample), 31));
      validated.quantization_error.push_back(0.01 + 0.01 * noise(uint64_t(sample), 37));
      validated.difference.push_back(1e-3 * validated.dependency.back() + 2e-5 * noise(uint64_t(sample), 41));
    }
    if (emit(validated) == Next::CANCEL) return false;
  }
  PartitionChanged changed;
  for (const double d : dependency) changed.threshold += d / double(dependency.size());
  changed.partition =
      order.partition.blocks.empty() ? greedy_partition(dependency, kSites, changed.threshold) : order.partition;
  changed.origin = order.partition.blocks.empty() ? "greedy" : "file";
  if (emit(changed) == Next::CANCEL) return false;
  const Player player{order, emit};
  size_t first = 0;
  Next next = emit(PhaseStarted{"search", int64_t(changed.partition.blocks.size())});
  while (true) {
    if (next == Next::GO_ON) next = player.search(changed.partition, first);
    if (next == Next::CANCEL) return false;
    if (next == Next::GO_ON) break;
    const Partition before = changed.partition;
    changed.partition = partition_now();
    changed.origin = "user";
    first = 0;
    while (first < before.blocks.size() && first < changed.partition.blocks.size() &&
           before.blocks[first] == changed.partition.blocks[first])
      ++first;
    next = emit(changed);
  }
  return player.finish();
}

bool play_edited_run(const RunOrder& order, const RunState& before, bool preview, const std::function<Next(const Event&)>& emit) {
  const Player player{order, emit};
  if (emit(RunResumed{0, int(before.blocks.size())}) == Next::CANCEL) return false;
  if (emit(PartitionChanged{order.partition, before.threshold, "user"}) == Next::CANCEL) return false;
  if (emit(PhaseStarted{"search", int64_t(order.partition.blocks.size())}) == Next::CANCEL) return false;
  const int common = common_blocks(before.partition, order.partition);
  for (int b = 0; b < common; ++b) {
    if (emit(player.found(order.partition, size_t(b))) == Next::CANCEL) return false;
  }
  const auto edited = [&](const Block& block) {
    const auto& old = before.partition.blocks;
    return std::none_of(old.begin(), old.end(),
                        [&](const Block& was) { return was.first == block.first && was.last == block.last && was.bits == block.bits; });
  };
  if (player.search(order.partition, size_t(common), preview ? edited : std::function<bool(const Block&)>()) != Next::GO_ON) return false;
  return preview || player.finish();
}

}  // namespace qvlm::fake
