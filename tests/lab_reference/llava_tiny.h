// The golden model of tests/golden/llava_tiny and what transformers computed from it.
#pragma once

#include <memory>
#include <string>

#include "core/lab/reference/tensors.h"
#include "core/model/model.h"
#include "core/model/safetensors.h"

namespace qvlm::test {

inline const std::string kLlavaTiny = QVLM_SOURCE_DIR "/tests/golden/llava_tiny";

inline std::shared_ptr<const Model> open_llava_tiny() { return open_model(kLlavaTiny); }

/// Expected values by name, float32 or int64 as they lie in the file.
class Golden {
 public:
  Golden() : file_(kLlavaTiny + "/expected.safetensors") {}
  torch::Tensor floats(const std::string& name) const { return reference::to_torch(file_.tensor(name), torch::kFloat32); }
  std::vector<int32_t> ids(const std::string& name) const {
    const TensorView& view = file_.tensor(name);
    const auto* values = reinterpret_cast<const int64_t*>(view.bytes.data());
    return {values, values + view.bytes.size() / sizeof(int64_t)};
  }

 private:
  SafetensorsFile file_;
};

inline float largest_difference(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<float>(); }

}  // namespace qvlm::test
