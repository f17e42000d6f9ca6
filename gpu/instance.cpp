// Opens the Vulkan loader at run time and makes the instance.
#define VOLK_IMPLEMENTATION
#include "gpu/instance.h"

#include <cstring>
#include <vector>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "core/base/error.h"

namespace qvlm {
namespace {

VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                          const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
  const auto& handler = *static_cast<const Instance::MessageHandler*>(user);
  if (handler) handler(data->pMessage ? data->pMessage : "(empty validation message)");
  return VK_FALSE;
}

bool has_layer(const char* name) {
  uint32_t count = 0;
  vkEnumerateInstanceLayerProperties(&count, nullptr);
  std::vector<VkLayerProperties> layers(count);
  vkEnumerateInstanceLayerProperties(&count, layers.data());
  for (const auto& layer : layers)
    if (std::strcmp(layer.layerName, name) == 0) return true;
  return false;
}

// Stays open for the life of the program, as volk's own does.
bool open_loader(const std::string& file) {
  if (file.empty()) return volkInitialize() == VK_SUCCESS;
#ifdef _WIN32
  HMODULE library = LoadLibraryA(file.c_str());
  void* entry = library ? reinterpret_cast<void*>(GetProcAddress(library, "vkGetInstanceProcAddr")) : nullptr;
#else
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* entry = library ? dlsym(library, "vkGetInstanceProcAddr") : nullptr;
#endif
  if (!entry) return false;
  volkInitializeCustom(reinterpret_cast<PFN_vkGetInstanceProcAddr>(entry));
  return true;
}

}  // namespace

std::string name_of(VkResult result) {
  switch (result) {
    case VK_SUCCESS:
      return "VK_SUCCESS";
    case VK_TIMEOUT:
      return "VK_TIMEOUT";
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return "VK_ERROR_OUT_OF_HOST_MEMORY";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
      return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
    case VK_ERROR_INITIALIZATION_FAILED:
      return "VK_ERROR_INITIALIZATION_FAILED";
    case VK_ERROR_DEVICE_LOST:
      return "VK_ERROR_DEVICE_LOST";
    case VK_ERROR_MEMORY_MAP_FAILED:
      return "VK_ERROR_MEMORY_MAP_FAILED";
    case VK_ERROR_LAYER_NOT_PRESENT:
      return "VK_ERROR_LAYER_NOT_PRESENT";
    case VK_ERROR_EXTENSION_NOT_PRESENT:
      return "VK_ERROR_EXTENSION_NOT_PRESENT";
    case VK_ERROR_FEATURE_NOT_PRESENT:
      return "VK_ERROR_FEATURE_NOT_PRESENT";
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      return "VK_ERROR_INCOMPATIBLE_DRIVER";
    default:
      return "VkResult " + std::to_string(static_cast<int>(result));
  }
}

void check(VkResult result, const char* what) {
  if (result != VK_SUCCESS) throw Error("Vulkan: " + std::string(what) + " failed: " + name_of(result));
}

Instance::Instance(bool validation, MessageHandler handler, const std::string& loader)
    : on_message_(std::make_unique<MessageHandler>(std::move(handler))) {
  if (!open_loader(loader))
    throw Error("there is no Vulkan loader on this machine (" +
                (loader.empty() ? std::string("libvulkan.so.1") : loader) +
                "): install it (Debian, Ubuntu: libvulkan1 and "
                "mesa-vulkan-drivers, or your graphics driver), or use --backend reference");
  const uint32_t version = volkGetInstanceVersion();
  if (version < VK_API_VERSION_1_2)
    throw Error("the Vulkan loader is too old: expected 1.2 or newer, found " +
                std::to_string(VK_VERSION_MAJOR(version)) + "." + std::to_string(VK_VERSION_MINOR(version)));

  VkApplicationInfo application{.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                .pApplicationName = "Q-VLM Studio",
                                .pEngineName = "qvlm",
                                .apiVersion = VK_API_VERSION_1_2};
  VkInstanceCreateInfo info{.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
  const char* layer = "VK_LAYER_KHRONOS_validation";
  const char* extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
  if (validation) {
    if (!has_layer(layer)) throw Error("the Vulkan validation layer is not installed (vulkan-validationlayers)");
    info.enabledLayerCount = 1;
    info.ppEnabledLayerNames = &layer;
    info.enabledExtensionCount = 1;
    info.ppEnabledExtensionNames = &extension;
  }
  const VkResult result = vkCreateInstance(&info, nullptr, &instance_);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    throw Error(
        "there is no Vulkan driver on this machine: install one (Debian, Ubuntu: mesa-vulkan-drivers, which also "
        "runs on the processor alone), or use --backend reference");
  check(result, "vkCreateInstance");
  volkLoadInstanceOnly(instance_);
  if (validation) {
    VkDebugUtilsMessengerCreateInfoEXT messenger{.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
                                                 .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                                                                    VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
                                                 .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
                                                 .pfnUserCallback = on_message,
                                                 .pUserData = on_message_.get()};
    check(vkCreateDebugUtilsMessengerEXT(instance_, &messenger, nullptr, &messenger_),
          "vkCreateDebugUtilsMessengerEXT");
  }
}

Instance::~Instance() {
  if (messenger_) vkDestroyDebugUtilsMessengerEXT(instance_, messenger_, nullptr);
  if (instance_) vkDestroyInstance(instance_, nullptr);
}

}  // namespace qvlm
