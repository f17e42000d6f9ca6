// The Vulkan loader and instance.
#pragma once

#include <volk.h>

#include <functional>
#include <memory>
#include <string>

namespace qvlm {

/// Throws Error with Vulkan's own name of the failure unless result is VK_SUCCESS.
void check(VkResult result, const char* what);
std::string name_of(VkResult result);

/// A VkInstance of version 1.2 or newer, with or without the validation layer.
class Instance {
 public:
  using MessageHandler = std::function<void(const std::string&)>;
  /// Throws Error: no loader on this machine, loader too old, validation layer asked for but absent.
  /// loader: a file to open instead of the system's own loader; empty: that.
  explicit Instance(bool validation = false, MessageHandler on_message = {}, const std::string& loader = "");
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  VkInstance handle() const { return instance_; }

 private:
  VkInstance instance_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  std::unique_ptr<MessageHandler> on_message_;  // a stable address for the callback
};

}  // namespace qvlm
