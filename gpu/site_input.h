// What happens to a site's input before its linears read it: the model's online transforms, then rounding, as the
// reference defines them. Decoder and tower ask; kernels run it.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/model/activation_quantizer.h"
#include "core/model/kronecker.h"
#include "core/model/vision_activation.h"
#include "gpu/gpu_context.h"

namespace qvlm {

class SiteInput {
 public:
  SiteInput() = default;  // nothing happens

  /// Turned by H of order `block` (core/model/hadamard.h) on each run of so many channels.
  void add_hadamard(int64_t block, GpuContext& gpu);
  /// Turned by left (x) right (core/model/kronecker.h), [left, left] and [right, right]. Throws Error where sizes do not fit.
  void add_transform(std::span<const float> left, std::span<const float> right, const KroneckerShape& shape,
                     GpuContext& gpu);
  /// Rounded, where the quantizer is active.
  void set_rounding(const ActivationQuantizer& quantizer);
  void set_rounding(const VisionQuantizer& quantizer, GpuContext& gpu);

  bool turns() const { return !axes_.empty(); }
  /// Bits that the linears read; 16: not rounded.
  int bits() const { return grid_ ? grid_->bits : 16; }
  /// Records it over x, which is overwritten, as `scratch` (as large) is where turns(). Returns the one that holds the
  /// result.
  DeviceTensor record(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x,
                      const DeviceTensor& scratch) const;
  /// The same behind a norm of x into y, which rounds by itself where it can.
  DeviceTensor record_normed(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x, const DeviceTensor& y,
                             const DeviceVector& weight, const DeviceVector& bias, float epsilon,
                             const DeviceTensor& scratch) const;

 private:
  struct Axis {
    DeviceVector factor;  // [order, order]
    uint32_t order = 1, behind = 1;
    float scale = 1;
  };
  std::vector<Axis> axes_;
  std::optional<RoundingGrid> grid_;
};

}  // namespace qvlm
