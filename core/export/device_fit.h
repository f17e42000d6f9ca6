// Whether a model fits a device, and how fast its memory would let it answer: from the model's description and the device's two numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

/// A kind of device by its memory and its read bandwidth as their makers state them.
struct FitDevice {
  std::string name;
  double memory_gib = 0;      // of the whole device
  double usable = 1;          // share of it that one program may take: phones and shared memory leave some to the system
  double bandwidth_gbps = 0;  // 10^9 bytes a second
  std::string basis = {};     // what the numbers are of: "LPDDR5-6400, 64 bits"
};

/// Phones of 6 and 8 GB, Jetson Orin Nano and AGX Orin, a laptop's integrated GPU, cards of 8, 12 and 24 GB.
std::vector<FitDevice> known_fit_devices();

/// "NAME:GIB:GBPS" ("My board:16:68.5"), usable to 90 %. Throws UsageError naming what is wrong.
FitDevice parse_fit_device(std::string_view text);

/// What the fit of a model needs to know, read off once.
struct FitModel {
  VlmConfig config;
  int64_t weight_bytes = 0;  // resident: all tensors that run, as the file has them
  int64_t step_bytes = 0;    // of them, read for every decoded token: the decoder's layers, its last norm and its head
};
/// Loads every tensor once to see how it is stored.
FitModel fit_model(const Model& model);

/// Bytes at a context of so many positions.
struct FitMemory {
  int64_t weights = 0;
  int64_t kv_cache = 0;  // float16 keys and values of every layer and position
  int64_t working = 0;   // float32 activations of 512 rows of prefill, of a picture in the tower, and logits
  int64_t total() const { return weights + kv_cache + working; }
};
FitMemory fit_memory(const FitModel& model, int64_t context);

struct Fit {
  FitDevice device;
  FitMemory memory;
  int64_t usable_bytes = 0;
  bool fits = false;
  int64_t longest_context = 0;          // positions for which it would fit, at most the model's own; 0: none
  double empty_tokens_per_second = 0;   // a decoded token with little context: bandwidth / weights
  double full_tokens_per_second = 0;    // with the whole context: the cache is read, too
};

/// `share`: of the bandwidth that decoding reaches, 0 to 1; with 1 the speeds are bounds that no program passes. `context` 1 to the model's
/// length; Throws UsageError otherwise.
Fit fit(const FitModel& model, const FitDevice& device, int64_t context, double share);

}  // namespace qvlm
