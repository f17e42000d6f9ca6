// The vision tower and the projector on the device: pixels in, embeddings for the decoder out.
#pragma once

#include <array>
#include <span>
#include <stop_token>
#include <vector>

#include "core/input/preprocess.h"
#include "gpu/gpu_context.h"
#include "gpu/site_input.h"
#include "gpu/weight_loader.h"

namespace qvlm {

class VisionEncoder {
 public:
  /// activations: one a site of the tower, as a model has them; empty: nothing is rounded.
  VisionEncoder(const Model& model, std::span<const VisionQuantizer> activations, GpuContext& gpu,
                WeightLoader& loader);
  /// [image_tokens, decoder hidden]. Throws Error for pixels of another size, Cancelled, DeviceLost.
  std::vector<float> encode(const PixelTensor& pixels, std::stop_token stop);
  /// Bits executed a weight over the tower's linears.
  double weight_bits() const { return weight_bits_; }
  /// The fewest that any site's linears read, by the kernels that run; 16: not rounded.
  int activation_bits() const { return activation_bits_; }
  const Trace& trace() const { return recording_.trace(); }

 private:
  struct Layer {
    DeviceVector attention_norm, attention_norm_bias, qkv_bias, output_bias, mlp_norm, mlp_norm_bias, up_bias,
        down_bias;
    std::vector<DeviceMatrix> qkv;
    DeviceMatrix output, up, down;
    std::array<SiteInput, kSitesPerLayer> inputs;
  };
  void record();
  VisionConfig config_;
  ProjectorConfig projector_;
  uint32_t decoder_hidden_;
  double weight_bits_ = 16;
  int activation_bits_ = 16;
  GpuContext& gpu_;
  DeviceMatrix patch_, projector_in_, projector_out_;
  DeviceVector patch_bias_, class_row_, positions_, pre_norm_, pre_norm_bias_, projector_in_bias_, projector_out_bias_;
  std::vector<Layer> layers_;
  Span pixels_, readback_;
  SiteScratch site_scratch_;
  DeviceTensor patches_, hidden_, normed_, qkv_, attended_, ffn_, projected_, features_;
  Recording recording_;
};

}  // namespace qvlm
