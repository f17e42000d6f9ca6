// Takes weights of a Model by canonical name, packs and uploads them, and counts what was uploaded.
#pragma once

#include <string>
#include <vector>

#include "core/model/model.h"
#include "gpu/gpu_context.h"

namespace qvlm {

class WeightLoader {
 public:
  WeightLoader(const Model& model, GpuContext& gpu) : model_(model), gpu_(gpu) {}

  /// Linear weights below each other as one matrix (with `pair` in turns of so many rows, as pack() has it) where their grids allow it, else
  /// one by one: names -> as many matrices as it takes.
  std::vector<DeviceMatrix> stacked(const std::vector<std::string>& names, uint32_t pair = 0);
  /// The same on the host, counted as uploaded.
  std::vector<PackedMatrix> packed(const std::vector<std::string>& names, uint32_t pair = 0);
  DeviceMatrix matrix(const std::string& name);
  /// Concatenated float32 vectors; absent if the model has none of them. Throws Error if it has only some.
  DeviceVector vector(const std::vector<std::string>& names);
  DeviceVector vector(const std::string& name) { return vector(std::vector<std::string>{name}); }

  /// load_float(); counted as uploaded. Throws Error for a value that is not finite.
  std::vector<float> values(const std::string& name);

  uint64_t uploaded_bytes() const { return bytes_; }
  /// Bits executed a weight over all matrices that `stacked` and `matrix` took while `counting`.
  bool counting = false;
  double counted_bits() const { return counted_weights_ > 0 ? counted_bits_ / counted_weights_ : 16; }

 private:
  PackedMatrix counted(PackedMatrix packed);
  const Model& model_;
  GpuContext& gpu_;
  uint64_t bytes_ = 0;
  double counted_bits_ = 0, counted_weights_ = 0;
};

}  // namespace qvlm
