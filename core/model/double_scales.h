// Scales that are quantized themselves: QLoRA's double quantization (Dettmers et al. 2023, section 3; bitsandbytes' quantize_4bit with
// compress_statistics; algorithms.md 2.5). At groups of 64 a scale takes 8.127 bits in the place of 16.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qvlm {

inline constexpr int64_t kScaleBlock = 256;  // scales that share a maximum

/// Scale i = dynamic_levels()[codes[i]] * maxima[i / kScaleBlock] + mean, in float32, row by row.
struct DoubleScales {
  std::vector<uint8_t> codes = {};  // [rows, groups]; empty: there are none
  std::vector<float> maxima = {};   // [ceil(rows * groups / kScaleBlock)]: the largest |scale - mean| of each block
  float mean = 0;                   // of all scales
  bool empty() const { return codes.empty(); }
  bool operator==(const DoubleScales&) const = default;
};

/// bitsandbytes' signed 8-bit dynamic map, ascending: for each decade 10^-6 .. 1 the 2^i means of as many parts of [0.1, 1], both signs;
/// 0 and 1. [256]
std::span<const float> dynamic_levels();

/// Scales less their mean, in blocks over the block's largest magnitude, to the nearest level. Any number of finite scales.
DoubleScales double_quantize(std::span<const float> scales);

/// The scales that are meant. [codes]
std::vector<float> values_of(const DoubleScales& scales);

/// Throws Error naming `name` unless there are `count` codes with their maxima and every number is finite.
void validate(const DoubleScales& scales, int64_t count, const std::string& name);

}  // namespace qvlm
