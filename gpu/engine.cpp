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
          .without = options.without,
          .macs_per_segment = options.macs_per_segment,
          .validation = options.validation,
          .on_validation_message = options.on_validation_message};
}

}  // namespace

Engine::Engine(const Model& model, const EngineOptions& options) {
  try {
    build(model, options, false);
  } catch (const OutOfDeviceMemory& error) {
    if (!options.stream_layers) throw;
    refusal_ = error.what();
  }
  if (!refusal_.empty()) {
    decoder_.reset();
    vision_.reset();
    gpu_.reset();
    try {
      build(model, options, true);
    } catch (const OutOfDeviceMemory& error) {
      throw Error(std::string(error.what()) +
                  "; and that with the decoder's layers streamed from the host's memory (a shorter --context, or --kv 8, needs less)");
    }
  }
  if (options.lose_device_after >= 0) gpu_->device().lose_at(options.lose_device_after);
}

void Engine::build(const Model& model, const EngineOptions& options, bool stream_layers) {
  gpu_ = std::make_unique<GpuContext>(context_options(options));
  const VlmConfig& config = model.config();
  int64_t context = config.decoder.context_length > 0
                        ? std::min<int64_t>(config.decoder.context_length, kDefaultContext)
                        : kDefaultContext;
  if (options.context > 0) context = options.context;
  if (config.decoder.context_length > 0 && context > config.decoder.context_length)
    throw Error("context: at most the model's " + std::to_string(config.decoder.context_length) +
                " positions, asked for " + std::to_string(context));
  const int64_t rows = options.prefill_rows > 0 ? options.prefill_rows : gpu_->profile().prefill_rows;
  const auto rounded = [&](const auto& quantizers) {
    return options.activations_as_a16 ? std::decay_t<decltype(quantizers)>() : quantizers;
  };
  weight_bytes_ = 0;
  if (config.vision) {  // first: the decoder's layers take what room is left
    WeightLoader tower_loader(model, *gpu_);  // of its own: it counts the tower's bits
    vision_ = std::make_unique<VisionEncoder>(model, rounded(model.vision_activations()), *gpu_, tower_loader);
    weight_bytes_ += tower_loader.uploaded_bytes();
  }
  WeightLoader loader(model, *gpu_);
  const DecoderOptions decoder{.context = context, .prefill_rows = rows, .kv_bits = options.kv_bits, .stream_layers = stream_layers};
  decoder_ = std::make_unique<Decoder>(config.decoder, rounded(model.activations()), decoder, *gpu_, loader);
  weight_bytes_ += loader.uploaded_bytes();
}

std::string Engine::streaming_note() const {
  if (decoder_->streamed_layers() == 0) return {};
  return std::to_string(decoder_->streamed_layers()) + " of " + std::to_string(decoder_->layers()) + " layers (" +
         mebibytes(decoder_->streamed_bytes()) + ") are streamed from the host's memory: " + refusal_;
}

}  // namespace qvlm
