// One model on one device: what is rebuilt when the device is lost.
#pragma once

#include <memory>

#include "core/model/model.h"
#include "gpu/decoder.h"
#include "gpu/gpu_context.h"
#include "gpu/vision_encoder.h"
#include "gpu/vulkan_generator.h"

namespace qvlm {

class Engine {
 public:
  /// Opens the device and uploads the weights. Throws Error.
  Engine(const Model& model, const EngineOptions& options);
  GpuContext& gpu() { return gpu_; }
  Decoder& decoder() { return *decoder_; }
  VisionEncoder* vision() { return vision_.get(); }  // null: no tower
  uint64_t weight_bytes() const { return weight_bytes_; }

 private:
  GpuContext gpu_;
  std::unique_ptr<VisionEncoder> vision_;
  std::unique_ptr<Decoder> decoder_;
  uint64_t weight_bytes_ = 0;
};

}  // namespace qvlm
