// The engine: a Generator that computes everything on a Vulkan device. Free of Vulkan headers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/inference/generator.h"
#include "core/model/model.h"
#include "gpu/features.h"
#include "gpu/step_profile.h"

namespace qvlm {

struct EngineOptions {
  int device = -1;                  // index as in list_devices(); -1: the first usable
  std::string device_name;          // or a part of its name; overrides `device`
  std::string loader;               // file of the Vulkan loader; empty: the system's
  std::filesystem::path cache_folder;  // where compiled pipelines are kept and what was tuned is found; empty: nowhere
  bool activations_as_a16 = false;  // run a model whose activations are quantized without quantizing them
  int64_t context = 0;              // positions; 0: the model's, at most 4096
  int64_t memory_limit = 0;         // bytes on the device; 0: what the device has
  int64_t image_cache_bytes = int64_t{256} << 20;
  int64_t prefill_rows = 0;  // rows computed together; 0: chosen by the device
  double macs_per_segment =
      0;  // multiply-adds of one submission, between which a stop is asked for; 0: chosen by the device
  FeatureSet without;  // what a device counts as not having
  int kv_bits = 16;    // of the KV cache: 16, or 8 with a scale a head and position
  bool stream_layers = true;  // where the device has no room for all decoder layers, the others are copied from the host step by step
  bool validation = false;    // run under VK_LAYER_KHRONOS_validation; Error if it is not installed
  std::function<void(const std::string&)> on_validation_message;
  int lose_device_after = -1;  // fault injection for tests: the device counts as lost at this submission
};

/// Uploads the model. Throws Error: no loader, no device, too little memory (with the numbers), a weight that cannot run
/// (by name).
std::unique_ptr<Generator> make_vulkan_generator(std::shared_ptr<const Model> model, const EngineOptions& options = {});

/// A token behind those of the sequence, or `rows` of them (no more than the device computes together), run again and again with every kernel
/// timed: the quickest of `runs`. There are no logits afterwards. Throws Error: not a Vulkan generator, a full context, DeviceLost.
StepProfile profile_step(Generator& generator, int runs = 8, int64_t rows = 1);

}  // namespace qvlm
