// A folder as a tuning run leaves it, with choices that a test makes: for EngineOptions::cache_folder.
#pragma once

#include <QTemporaryDir>
#include <algorithm>
#include <filesystem>

#include "gpu/gpu_context.h"

namespace qvlm {

/// Where integer products run: by address, on the CPU device too.
inline const FeatureSet kByAddress{Feature::TEXEL_BUFFERS};

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
          const auto all = variants(product, gpu.profile());
          const auto integer = std::find_if(all.begin(), all.end(), [](const Variant& v) { return v.integer_dot; });
          if (integer != all.end()) tuning.choose(product, {*integer});
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
