// What a finished run's blocks chose, seen at the model's output. Free of torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/model/model.h"
#include "core/run/events.h"

namespace qvlm::acceptance {

/// One choice of clip ratios for a block, the blocks before it as the run has them.
struct BlockChoice {
  std::string name;   // "layerwise", "joint", "unclipped"
  double error = 0;   // of the block's end, as the run measured it on its calibration samples
  double kl = 0;      // nats a position: KL(float || the block's end carried on by the float rest of the model)
  double spread = 0;  // standard deviation of `kl` over positions
};

/// Walks `run`, a .qvlm folder of joint search over ratios of dynamic activations, on stretches of `tokens` ids each; blocks where joint and
/// layer-wise chose the same are passed over. Throws Error where the run is of another kind.
void choices_at_output(std::shared_ptr<const Model> model, const std::filesystem::path& run, const std::vector<std::vector<int32_t>>& stretches,
                       const std::function<void(const BlockSearched& block, const std::vector<BlockChoice>& choices)>& each);

}  // namespace qvlm::acceptance
