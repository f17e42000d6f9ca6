// Asks devices for the shapes of their matrix units.
#include "gpu/cooperative_matrix.h"

#include <algorithm>

#include "gpu/instance.h"

namespace qvlm {
namespace {

bool fills_tiles(const CooperativeShape& s) {  // of half a tile: 16 tokens or more, 16 rows of a gate's 32; a step is 32 columns
  return s.m > 0 && s.n > 0 && s.k > 0 && 16 % s.m == 0 && 16 % s.n == 0 && 32 % s.k == 0 && s.n % 4 == 0 && s.k % 4 == 0;
}

}  // namespace

std::string to_string(const CooperativeShape& s) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k);
}

std::vector<CooperativeShape> cooperative_shapes(VkInstance instance, VkPhysicalDevice physical) {
  const auto query = reinterpret_cast<PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR>(
      vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  if (!query) return {};  // the loader is older than the driver
  uint32_t count = 0;
  check(query(physical, &count, nullptr), "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  std::vector<VkCooperativeMatrixPropertiesKHR> all(count, {.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR});
  check(query(physical, &count, all.data()), "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR");
  std::vector<CooperativeShape> shapes;
  for (const auto& p : std::span(all).first(std::min<size_t>(count, all.size())))
    if (p.scope == VK_SCOPE_SUBGROUP_KHR && !p.saturatingAccumulation && p.AType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
        p.BType == VK_COMPONENT_TYPE_FLOAT16_KHR && p.CType == VK_COMPONENT_TYPE_FLOAT32_KHR && p.ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR)
      shapes.push_back({p.MSize, p.NSize, p.KSize});
  return shapes;
}

CooperativeShape choose_shape(std::span<const CooperativeShape> shapes) {
  CooperativeShape best;
  for (const CooperativeShape& s : shapes)
    if (fills_tiles(s) && s.m * s.n * s.k > best.m * best.n * best.k) best = s;
  return best;
}

uint32_t cooperative_shared_bytes(const CooperativeShape& s, uint32_t rows, uint32_t tokens, uint32_t subgroups) {
  const uint32_t tiles = (rows + tokens) * 40 * 2, stage = subgroups * s.m * 36 * 4, powers = 8;
  return tiles + stage + powers;
}

}  // namespace qvlm
