// Dequantizing on demand.
#include "core/lab/quantization/candidate_layers.h"

namespace qvlm::quantization {

using reference::DecoderLayer;

bool WeightBudget::take(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > left_) return false;
  left_ -= bytes;
  return true;
}

void WeightBudget::give_back(int64_t bytes) {
  const std::lock_guard lock(mutex_);
  left_ += bytes;
}

CandidateLayers::Slot::~Slot() {
  if (taken > 0) budget->give_back(taken);
}

CandidateLayers::CandidateLayers(const DecoderLayer& frame, std::vector<std::map<std::string, GridWeight>> weights,
                                 std::shared_ptr<WeightBudget> budget)
    : frame_(frame), weights_(std::move(weights)) {
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) frame_.linear(suffix) = torch::Tensor();
  }
  for (size_t i = 0; i < weights_.size(); ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->budget = budget;
  }
}

std::shared_ptr<const DecoderLayer> CandidateLayers::at(size_t candidate) const {
  Slot& slot = *slots_.at(slots_.size() == 1 ? 0 : candidate);
  const std::lock_guard lock(slot.mutex);
  if (slot.kept) return slot.kept;
  if (auto used = slot.used.lock()) return used;
  auto layer = std::make_shared<DecoderLayer>(frame_);
  int64_t bytes = 0;
  for (const auto& [suffix, weight] : weights_of(candidate)) {
    layer->linear(suffix) = weight.dequantize();
    bytes += static_cast<int64_t>(layer->linear(suffix).nbytes());
  }
  if (!slot.budget || slot.budget->take(bytes)) {
    slot.kept = layer;
    slot.taken = slot.budget ? bytes : 0;
  } else {
    slot.used = layer;
  }
  return layer;
}

}  // namespace qvlm::quantization
