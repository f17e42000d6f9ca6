// The reference as a Generator: the whole model in memory, one sequence, a KV cache for each layer.
#include "core/lab/reference/reference_generator.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>

#include "core/base/error.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/loaded_model.h"

namespace qvlm::reference {

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class ReferenceGenerator final : public Generator {
 public:
  ReferenceGenerator(const Model& model, const ReferenceOptions& options)
      : model_(model, options), pictures_(model_), caches_(model_.layers.size(), KvCache{.bits = model_.kv_bits}) {}

  const VlmConfig& config() const override { return model_.config; }
  const GeneratorInfo& info() const override { return model_.info; }
  int64_t position() const override { return position_; }
  int64_t context_length() const override { return model_.context; }

  GeneratorTimings timings() const override {
    GeneratorTimings timings = timings_;
    timings.vision_seconds = pictures_.seconds;
    timings.cached_images = pictures_.found;
    return timings;
  }

  void reset() override {
    truncate(0);
    timings_ = {};
    pictures_.seconds = 0;
    pictures_.found = 0;
  }

  void truncate(int64_t position) override {
    if (position < 0 || position > position_) {
      throw Error::in("reference", "position", "0 .. " + std::to_string(position_), std::to_string(position));
    }
    const torch::InferenceMode no_gradients;
    for (KvCache& cache : caches_) cache.truncate(position);
    if (position < position_) last_ = torch::Tensor();
    position_ = position;
  }

  void append(std::span<const PromptPart> parts, std::stop_token stop) override {
    const torch::InferenceMode no_gradients;
    int64_t rows = 0;
    for (const PromptPart& part : parts) rows += rows_of(model_.config, part);
    if (rows == 0) return;
    if (position_ + rows > model_.context) {
      throw Error::in("context", "positions", "at most " + std::to_string(model_.context),
                      std::to_string(position_ + rows));
    }
    const double vision_before = pictures_.seconds;
    const auto start = std::chrono::steady_clock::now();
    ImageFeatures features;
    if (model_.config.vision) {
      features = [&](const PixelTensor& pixels) {
        const PixelTensor* one = &pixels;
        return pictures_.rows(std::span(&one, 1), stop).front();
      };
    }
    try {
      auto hidden = embed_prompt(model_.ends.embedding, parts, features);  // [1, rows, hidden]
      for (size_t layer = 0; layer < model_.layers.size(); ++layer) {
        if (stop.stop_requested()) throw Cancelled();
        hidden = decoder_layer(model_.config.decoder, model_.layers[layer], hidden, model_.rotary,
                               static_cast<int>(layer), model_.hook, position_, &caches_[layer]);
      }
      last_ = hidden.squeeze(0);  // [rows, hidden]
    } catch (...) {
      // The sequence stays as it was before this call.
      for (KvCache& cache : caches_) cache.truncate(std::min(cache.tokens(), position_));
      throw;
    }
    position_ += rows;
    const double seconds = seconds_since(start) - (pictures_.seconds - vision_before);
    if (rows > 1) {
      timings_.prefill_seconds = seconds;
      timings_.prefill_tokens = rows;
    } else {
      timings_.decode_seconds += seconds;
      ++timings_.decode_tokens;
    }
  }

  std::vector<float> logits() override { return last_logits(1); }

  std::vector<float> last_logits(int64_t count) override {
    const int64_t rows = last_.defined() ? last_.size(0) : 0;
    if (count < 1 || count > rows) {
      throw Error::in("reference", "rows of logits", "1 .. " + std::to_string(rows), std::to_string(count));
    }
    const torch::InferenceMode no_gradients;
    const auto logits = decoder_logits(model_.config.decoder, model_.ends, last_.narrow(0, rows - count, count))
                            .to(torch::kFloat32)
                            .contiguous();  // [count, vocabulary]
    return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
  }

  int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent) override {
    return sample_token(logits(), parameters, recent, position_);
  }

 private:
  const LoadedModel model_;
  PictureCache pictures_;
  int64_t position_ = 0;
  std::vector<KvCache> caches_;  // one a layer
  torch::Tensor last_;           // [rows of the last append, hidden], before the final norm
  GeneratorTimings timings_;
};

}  // namespace

std::unique_ptr<Generator> make_reference_generator(std::shared_ptr<const Model> model,
                                                    const ReferenceOptions& options) {
  return std::make_unique<ReferenceGenerator>(*model, options);
}

}  // namespace qvlm::reference
