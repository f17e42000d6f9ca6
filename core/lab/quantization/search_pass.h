// The second pass: weights are rounded and blocks searched in the order of execution, on the quantized path's own stream, one decoder
// layer (two, where a block straddles) resident at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/quantization/decoder_block.h"
#include "core/lab/quantization/known_results.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/methods/weight_method.h"
#include "core/model/model.h"
#include "core/run/events.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

struct SearchPassListener {
  std::function<void(const Event&)> on_event;
  /// Called between steps; may throw Cancelled.
  std::function<void()> poll;
  /// Called within a block's search, on any thread; may throw Cancelled. Cheap.
  std::function<void()> check;
  /// A partition that the user put in place of the running one.
  std::function<std::optional<Partition>()> new_partition;
  /// Site forwards (of one sample) done so far.
  std::function<void(int64_t done)> on_forwards;
};

struct SearchPassInputs {
  const Model& model;
  const calibration::Batches& batches;
  const Recipe& recipe;
  const std::vector<calibration::SiteStatistics>& statistics;  // [sites]; empty where the method does not look at them
  std::filesystem::path work;                                  // folder of layer files
  double threshold;                                            // h0, for PartitionChanged
  const reference::Workers& workers;
  calibration::ActivationSpill& spill;                         // keeps the streams
  int64_t weight_bytes;                                        // of candidates' weights in float, per block; more are dequantized at each use
  /// How much tokens count in the method's losses: [2 * layers], for each layer its attention and its MLP. Empty: all the same.
  std::vector<TokenWeights> sublayer_weights = {};
  /// Only blocks that `known` does not hold are searched. The others keep their parameters though their stream be another, and are not told
  /// again then; the pass ends with the last one. Layers behind such a block are approximate and not written.
  bool preview = false;
};

struct SearchPassCounts {
  int layers_reused = 0, blocks_reused = 0;
};

/// Searches every block of `partition` that `known` does not hold and writes every layer that it does not hold. `partition` and `known`
/// follow the user's edits. Emits CandidateScored, BlockSearched, LayerQuantized, PartitionChanged, RunResumed, Noticed.
/// Deterministic. Throws Error naming the tensor where weights or activations are not finite.
SearchPassCounts search_pass(const SearchPassInputs& inputs, Partition& partition, KnownResults& known, const SearchPassListener& listener);

/// "layer_3.safetensors"
std::string layer_file_name(int layer);

}  // namespace qvlm::quantization
