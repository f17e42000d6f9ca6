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

/// Memory that sites' inputs take on the way, one after the other.
struct SiteScratch {
  Span turned;         // as x, of those that turn
  Span codes, grids;   // of those that are rounded; absent where no product runs on codes
};

/// Bytes of each: what the largest site takes.
struct SiteScratchBytes {
  uint64_t turned = 0, codes = 0, grids = 0;
};
SiteScratch allocate(const SiteScratchBytes& bytes, GpuContext& gpu);

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
  /// Raises `bytes` to what x [rows, columns] takes.
  void count(SiteScratchBytes& bytes, const Kernels& kernels, uint32_t rows, uint32_t columns) const;
  /// Records it over x, which is overwritten, as what it takes of `scratch` is. Returns what holds the result, with codes where any of `linears`,
  /// which read it, runs on them.
  MatrixInput record(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x, const SiteScratch& scratch,
                     std::span<const DeviceMatrix> linears) const;
  /// The same behind a norm of x into y, which rounds by itself where it can.
  MatrixInput record_normed(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x, const DeviceTensor& y,
                            const DeviceVector& weight, const DeviceVector& bias, float epsilon, const SiteScratch& scratch,
                            std::span<const DeviceMatrix> linears) const;

 private:
  // Columns that share a grid whose codes a product can take; 0: none does.
  uint32_t code_group(uint32_t columns) const;
  DeviceCodes codes_of(const Kernels& kernels, const DeviceTensor& x, const SiteScratch& scratch, std::span<const DeviceMatrix> linears) const;
  struct Axis {
    DeviceVector factor;  // [order, order]
    uint32_t order = 1, behind = 1;
    float scale = 1;
  };
  std::vector<Axis> axes_;
  std::optional<RoundingGrid> grid_;
};

}  // namespace qvlm
