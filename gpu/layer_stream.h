// Decoder layers that do not fit on the device: their matrices wait in host memory and are copied, layer by layer, into one of two places on
// the device in turn, inside the recorded commands.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "gpu/gpu_context.h"

namespace qvlm {

class LayerStream {
 public:
  /// Takes the two places, each large enough for any one of the layers. layers: the matrices of each. Throws OutOfDeviceMemory.
  LayerStream(std::span<const std::vector<PackedMatrix>> layers, GpuContext& gpu);

  /// Puts a layer's matrices into host memory. -> those matrices at the place that the layer is copied to. Throws Error where the host has no
  /// memory for them.
  std::vector<DeviceMatrix> add(const std::vector<PackedMatrix>& matrices);
  /// Layers added.
  size_t layers() const { return staged_.size(); }
  uint64_t host_bytes() const { return host_bytes_; }
  /// Copies the layer added as number `layer` to its place, which no later dispatch of the layer before the last one may read.
  void record(Recorder& recorder, size_t layer) const;

 private:
  static constexpr size_t kPlanes = 3;  // codes, scales, zeros: apart, for each has its own texel format
  using Planes = std::array<Span, kPlanes>;
  GpuContext& gpu_;
  std::array<Planes, 2> places_;
  std::vector<Planes> staged_;
  uint64_t host_bytes_ = 0;
};

}  // namespace qvlm
