// The choices and their file.
#include "gpu/tuning.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"

namespace qvlm {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::array<const char*, 4> kFormats{"int4", "int8", "float16", "int8 in groups of 16"};
constexpr std::array<const char*, 3> kSizes{"small", "middling", "large"};
constexpr uint32_t kManyHeads = 16;
constexpr uintmax_t kMost = 1 << 20;  // bytes; a larger file is not ours

Json key_of(const DeviceProfile& profile) {
  return {{"device", profile.info.name}, {"driver", profile.info.driver}, {"driver_version", profile.driver_version},
          {"subgroup_size", profile.subgroup_size}, {"texel_buffers", profile.texel_buffers}};
}

Tuning from_json(const Json& file, const DeviceProfile& profile) {
  Tuning tuning;
  if (file.at("of") != key_of(profile)) return tuning;
  for (const Json& entry : file.at("choices")) {
    const int format = entry.at("format"), size = entry.at("size");
    if (format < 0 || format >= int(kFormats.size()) || size < 0 || size >= int(kSizes.size())) return {};
    const ProductClass product{static_cast<WeightFormat>(format), entry.at("vector"), size, entry.at("codes")};
    const Tuning::Choice choice{{entry.at("rows"), entry.at("tokens"), entry.at("threads"), entry.at("float16"), entry.at("integer_dot"),
                                  entry.at("cooperative")},
                                entry.at("gain")};
    const auto known = variants(product, profile);
    if (std::find(known.begin(), known.end(), choice.variant) == known.end()) return {};
    tuning.choose(product, choice);
  }
  for (const Json& entry : file.at("attention")) {
    const AttentionClass attention{entry.at("keys"), entry.at("many_heads")};
    const Tuning::RangesChoice choice{entry.at("ranges"), entry.at("gain")};
    if (attention.keys < 0 || attention.keys >= int(kFewestKeys.size())) return {};
    const auto known = key_ranges(attention, profile);
    if (std::find(known.begin(), known.end(), choice.ranges) == known.end()) return {};
    tuning.choose(attention, choice);
  }
  return tuning;
}

}  // namespace

ProductClass product_class(WeightFormat format, uint32_t rows, uint32_t columns, uint32_t tokens, bool codes) {
  const double macs = double(rows) * columns * tokens, small = tokens == 1 ? 1e6 : 1e7, large = tokens == 1 ? 1e7 : 1e8;
  return {format, tokens == 1, macs < small ? 0 : macs < large ? 1 : 2, codes && format != WeightFormat::F16};
}

std::string to_string(const ProductClass& p) {
  return std::string(kFormats.at(static_cast<size_t>(p.format))) + (p.vector ? " matrix x vector, " : " matrix x matrix, ") +
         kSizes.at(static_cast<size_t>(p.size)) + (p.codes ? ", of codes" : "");
}

std::string to_string(const Variant& v) {
  std::string text = std::to_string(v.rows) + " rows, " + std::to_string(v.tokens) + (v.tokens == 1 ? " token" : " tokens");
  if (v.threads > 0) text += ", " + std::to_string(v.threads) + " threads";
  return text + (v.float16 ? ", float16" : "") + (v.integer_dot ? ", integer dot product" : "") + (v.cooperative ? ", cooperative" : "");
}

std::vector<Variant> variants(const ProductClass& product, const DeviceProfile& profile) {
  std::vector<Variant> all;
  if (profile.texel_buffers) {
    // Rows in eights (matrix_texel.comp). Measured on lavapipe (AVX2): 16 rows a vector .7 of the speed of 8; 16 and 4 of a matrix 1.04 of that of 8
    // and 4, and twice as long to compile.
    if (product.vector)
      all = {{8, 1}, {16, 1}};
    else
      all = {{8, 4}, {16, 4}, {8, 8}};
  } else if (product.vector) {
    all = {{2, 1, 64}, {2, 1, 32}, {2, 1, 128}};
  } else {
    all = {{64, 32, 256}};
  }
  std::vector<Variant> integer = all;
  for (Variant& variant : integer) variant.integer_dot = true;
  if (!product.vector && !profile.texel_buffers && profile.info.float16) all.push_back({64, 32, 256, true});
  if (!product.vector && !profile.texel_buffers && profile.cooperative.m > 0)
    for (const Variant& v : cooperative_variants(profile, profile.cooperative)) all.push_back(v);
  if (product.codes && profile.info.integer_dot_product)
    all.insert(profile.integer_dot_quick ? all.begin() : all.end(), integer.begin(), integer.end());
  return all;
}

std::vector<Variant> cooperative_variants(const DeviceProfile& profile, const CooperativeShape& shape) {
  constexpr uint32_t kMostSums = 64;  // registers of a lane; on AMD (RDNA3) and Intel 128 of them spill
  struct Tiles {
    uint32_t rows, tokens, subgroups;
  };
  std::vector<Variant> all;
  for (const Tiles& t : {Tiles{64, 32, 4}, {64, 64, 4}, {128, 64, 4}, {128, 128, 8}}) {
    const uint32_t threads = t.subgroups * profile.cooperative_subgroup;
    if (t.rows * t.tokens <= kMostSums * threads && threads <= profile.max_workgroup_threads &&
        cooperative_shared_bytes(shape, t.rows, t.tokens, t.subgroups) <= profile.max_shared_bytes)
      all.push_back({.rows = t.rows, .tokens = t.tokens, .threads = threads, .cooperative = true});
  }
  return all;
}

AttentionClass attention_class(uint32_t keys, uint32_t heads) {
  const auto more = std::upper_bound(kFewestKeys.begin() + 1, kFewestKeys.end(), keys);
  return {static_cast<int>(more - kFewestKeys.begin()) - 1, heads >= kManyHeads};
}

std::string to_string(const AttentionClass& a) {
  const auto at = static_cast<size_t>(a.keys);
  const std::string last = at + 1 < kFewestKeys.size() ? " to " + std::to_string(kFewestKeys.at(at + 1) - 1) : " and more";
  return "attention over " + std::to_string(kFewestKeys.at(at)) + last + " keys, " + (a.many_heads ? "" : "fewer than ") +
         std::to_string(kManyHeads) + (a.many_heads ? " heads or more" : " heads");
}

std::vector<uint32_t> key_ranges(const AttentionClass& attention, const DeviceProfile& profile) {
  // The heads alone keep a processor's few cores busy. Other devices have tens of compute units, each of which wants several subgroups.
  if (profile.cpu) return {1, 2, 4, 8};
  if (attention.keys == 0) return {8, 1, 2, 4, 16};
  return {16, 1, 2, 4, 8, 32};
}

fs::path Tuning::file_in(const fs::path& folder, const DeviceProfile& profile) {
  const std::string key = key_of(profile).dump();
  return folder / ("tuning-" + hash128_hex(std::as_bytes(std::span(key))) + ".json");
}

Tuning Tuning::load(const fs::path& folder, const DeviceProfile& profile) {
  if (folder.empty()) return {};
  const fs::path path = file_in(folder, profile);
  std::error_code problem;
  if (const auto size = fs::file_size(path, problem); problem || size > kMost) return {};
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  try {
    return from_json(Json::parse(text), profile);
  } catch (const Json::exception&) {
    return {};
  }
}

void Tuning::save(const fs::path& folder, const DeviceProfile& profile) const {
  Json list = Json::array();
  for (const auto& [product, choice] : choices_)
    list.push_back({{"format", static_cast<int>(product.format)}, {"vector", product.vector}, {"size", product.size},
                    {"rows", choice.variant.rows}, {"tokens", choice.variant.tokens}, {"threads", choice.variant.threads},
                    {"float16", choice.variant.float16}, {"integer_dot", choice.variant.integer_dot}, {"cooperative", choice.variant.cooperative},
                    {"codes", product.codes}, {"gain", choice.gain}});
  Json attentions = Json::array();
  for (const auto& [attention, choice] : ranges_)
    attentions.push_back({{"keys", attention.keys}, {"many_heads", attention.many_heads}, {"ranges", choice.ranges}, {"gain", choice.gain}});
  const std::string text = Json{{"of", key_of(profile)}, {"choices", list}, {"attention", attentions}}.dump(1) + "\n";
  fs::create_directories(folder);
  write_scratch_file(file_in(folder, profile), std::as_bytes(std::span(text)));
}

Variant Tuning::variant_for(const ProductClass& product, const DeviceProfile& profile) const {
  if (const auto found = choices_.find(product); found != choices_.end()) return found->second.variant;
  return variants(product, profile).front();
}

uint32_t Tuning::ranges_for(const AttentionClass& attention, const DeviceProfile& profile) const {
  if (const auto found = ranges_.find(attention); found != ranges_.end()) return found->second.ranges;
  return key_ranges(attention, profile).front();
}

}  // namespace qvlm
