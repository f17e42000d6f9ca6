// Uploads weights by name.
#include "gpu/weight_loader.h"

#include <algorithm>
#include <cmath>

namespace qvlm {

PackedMatrix WeightLoader::counted(PackedMatrix packed) {
  if (counting) {
    const double weights = double(packed.layout.rows) * packed.layout.columns;  // with those that fill up
    counted_bits_ += packed.bits_per_weight() * weights;
    counted_weights_ += weights;
  }
  bytes_ += static_cast<uint64_t>(packed.bytes());
  return packed;
}

std::vector<PackedMatrix> WeightLoader::packed(const std::vector<std::string>& names, uint32_t pair) {
  std::vector<Weight> weights;
  for (const auto& name : names) weights.push_back(model_.load(name));
  std::vector<const Weight*> parts;
  for (const auto& weight : weights) parts.push_back(&weight);
  std::vector<PackedMatrix> matrices;
  const uint32_t interleave = gpu_.kernels().row_interleave();
  if (can_stack(parts)) {
    matrices.push_back(counted(pack(parts, interleave, names.front(), pair)));
  } else {
    for (size_t i = 0; i < names.size(); ++i) matrices.push_back(counted(pack(weights[i], interleave, names[i])));
  }
  for (const auto& name : names) model_.release(name);
  return matrices;
}

std::vector<DeviceMatrix> WeightLoader::stacked(const std::vector<std::string>& names, uint32_t pair) {
  std::vector<DeviceMatrix> matrices;
  for (const PackedMatrix& matrix : packed(names, pair)) matrices.push_back(gpu_.upload_matrix(matrix));
  return matrices;
}

DeviceMatrix WeightLoader::matrix(const std::string& name) {
  return stacked({name}).front();
}

DeviceVector WeightLoader::vector(const std::vector<std::string>& names) {
  const auto there = std::count_if(names.begin(), names.end(), [&](const auto& name) { return model_.has(name); });
  if (there == 0) return {};
  std::vector<float> all;
  for (const auto& name : names) {
    const std::vector<float> part = values(name);  // throws for a missing one
    all.insert(all.end(), part.begin(), part.end());
  }
  return gpu_.upload_vector(all);
}

std::vector<float> WeightLoader::values(const std::string& name) {
  std::vector<float> values = load_float(model_, name);
  for (const float value : values)
    if (!std::isfinite(value)) throw Error::in(name, "values", "finite numbers", std::to_string(value));
  model_.release(name);
  bytes_ += values.size() * 4;
  return values;
}

}  // namespace qvlm
