// Reads devices' properties and applies the table of driver workarounds.
#include "gpu/device_profile.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "core/base/error.h"
#include "gpu/instance.h"
#include "gpu/shader_library.h"
#include "gpu/tuning.h"

namespace qvlm {
namespace {

struct Quirk {
  const char* note;
  bool (*applies)(const DeviceProfile&, const VkPhysicalDeviceDriverProperties&);
  void (*apply)(DeviceProfile&);
};

// Every driver workaround of the engine stands here.
constexpr Quirk kQuirks[] = {
    {"CPU device: weights are read through texel buffers, one subgroup a workgroup",
     [](const DeviceProfile& p, const VkPhysicalDeviceDriverProperties&) { return p.cpu; },
     [](DeviceProfile& p) {
       // Barriers between subgroups are coroutine switches there; a workgroup of one subgroup has none.
       p.texel_buffers = true;
       p.row_interleave = p.subgroup_size * 8;
       p.norm_threads = p.small_threads = p.sample_threads = p.subgroup_size;
       p.attention_heads = p.attention_keys = 4;  // every fetch is a call
       p.attention_groups = std::max(std::thread::hardware_concurrency(), 1u);
       p.prefill_rows = 128;
       p.macs_per_segment = 2.5e8;
     }},
    {"Intel: matrix units take the smallest subgroups",
     [](const DeviceProfile& p, const VkPhysicalDeviceDriverProperties&) { return p.vendor == 0x8086 && !p.cooperative_shapes.empty(); },
     [](DeviceProfile& p) { p.cooperative_subgroup = p.least_subgroup_size; }},
};

constexpr const char* kNoAddresses = "it has no buffer device addresses (Vulkan 1.2's bufferDeviceAddress; a newer driver may have them)";

std::string version_text(uint32_t v) {
  return std::to_string(VK_VERSION_MAJOR(v)) + "." + std::to_string(VK_VERSION_MINOR(v)) + "." +
         std::to_string(VK_VERSION_PATCH(v));
}

std::string kind_of(VkPhysicalDeviceType type) {
  switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
      return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return "cpu";
    default:
      return "other";
  }
}

int rank_of(const std::string& kind) {
  static constexpr const char* kOrder[] = {"discrete", "integrated", "virtual", "cpu", "other"};
  for (int i = 0; i < 5; ++i)
    if (kind == kOrder[i]) return i;
  return 5;
}

// Of the largest device-local heap.
int64_t budget_of(VkPhysicalDevice physical, const VkPhysicalDeviceMemoryProperties& memory) {
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
  VkPhysicalDeviceMemoryProperties2 query{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, .pNext = &budget};
  vkGetPhysicalDeviceMemoryProperties2(physical, &query);
  VkDeviceSize largest = 0, free = 0;
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i) {
    if (!(memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) || memory.memoryHeaps[i].size <= largest) continue;
    largest = memory.memoryHeaps[i].size;
    const VkDeviceSize there = budget.heapBudget[i] > 0 ? budget.heapBudget[i] : largest;
    free = std::min(there, largest) - std::min({budget.heapUsage[i], there, largest});
  }
  return static_cast<int64_t>(free);
}

// Fills a chain of feature structures.
void ask_features(VkPhysicalDevice physical, auto& chain) {
  VkPhysicalDeviceFeatures2 query{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &chain};
  vkGetPhysicalDeviceFeatures2(physical, &query);
}

void ask_properties(VkPhysicalDevice physical, auto& chain) {
  VkPhysicalDeviceProperties2 query{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &chain};
  vkGetPhysicalDeviceProperties2(physical, &query);
}

DeviceProfile profile_of(VkInstance instance, VkPhysicalDevice physical) {
  DeviceProfile p;
  p.physical = physical;
  VkPhysicalDeviceProperties base{};
  vkGetPhysicalDeviceProperties(physical, &base);
  p.info.name = base.deviceName;
  p.driver_version = base.driverVersion;
  p.info.kind = kind_of(base.deviceType);
  p.info.api = version_text(base.apiVersion);
  p.cpu = base.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  p.vendor = base.vendorID;
  p.max_workgroup_threads = base.limits.maxComputeWorkGroupInvocations;
  p.max_shared_bytes = base.limits.maxComputeSharedMemorySize;
  p.max_texel_elements = base.limits.maxTexelBufferElements;
  p.buffer_alignment =
      std::max<uint64_t>({256, base.limits.minTexelBufferOffsetAlignment, base.limits.minStorageBufferOffsetAlignment});
  vkGetPhysicalDeviceMemoryProperties(physical, &p.memory);
  for (uint32_t i = 0; i < p.memory.memoryHeapCount; ++i)
    if (p.memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      p.info.memory_bytes = std::max<int64_t>(p.info.memory_bytes, static_cast<int64_t>(p.memory.memoryHeaps[i].size));
  if (base.apiVersion < VK_API_VERSION_1_2) {
    p.info.unusable = "Vulkan " + p.info.api + " (1.2 is needed)";
    return p;
  }

  VkPhysicalDeviceMaintenance3Properties limits{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES};
  VkPhysicalDeviceSubgroupProperties subgroup{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES,
                                              .pNext = &limits};
  VkPhysicalDeviceDriverProperties driver{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES,
                                          .pNext = &subgroup};
  VkPhysicalDeviceProperties2 properties{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &driver};
  vkGetPhysicalDeviceProperties2(physical, &properties);
  p.info.driver = std::string(driver.driverName) + " " + driver.driverInfo;
  p.subgroup_size = subgroup.subgroupSize;
  p.info.subgroup_size = static_cast<int>(subgroup.subgroupSize);
  p.max_allocation = std::min<uint64_t>(limits.maxMemoryAllocationSize, uint64_t{1} << 30);

  VkPhysicalDeviceBufferDeviceAddressFeatures addresses{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES};
  VkPhysicalDeviceVulkanMemoryModelFeatures model{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES, .pNext = &addresses};
  VkPhysicalDeviceShaderFloat16Int8Features half{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_FLOAT16_INT8_FEATURES, .pNext = &model};
  ask_features(physical, half);
  p.info.buffer_addresses = addresses.bufferDeviceAddress;
  p.info.float16 = half.shaderFloat16;
  p.vulkan_memory_model = model.vulkanMemoryModel && model.vulkanMemoryModelDeviceScope;  // kernels have barriers of that scope

  uint32_t count = 0;
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr);
  std::vector<VkExtensionProperties> extensions(count);
  vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, extensions.data());
  const auto has = [&](const char* name) {
    return std::any_of(extensions.begin(), extensions.end(),
                       [&](const auto& e) { return std::strcmp(e.extensionName, name) == 0; });
  };
  p.memory_budget = has(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME) ? budget_of(physical, p.memory) : p.info.memory_bytes;
  if (has(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) {
    VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR dot{
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR};
    ask_features(physical, dot);
    VkPhysicalDeviceShaderIntegerDotProductPropertiesKHR quick{
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES_KHR};
    ask_properties(physical, quick);
    p.info.integer_dot_product = dot.shaderIntegerDotProduct;
    p.integer_dot_quick = dot.shaderIntegerDotProduct && quick.integerDotProduct4x8BitPackedSignedAccelerated;
  }
  if (has(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)) {
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperative{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
    ask_features(physical, cooperative);
    p.info.cooperative_matrix = cooperative.cooperativeMatrix;
  }
  if (p.info.cooperative_matrix) p.cooperative_shapes = cooperative_shapes(instance, physical);
  for (const CooperativeShape& shape : p.cooperative_shapes) p.info.cooperative_shapes.push_back(to_string(shape));
  if (has(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME)) {
    VkPhysicalDeviceSubgroupSizeControlFeaturesEXT control{
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT};
    ask_features(physical, control);
    VkPhysicalDeviceSubgroupSizeControlPropertiesEXT sizes{
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT};
    ask_properties(physical, sizes);
    p.subgroup_size_control = control.subgroupSizeControl && control.computeFullSubgroups &&
                              (sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT);
    p.least_subgroup_size = sizes.minSubgroupSize;
    if (p.subgroup_size_control)  // 32 where the device can: the kernels' shared shape on vendors with several sizes
      p.subgroup_size =
          std::clamp<uint32_t>(p.cpu ? p.subgroup_size : 32, sizes.minSubgroupSize, sizes.maxSubgroupSize);
  }

  p.cooperative_subgroup = p.subgroup_size;

  uint32_t families = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, nullptr);
  std::vector<VkQueueFamilyProperties> queues(families);
  vkGetPhysicalDeviceQueueFamilyProperties(physical, &families, queues.data());
  const auto family =
      std::find_if(queues.begin(), queues.end(), [](const auto& q) { return q.queueFlags & VK_QUEUE_COMPUTE_BIT; });
  p.queue_family = static_cast<uint32_t>(family - queues.begin());
  if (family != queues.end()) p.timestamp_bits = family->timestampValidBits;
  p.timestamp_nanoseconds = base.limits.timestampPeriod;

  constexpr VkSubgroupFeatureFlags kNeeded =
      VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT | VK_SUBGROUP_FEATURE_BALLOT_BIT;
  if (!addresses.bufferDeviceAddress)
    p.info.unusable = kNoAddresses;
  else if ((subgroup.supportedOperations & kNeeded) != kNeeded ||
           !(subgroup.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT))
    p.info.unusable = "it lacks subgroup arithmetic in compute shaders";
  else if (family == queues.end())
    p.info.unusable = "it has no compute queue";

  for (const Quirk& quirk : kQuirks)
    if (quirk.applies(p, driver)) {
      quirk.apply(p);
      p.info.quirks.emplace_back(quirk.note);
    }
  return p;
}

void switch_off(DeviceProfile& p, const FeatureSet& without) {
  if (without.has(Feature::TEXEL_BUFFERS)) {
    p.texel_buffers = false;
    p.row_interleave = 1;
  }
  if (without.has(Feature::SUBGROUP_SIZE_CONTROL)) {
    p.subgroup_size_control = false;
    p.subgroup_size = static_cast<uint32_t>(p.info.subgroup_size);
  }
  if (without.has(Feature::FLOAT16)) p.info.float16 = false;
  if (without.has(Feature::INTEGER_DOT_PRODUCT)) p.info.integer_dot_product = p.integer_dot_quick = false;
  if (without.has(Feature::COOPERATIVE_MATRIX)) {
    p.info.cooperative_matrix = false;
    p.info.cooperative_shapes.clear();
  }
  if (without.has(Feature::TIMESTAMPS)) p.timestamp_bits = 0;
  if (without.has(Feature::MAPPED_MEMORY)) p.mapped_memory = false;
  if (without.has(Feature::LARGE_BUFFERS)) p.max_allocation = std::min<uint64_t>(p.max_allocation, kSmallBuffer);
  if (without.has(Feature::BUFFER_ADDRESSES)) {
    p.info.buffer_addresses = false;
    p.info.unusable = kNoAddresses;
  }
}

// Whether matrix units are used, and with which shape.
void choose_cooperative(DeviceProfile& p) {
  if (!p.info.cooperative_matrix) return;
  const CooperativeShape shape = choose_shape(p.cooperative_shapes);
  std::string& why = p.info.cooperative_unused;
  if (!has_shader("matmul_cooperative"))
    why = "this build's glslc knew no cooperative matrices";
  else if (p.texel_buffers)
    why = "a CPU device runs the kernels of texel buffers";
  else if (!p.info.float16)
    why = "they need float16";
  else if (!p.subgroup_size_control)
    why = "they need a subgroup size that a pipeline can require";
  else if (!p.vulkan_memory_model)
    why = "they need the Vulkan memory model";
  else if (shape.m == 0)
    why = "no shape of float16 into float32 fits the kernel";
  else if (cooperative_variants(p, shape).empty())
    why = "its subgroups or workgroups are too small";
  else
    p.cooperative = shape;
}

}  // namespace

std::vector<DeviceProfile> device_profiles(VkInstance instance, const FeatureSet& without) {
  uint32_t count = 0;
  VkResult result = vkEnumeratePhysicalDevices(instance, &count, nullptr);
  std::vector<VkPhysicalDevice> handles(count);
  if (result == VK_SUCCESS && count > 0) result = vkEnumeratePhysicalDevices(instance, &count, handles.data());
  if (result != VK_SUCCESS && result != VK_ERROR_INITIALIZATION_FAILED) check(result, "vkEnumeratePhysicalDevices");
  std::vector<DeviceProfile> profiles;
  for (VkPhysicalDevice handle : handles) {
    profiles.push_back(profile_of(instance, handle));
    switch_off(profiles.back(), without);
    choose_cooperative(profiles.back());
  }
  std::stable_sort(profiles.begin(), profiles.end(),
                   [](const auto& a, const auto& b) { return rank_of(a.info.kind) < rank_of(b.info.kind); });
  for (size_t i = 0; i < profiles.size(); ++i) profiles[i].info.index = static_cast<int>(i);
  return profiles;
}

DeviceProfile choose_device(const std::vector<DeviceProfile>& profiles, int index, const std::string& name) {
  if (profiles.empty())
    throw Error(
        "there is no Vulkan device on this machine: install a driver (Debian, Ubuntu: mesa-vulkan-drivers, which also "
        "runs on the processor alone), or use --backend reference");
  std::string list;
  for (const auto& p : profiles)
    list += "\n  " + std::to_string(p.info.index) + ": " + p.info.name +
            (p.info.unusable.empty() ? "" : " (unusable: " + p.info.unusable + ")");
  const DeviceProfile* chosen = nullptr;
  for (const auto& p : profiles) {
    const bool match = !name.empty() ? p.info.name.find(name) != std::string::npos
                       : index >= 0  ? p.info.index == index
                                     : p.info.unusable.empty();
    if (match && !chosen) chosen = &p;
  }
  if (!chosen)
    throw Error("no Vulkan device " +
                (!name.empty() ? "named '" + name + "'"
                 : index >= 0  ? "number " + std::to_string(index)
                               : std::string("is usable")) +
                "; there are:" + list);
  if (!chosen->info.unusable.empty())
    throw Error("the Vulkan device " + chosen->info.name + " cannot be used: " + chosen->info.unusable);
  return *chosen;
}

}  // namespace qvlm
