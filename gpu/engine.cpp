// Uploads a model.
#include "gpu/engine.h"

#include <algorithm>

namespace qvlm {
namespace {

constexpr int64_t kDefaultContext = 4096;

GpuContextOptions context_options(const EngineOptions& options) {
  return {.device = options.device,
          .device_name = options.device_name,
          .loader = options.loader,
          .cache_folder = options.cache_folder,
          .memory_limit = static_cast<uint64_t>(std::max<int64_t>(options.memory_limit, 0)),
          .texel_kernels = options.texel_kernels,
          .disable_fp16 = options.disable_fp16,
          .macs_per_segment = options.macs_per_segment,
          .validation = options.validation,
          .on_validation_message = options.on_validation_message};
}

}  // namespace

Engine::Engine(const Model& model, const EngineOptions& options) : gpu_(context_options(options)) {
  const VlmConfig& config = model.config();
  int64_t context = config.decoder.context_length > 0
                        ? std::min<int64_t>(config.decoder.context_length, kDefaultContext)
                        : kDefaultContext;
  if (options.context > 0) context = options.context;
  if (config.decoder.context_length > 0 && context > config.decoder.context_length)
    throw Error("context: at most the model's " + std::to_string(config.decoder.context_length) +
                " positions, asked for " + std::to_string(context));
  const int64_t rows = options.prefill_rows > 0 ? options.prefill_rows : gpu_.profile().prefill_rows;
  WeightLoader loader(model, gpu_);
  const auto rounded = [&](const auto& quantizers) {
    return options.activations_as_a16 ? std::decay_t<decltype(quantizers)>() : quantizers;
  };
  decoder_ = std::make_unique<Decoder>(config.decoder, rounded(model.activations()), context, rows, gpu_, loader);
  weight_bytes_ = loader.uploaded_bytes();
  if (config.vision) {
    WeightLoader tower_loader(model, gpu_);  // of its own: it counts the tower's bits
    vision_ = std::make_unique<VisionEncoder>(model, rounded(model.vision_activations()), gpu_, tower_loader);
    weight_bytes_ += tower_loader.uploaded_bytes();
  }
  if (options.lose_device_after >= 0) gpu_.device().lose_at(options.lose_device_after);
}

}  // namespace qvlm
