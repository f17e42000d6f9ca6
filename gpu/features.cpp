// Names of the features.
#include "gpu/features.h"

#include <algorithm>
#include <array>

#include "core/base/error.h"

namespace qvlm {
namespace {

constexpr std::array<std::string_view, kFeatures> kNames{"texel-buffers", "subgroup-size-control", "float16", "integer-dot-product",
                                                         "cooperative-matrix", "timestamps", "mapped-memory", "large-buffers", "tuning",
                                                         "buffer-addresses"};

}  // namespace

std::string_view name_of(Feature feature) { return kNames.at(static_cast<size_t>(feature)); }

std::vector<std::string> feature_names() { return {kNames.begin(), kNames.end()}; }

Feature feature_from(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<Feature>(found - kNames.begin());
  std::string all;
  for (const std::string_view known : kNames) all += (all.empty() ? "" : ", ") + std::string(known);
  throw Error::in("features", "name", all, name);
}

}  // namespace qvlm
