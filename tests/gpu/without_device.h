// For initTestCase() of tests that run on a Vulkan device: without one they fail there, with what to install, instead of ending in an abort.
#pragma once

#include <string>

#include "core/base/error.h"
#include "gpu/gpu_context.h"

namespace qvlm {

/// Empty where there is a device that the engine can use; else why not.
inline std::string without_device() {
  try {
    GpuContext gpu({});
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace qvlm
