// One model on one device: what is rebuilt when the device is lost.
#pragma once

#include <memory>
#include <string>

#include "core/model/model.h"
#include "gpu/decoder.h"
#include "gpu/gpu_context.h"
#include "gpu/vision_encoder.h"
#include "gpu/vulkan_generator.h"

namespace qvlm {

class Engine {
 public:
  /// Opens the device and uploads the weights; decoder layers that do not fit stay on the host. Throws Error.
  Engine(const Model& model, const EngineOptions& options);
  GpuContext& gpu() { return *gpu_; }
  Decoder& decoder() { return *decoder_; }
  VisionEncoder* vision() { return vision_.get(); }  // null: no tower
  uint64_t weight_bytes() const { return weight_bytes_; }
  /// How many layers are streamed and why, with the numbers; empty: none.
  std::string streaming_note() const;

 private:
  void build(const Model& model, const EngineOptions& options, bool stream_layers);
  std::unique_ptr<GpuContext> gpu_;
  std::unique_ptr<VisionEncoder> vision_;
  std::unique_ptr<Decoder> decoder_;
  uint64_t weight_bytes_ = 0;
  std::string refusal_;  // of the memory, to all layers on the device; empty: they are there
};

}  // namespace qvlm
