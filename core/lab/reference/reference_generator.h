// The reference as a Generator and as a BatchGenerator: libtorch on the CPU. This header is free of torch.
#pragma once

#include <memory>

#include "core/inference/batch.h"
#include "core/inference/generator.h"
#include "core/model/model.h"

namespace qvlm::reference {

struct ReferenceOptions {
  bool bfloat16 = false;            // compute in bfloat16 instead of float32
  bool activations_as_a16 = false;  // do not quantize activations although the model asks for it; info() says so
  int64_t context = 0;              // positions; 0: the model's own context length
  int kv_bits = 32;                 // keys and values rounded as a cache of 16 or 8 bits has them (functions.h); 32: as computed
};

/// Loads the whole model into memory. Throws Error.
std::unique_ptr<Generator> make_reference_generator(std::shared_ptr<const Model> model,
                                                    const ReferenceOptions& options = {});

/// The same model, many prompts at a time, divided between threads() threads (core/lab/reference/threads.h).
std::unique_ptr<BatchGenerator> make_reference_batch_generator(std::shared_ptr<const Model> model,
                                                               const ReferenceOptions& options = {});

}  // namespace qvlm::reference
