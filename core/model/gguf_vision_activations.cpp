// Keys of the tower's activation quantizers in its GGUF file.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/gguf_config.h"
#include "core/model/sites.h"

namespace qvlm {

namespace {

constexpr const char* kBits = "qvlm.vision.activations.bits";
constexpr const char* kRange = "qvlm.vision.activations.range";
constexpr const char* kCounts = "qvlm.vision.activations.counts";
constexpr const char* kLow = "qvlm.vision.activations.low";
constexpr const char* kHigh = "qvlm.vision.activations.high";

}  // namespace

std::vector<VisionQuantizer> read_vision_activation_keys(const GgufFile& file, const VisionConfig& vision) {
  std::vector<VisionQuantizer> result;
  if (!file.has_key(kBits)) return result;
  const auto bits = file.integers(kBits), range = file.integers(kRange), counts = file.integers(kCounts);
  const auto low = file.numbers(kLow), high = file.numbers(kHigh);
  const auto sites = static_cast<size_t>(vision.layers) * kSitesPerLayer;
  const auto expect_length = [&](const char* key, size_t expected, size_t found) {
    if (found != expected) throw Error::in(file.file(), key, fmt::format("{} entries", expected), std::to_string(found));
  };
  expect_length(kBits, sites, bits.size());
  expect_length(kRange, sites, range.size());
  expect_length(kCounts, sites, counts.size());
  size_t total = 0;
  for (const int64_t count : counts) {
    if (count < 0 || count > vision.positions())
      throw Error::in(file.file(), kCounts, fmt::format("0 to {}", vision.positions()), std::to_string(count));
    total += static_cast<size_t>(count);
  }
  expect_length(kLow, total, low.size());
  expect_length(kHigh, total, high.size());
  size_t begin = 0;
  for (size_t site = 0; site < sites; ++site) {
    if (range[site] < 0 || range[site] > 1) throw Error::in(file.file(), kRange, "0 or 1", std::to_string(range[site]));
    if (bits[site] < 2 || bits[site] > 16) throw Error::in(file.file(), kBits, "2 to 8, or 16", std::to_string(bits[site]));
    VisionQuantizer quantizer;
    quantizer.bits = static_cast<int>(bits[site]);
    quantizer.range = static_cast<VisionRange>(range[site]);
    for (size_t i = begin; i < begin + static_cast<size_t>(counts[site]); ++i) {
      quantizer.low.push_back(static_cast<float>(low[i]));
      quantizer.high.push_back(static_cast<float>(high[i]));
    }
    begin += static_cast<size_t>(counts[site]);
    validate(quantizer, vision.positions(), fmt::format("{}: qvlm.vision.activations of site {}", file.file(), site));
    result.push_back(std::move(quantizer));
  }
  return result;
}

void write_vision_activation_keys(GgufWriter& writer, const std::vector<VisionQuantizer>& activations) {
  if (activations.empty()) return;
  std::vector<int32_t> bits, range, counts;
  std::vector<float> low, high;
  for (const VisionQuantizer& quantizer : activations) {
    bits.push_back(quantizer.bits);
    range.push_back(static_cast<int32_t>(quantizer.range));
    counts.push_back(static_cast<int32_t>(quantizer.low.size()));
    low.insert(low.end(), quantizer.low.begin(), quantizer.low.end());
    high.insert(high.end(), quantizer.high.begin(), quantizer.high.end());
  }
  writer.set_i32s(kBits, bits);
  writer.set_i32s(kRange, range);
  writer.set_i32s(kCounts, counts);
  writer.set_f32s(kLow, low);
  writer.set_f32s(kHigh, high);
}

}  // namespace qvlm
