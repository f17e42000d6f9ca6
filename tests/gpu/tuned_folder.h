// A folder as a tuning run leaves it, with choices that a test makes: for EngineOptions::cache_folder.
#pragma once

#include <QTemporaryDir>
#include <filesystem>
#include <optional>

#include "gpu/gpu_context.h"

namespace qvlm {

/// With the kernels of other devices on the CPU device.
inline const FeatureSet kByAddress{Feature::TEXEL_BUFFERS};

inline std::optional<Variant> integer_variant(const ProductClass& product, const DeviceProfile& profile) {
  for (const Variant& variant : variants(product, profile))
    if (variant.integer_dot) return variant;
  return {};
}

class TunedFolder {
 public:
  /// Integer products wherever the device has them, and so many ranges of keys.
  TunedFolder(const FeatureSet& without, uint32_t key_ranges) {
    const GpuContext gpu({.without = without});
    Tuning tuning;
    for (const WeightFormat format : {WeightFormat::INT4, WeightFormat::INT8})
      for (const bool vector : {true, false})
        for (int size = 0; size < 3; ++size) {
          const ProductClass product{format, vector, size, true};
          if (const auto integer = integer_variant(product, gpu.profile())) tuning.choose(product, {*integer});
        }
    for (int keys = 0; keys < static_cast<int>(kFewestKeys.size()); ++keys)
      for (const bool many_heads : {false, true}) tuning.choose(AttentionClass{keys, many_heads}, {key_ranges});
    tuning.save(path(), gpu.profile());
  }
  std::filesystem::path path() const { return folder_.path().toStdString(); }

 private:
  QTemporaryDir folder_;
};

}  // namespace qvlm
