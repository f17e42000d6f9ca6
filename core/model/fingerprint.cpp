// Sampled hashing of a model's content.
#include "core/model/fingerprint.h"

namespace qvlm {

namespace {
constexpr size_t kStretch = 4096, kStretches = 16;
}

Fingerprint::Fingerprint(const VlmConfig& config) {
  VlmConfig nameless = config;
  nameless.name.clear();  // a renamed folder is the same model
  hasher_.update(to_json(nameless));
}

void Fingerprint::add(std::string_view name, std::string_view type_and_shape, std::span<const std::byte> bytes) {
  for (std::string_view text : {name, type_and_shape}) {
    hasher_.update(static_cast<uint64_t>(text.size()));
    hasher_.update(text);
  }
  hasher_.update(static_cast<uint64_t>(bytes.size()));
  if (bytes.size() <= kStretch * kStretches) {
    hasher_.update(bytes);
    return;
  }
  for (size_t i = 0; i < kStretches; ++i)
    hasher_.update(bytes.subspan((bytes.size() - kStretch) / (kStretches - 1) * i, kStretch));
}

std::string Fingerprint::digest() const {
  return to_hex(hasher_.digest64());
}

}  // namespace qvlm
