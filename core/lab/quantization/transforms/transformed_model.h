// A model over a model: the same function, with every tensor computed from the source's when it is asked for, so that
// each later pass sees an ordinary model and none is ever resident.
#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/lab/quantization/transforms/model_transform.h"
#include "core/model/model.h"

namespace qvlm::quantization {

/// Changed tensors are computed in float32. Those that a run stores as they are (embedding, head, the projector's last
/// weight) are rounded to float16 where the source has no more precision and float16 holds their range; all else is
/// float32. A loaded tensor is held until release(). sizes (stored_bytes, stored_bits) are the source's: this model is
/// on no disk.
class TransformedModel final : public Model {
 public:
  /// Throws Error: a source whose activations are quantized or that has an online transform already, a transform for
  /// other widths.
  TransformedModel(std::shared_ptr<const Model> source, ModelTransform transform);

  const VlmConfig& config() const override { return config_; }
  std::filesystem::path path() const override { return source_->path(); }
  const TokenizerSource& tokenizer() const override { return source_->tokenizer(); }
  std::vector<std::string> names() const override;
  bool has(std::string_view canonical) const override;
  /// Throws Error naming the tensor where the source has NaN or infinity.
  Weight load(std::string_view canonical) const override;
  void release(std::string_view canonical) const override;
  const std::vector<ActivationQuantizer>& activations() const override { return source_->activations(); }
  int64_t stored_bytes() const override { return source_->stored_bytes(); }
  double stored_bits() const override { return source_->stored_bits(); }
  std::string fingerprint() const override;  // of the source and the transform
  std::vector<std::string> unmatched() const override { return source_->unmatched(); }

  const ModelTransform& transform() const { return transform_; }

 private:
  torch::Tensor source_tensor(const std::string& name) const;  // float32, finite
  torch::Tensor compute(const std::string& name) const;        // undefined: as the source has it
  torch::Tensor layer_tensor(int layer, const std::string& name, const std::string& part) const;
  torch::Tensor rotate_values(const torch::Tensor& from, const LayerTransform& layer) const;
  torch::Tensor rotate_output(const torch::Tensor& from, const LayerTransform& layer) const;
  bool keeps_half(const std::string& name) const;

  std::shared_ptr<const Model> source_;
  ModelTransform transform_;
  VlmConfig config_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, torch::Tensor, std::less<>> held_;
};

}  // namespace qvlm::quantization
