// The content fingerprint of a model: the same for the same description and weights, cheap for any size.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/model/vlm_config.h"

namespace qvlm {

class Fingerprint {
 public:
  explicit Fingerprint(const VlmConfig& config);
  /// `bytes` is hashed whole where it is short, else 16 stretches of 4 KiB spread over it, and its length.
  void add(std::string_view name, std::string_view type_and_shape, std::span<const std::byte> bytes);
  /// 16 hex digits.
  std::string digest() const;

 private:
  Hasher hasher_;
};

}  // namespace qvlm
