// The table of families.
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/error.h"
#include "core/model/families/family.h"
#include "core/model/families/llama.h"
#include "core/model/families/llava.h"

namespace qvlm {

std::span<const Family> families() {
  static const std::array<Family, 2> table{llava_family(), llama_family()};
  return table;
}

const Family& family_of(const std::string& model_type, const std::string& file) {
  std::vector<std::string> known;
  for (const Family& family : families())
    for (std::string_view type : family.model_types) {
      if (type == model_type) return family;
      known.emplace_back(type);
    }
  throw Error::in(file, "model_type", fmt::format("one of {}", fmt::join(known, ", ")), "\"" + model_type + "\"");
}

}  // namespace qvlm
