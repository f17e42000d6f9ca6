// What the engine uses where a device has it and runs without where it has not, so that each can be switched off. Free of Vulkan headers.
#pragma once

#include <bitset>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class Feature {
  TEXEL_BUFFERS,          // of CPU devices: weights are read through them
  SUBGROUP_SIZE_CONTROL,  // a pipeline requires its subgroup size
  FLOAT16,                // arithmetic in shaders
  INTEGER_DOT_PRODUCT,    // four products of 8 bits at once
  COOPERATIVE_MATRIX,     // matrix units
  TIMESTAMPS,             // kernels are timed
  MAPPED_MEMORY,          // device memory that the host writes in place; without: through a staging buffer
  LARGE_BUFFERS,          // allocations of up to 1 GiB; without: of kSmallBuffer
  TUNING,                 // what a tuning run chose for this device and driver
  BUFFER_ADDRESSES,       // needed: without, the device cannot be used
};
inline constexpr size_t kFeatures = 10;
inline constexpr size_t kSmallBuffer = size_t{16} << 20;  // bytes; stands for drivers of tight limits

/// Those that are switched off.
class FeatureSet {
 public:
  FeatureSet() = default;
  FeatureSet(std::initializer_list<Feature> features) {
    for (const Feature feature : features) add(feature);
  }
  void add(Feature feature) { bits_.set(static_cast<size_t>(feature)); }
  bool has(Feature feature) const { return bits_.test(static_cast<size_t>(feature)); }

 private:
  std::bitset<kFeatures> bits_;
};

/// "texel-buffers", "subgroup-size-control", ... in the order of Feature.
std::string_view name_of(Feature feature);
std::vector<std::string> feature_names();
/// Throws Error that lists the names.
Feature feature_from(const std::string& name);

}  // namespace qvlm
