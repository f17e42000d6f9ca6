// Makes the logical device; submits and waits.
#include "gpu/device.h"

#include <vector>

namespace qvlm {

Device::Device(std::shared_ptr<Instance> instance, DeviceProfile profile)
    : instance_(std::move(instance)), profile_(std::move(profile)) {
  const float priority = 0.5f;
  VkDeviceQueueCreateInfo queue{.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                .queueFamilyIndex = profile_.queue_family,
                                .queueCount = 1,
                                .pQueuePriorities = &priority};
  const bool matrix_units = profile_.cooperative.m > 0;
  VkPhysicalDeviceVulkan12Features features12{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                              .shaderFloat16 = profile_.info.float16 ? VK_TRUE : VK_FALSE,
                                              .bufferDeviceAddress = VK_TRUE,
                                              .vulkanMemoryModel = matrix_units ? VK_TRUE : VK_FALSE,
                                              .vulkanMemoryModelDeviceScope = matrix_units ? VK_TRUE : VK_FALSE};
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT control{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT,
      .subgroupSizeControl = VK_TRUE,
      .computeFullSubgroups = VK_TRUE};
  VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR dot{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR,
                                                         .shaderIntegerDotProduct = VK_TRUE};
  VkPhysicalDeviceFeatures2 features{.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &features12};
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperative{
      .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, .cooperativeMatrix = VK_TRUE};
  std::vector<const char*> extensions;
  void** next = &features12.pNext;
  const auto enable = [&](const char* extension, auto& its_features) {
    extensions.push_back(extension);
    *next = &its_features;
    next = &its_features.pNext;
  };
  if (profile_.subgroup_size_control) enable(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME, control);
  if (profile_.info.integer_dot_product) enable(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME, dot);
  if (matrix_units) enable(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME, cooperative);
  VkDeviceCreateInfo info{.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                          .pNext = &features,
                          .queueCreateInfoCount = 1,
                          .pQueueCreateInfos = &queue,
                          .enabledExtensionCount = static_cast<uint32_t>(extensions.size()),
                          .ppEnabledExtensionNames = extensions.data()};
  check(vkCreateDevice(profile_.physical, &info, nullptr, &device_), "vkCreateDevice");
  volkLoadDeviceTable(&api_, device_);
  api_.vkGetDeviceQueue(device_, profile_.queue_family, 0, &queue_);
  VkCommandPoolCreateInfo pool{.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                               .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                               .queueFamilyIndex = profile_.queue_family};
  const VkResult result = api_.vkCreateCommandPool(device_, &pool, nullptr, &pool_);
  if (result != VK_SUCCESS) api_.vkDestroyDevice(device_, nullptr);
  check(result, "vkCreateCommandPool");
}

Device::~Device() {
  api_.vkDeviceWaitIdle(device_);
  api_.vkDestroyCommandPool(device_, pool_, nullptr);
  api_.vkDestroyDevice(device_, nullptr);
}

VkCommandBuffer Device::new_command_buffer() const {
  VkCommandBufferAllocateInfo info{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                   .commandPool = pool_,
                                   .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                   .commandBufferCount = 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  check(api_.vkAllocateCommandBuffers(device_, &info, &commands), "vkAllocateCommandBuffers");
  return commands;
}

void Device::free_command_buffer(VkCommandBuffer commands) const {
  api_.vkFreeCommandBuffers(device_, pool_, 1, &commands);
}

VkFence Device::new_fence() const {
  VkFenceCreateInfo info{.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
  VkFence fence = VK_NULL_HANDLE;
  check(api_.vkCreateFence(device_, &info, nullptr, &fence), "vkCreateFence");
  return fence;
}

void Device::destroy_fence(VkFence fence) const {
  api_.vkDestroyFence(device_, fence, nullptr);
}

void Device::check_alive(VkResult result, const char* what) const {
  if (result == VK_ERROR_DEVICE_LOST)
    throw DeviceLost("the Vulkan device " + profile_.info.name +
                     " was lost (driver reset or timeout); the model is loaded again on the next use");
  if (result == VK_TIMEOUT)
    throw DeviceLost("the Vulkan device " + profile_.info.name + " did not answer for 60 seconds");
  check(result, what);
}

void Device::submit(VkCommandBuffer commands, VkFence fence) {
  if (lose_at_ >= 0 && submissions_ >= static_cast<uint64_t>(lose_at_))
    check_alive(VK_ERROR_DEVICE_LOST, "vkQueueSubmit");
  VkSubmitInfo info{.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
  check_alive(api_.vkQueueSubmit(queue_, 1, &info, fence), "vkQueueSubmit");
  ++submissions_;
}

void Device::wait(VkFence fence) {
  check_alive(api_.vkWaitForFences(device_, 1, &fence, VK_TRUE, 60'000'000'000ull), "vkWaitForFences");
  check_alive(api_.vkResetFences(device_, 1, &fence), "vkResetFences");
}

}  // namespace qvlm
