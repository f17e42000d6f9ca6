// The matrix units of a device (VK_KHR_cooperative_matrix): which shapes it has, and which of them the matrix x matrix kernel runs with.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gpu/vulkan_cooperative_matrix.h"

namespace qvlm {

/// Matrices that a subgroup multiplies at once: float16 [m, k] x float16 [k, n] + float32 [m, n]. m 0: none.
struct CooperativeShape {
  uint32_t m = 0, n = 0, k = 0;
  auto operator<=>(const CooperativeShape&) const = default;
};
/// "16 x 16 x 16": m, n, k
std::string to_string(const CooperativeShape& shape);

/// Those that a device which has the extension offers to subgroups. Throws Error.
std::vector<CooperativeShape> cooperative_shapes(VkInstance instance, VkPhysicalDevice physical);

/// The largest whose fragments fill the tiles of shaders/matmul_cooperative.comp; m 0: none does.
CooperativeShape choose_shape(std::span<const CooperativeShape> shapes);

/// Bytes of shared memory that the kernel takes with tiles of so many rows of weights and tokens, by so many subgroups.
uint32_t cooperative_shared_bytes(const CooperativeShape& shape, uint32_t rows, uint32_t tokens, uint32_t subgroups);

}  // namespace qvlm
