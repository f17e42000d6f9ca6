// The rounded linears of one site at every candidate, kept as codes and turned into floats when a step needs them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::quantization {

/// Bytes of float weights that the candidates of a block's sites may keep together, first come, first served. Thread-safe.
class WeightBudget {
 public:
  explicit WeightBudget(int64_t bytes) : left_(bytes) {}
  bool take(int64_t bytes);
  void give_back(int64_t bytes);

 private:
  std::mutex mutex_;
  int64_t left_;
};

/// Thread-safe. The floats do not depend on the budget.
class CandidateLayers {
 public:
  CandidateLayers() = default;
  /// frame: norms, biases and transforms of the layer; its linears are not looked at. weights: of the site's linears by canonical suffix, one a candidate
  /// or one for all. Without a budget all floats that were made are kept.
  CandidateLayers(const reference::DecoderLayer& frame, std::vector<std::map<std::string, GridWeight>> weights,
                  std::shared_ptr<WeightBudget> budget = nullptr);

  /// A layer that can be run over the site: its other linears are undefined. Alive as long as it is held, at least.
  std::shared_ptr<const reference::DecoderLayer> at(size_t candidate) const;

  const std::map<std::string, GridWeight>& weights_of(size_t candidate) const {
    return weights_.size() == 1 ? weights_.front() : weights_.at(candidate);
  }

 private:
  struct Slot {
    ~Slot();
    std::mutex mutex;  // one thread makes the floats, others wait for them
    std::shared_ptr<const reference::DecoderLayer> kept;
    std::weak_ptr<const reference::DecoderLayer> used;  // by a step at the moment
    std::shared_ptr<WeightBudget> budget;
    int64_t taken = 0;
  };

  reference::DecoderLayer frame_;
  std::vector<std::map<std::string, GridWeight>> weights_;
  std::vector<std::unique_ptr<Slot>> slots_;  // one an entry of weights_
};

}  // namespace qvlm::quantization
