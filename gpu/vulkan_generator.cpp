// The Generator over an Engine: keeps the sequence's place, the picture cache and the timings; rebuilds a lost engine.
#include "gpu/vulkan_generator.h"

#include <algorithm>
#include <chrono>

#include "gpu/engine.h"
#include "gpu/image_cache.h"

namespace qvlm {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class VulkanGenerator : public Generator {
 public:
  VulkanGenerator(std::shared_ptr<const Model> model, EngineOptions options)
      : model_(std::move(model)), options_(std::move(options)), images_(options_.image_cache_bytes) {
    build();
  }

  const VlmConfig& config() const override { return model_->config(); }
  const GeneratorInfo& info() const override { return info_; }
  GeneratorTimings timings() const override { return timings_; }
  int64_t position() const override { return position_; }
  int64_t context_length() const override { return context_; }

  void reset() override {
    position_ = 0;
    last_rows_ = 0;
    timings_ = {};
  }

  void truncate(int64_t position) override {
    if (position < 0 || position > position_)
      throw Error("truncate: expected a position of 0 to " + std::to_string(position_) + ", found " +
                  std::to_string(position));
    if (position != position_) last_rows_ = 0;  // the logits speak of a row that is gone
    position_ = position;
  }

  void append(std::span<const PromptPart> parts, std::stop_token stop) override {
    guarded([&] {
      if (stop.stop_requested()) throw Cancelled();
      const int64_t total = count_rows(parts);
      if (total == 0) throw Error("append: no tokens");
      if (position_ + total > context_)
        throw Error("the context is full: " + std::to_string(position_) + " positions in use and " +
                    std::to_string(total) + " to add, of " + std::to_string(context_));
      last_rows_ = 0;
      const InputRows rows = input_rows(parts, stop);
      const auto start = std::chrono::steady_clock::now();
      engine_->decoder().forward(rows, position_, stop);
      position_ += total;
      last_rows_ = total;
      if (total == 1) {
        timings_.decode_seconds += seconds_since(start);
        timings_.decode_tokens += 1;
      } else {
        timings_.prefill_seconds = seconds_since(start);
        timings_.prefill_tokens = total;
      }
    });
  }

  std::vector<float> logits() override {
    require_logits(1);
    std::vector<float> values;
    guarded([&] { values = engine_->decoder().logits(); });
    return values;
  }

  std::vector<float> last_logits(int64_t count) override {
    if (count < 1) throw Error("last_logits: expected a count of 1 or more, found " + std::to_string(count));
    require_logits(count);
    std::vector<float> values;
    guarded([&] { values = engine_->decoder().last_logits(last_rows_, count); });
    return values;
  }

  StepProfile profile_step(int runs) {
    StepProfile profile;
    guarded([&] {
      if (position_ >= context_) throw Error("the context is full: there is no token to time");
      last_rows_ = 0;
      profile = engine_->decoder().profile_step(position_, runs);
    });
    return profile;
  }

  int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent) override {
    require_logits(1);
    int32_t token = 0;
    guarded([&] { token = engine_->decoder().sample(parameters, recent, position_); });
    return token;
  }

 private:
  void build() {
    engine_ = std::make_unique<Engine>(*model_, options_);
    options_.lose_device_after = -1;  // an injected fault strikes once
    const DeviceInfo& device = engine_->gpu().profile().info;
    context_ = engine_->decoder().context();
    info_.backend = "vulkan";
    info_.device = device.name;
    info_.driver = device.driver;
    info_.weight_bits = engine_->decoder().weight_bits();
    if (engine_->vision()) info_.vision_weight_bits = engine_->vision()->weight_bits();
    describe_activations();
    info_.weight_bytes = static_cast<int64_t>(engine_->weight_bytes());
    info_.total_bytes = static_cast<int64_t>(engine_->gpu().memory().allocated_bytes());
  }

  // Off the kernels that run; where the model asks for other bits, the note says so.
  void describe_activations() {
    info_.activation_note.clear();
    const Decoder& decoder = engine_->decoder();
    info_.activation_bits = decoder.least_activation_bits();
    int asked = 16, tower_asked = 16;
    for (const ActivationQuantizer& q : model_->activations())
      if (q.active()) asked = std::min(asked, q.bits);
    for (const VisionQuantizer& q : model_->vision_activations()) tower_asked = std::min(tower_asked, q.bits);
    if (asked != info_.activation_bits) {
      info_.activation_note = "activations run as A" + std::to_string(info_.activation_bits) + " (model asks for A" +
                              std::to_string(asked) + ")";
    } else if (decoder.most_activation_bits() != info_.activation_bits) {
      info_.activation_note = "activations run as A" + std::to_string(info_.activation_bits) + " to A" +
                              std::to_string(decoder.most_activation_bits());
    }
    if (!engine_->vision()) return;
    info_.vision_activation_bits = engine_->vision()->activation_bits();
    if (tower_asked != info_.vision_activation_bits)
      add_note(info_.activation_note, "the tower's activations run as A" +
                                          std::to_string(info_.vision_activation_bits) + " (model asks for A" +
                                          std::to_string(tower_asked) + ")");
  }

  // Runs on a live engine; a lost device takes the engine and the sequence with it, and the next call builds them anew.
  template <class Work>
  void guarded(Work work) {
    if (!engine_) build();
    try {
      work();
    } catch (const DeviceLost&) {
      engine_.reset();
      position_ = 0;
      last_rows_ = 0;
      throw;
    }
  }

  void require_logits(int64_t count) const {
    if (last_rows_ == 0) throw Error("there are no logits: nothing was appended since the last reset or truncation");
    if (count > last_rows_)
      throw Error("last_logits: the last append had " + std::to_string(last_rows_) + " rows, asked for " +
                  std::to_string(count));
  }

  int64_t count_rows(std::span<const PromptPart> parts) const {
    int64_t total = 0;
    for (const PromptPart& part : parts) {
      if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
        for (int32_t id : *tokens)
          if (id < 0 || id >= config().decoder.vocabulary)
            throw Error("token " + std::to_string(id) + " is outside of the vocabulary of " +
                        std::to_string(config().decoder.vocabulary));
        total += static_cast<int64_t>(tokens->size());
      } else {
        if (!config().vision) throw Error("the model has no vision tower: it takes no pictures");
        total += config().vision->image_tokens();
      }
    }
    return total;
  }

  InputRows input_rows(std::span<const PromptPart> parts, std::stop_token stop) {
    InputRows rows;
    int32_t pictures = 0;  // rows of features so far
    for (const PromptPart& part : parts) {
      if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
        rows.ids.insert(rows.ids.end(), tokens->begin(), tokens->end());
        continue;
      }
      const auto embeddings = embeddings_of(std::get<PixelTensor>(part), stop);
      rows.features.insert(rows.features.end(), embeddings->begin(), embeddings->end());
      for (int i = 0; i < config().vision->image_tokens(); ++i) rows.ids.push_back(-1 - pictures++);
    }
    return rows;
  }

  ImageCache::Embeddings embeddings_of(const PixelTensor& pixels, std::stop_token stop) {
    if (auto found = images_.find(pixels.hash)) {
      timings_.cached_images += 1;
      return found;
    }
    const auto start = std::chrono::steady_clock::now();
    auto embeddings = std::make_shared<const std::vector<float>>(engine_->vision()->encode(pixels, stop));
    timings_.vision_seconds += seconds_since(start);
    images_.insert(pixels.hash, embeddings);
    return embeddings;
  }

  std::shared_ptr<const Model> model_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;  // null after the device was lost
  ImageCache images_;
  GeneratorInfo info_;
  GeneratorTimings timings_;
  int64_t context_ = 0;
  int64_t position_ = 0;
  int64_t last_rows_ = 0;  // of the last append; 0: no logits
};

}  // namespace

StepProfile profile_step(Generator& generator, int runs) {
  auto* vulkan = dynamic_cast<VulkanGenerator*>(&generator);
  if (vulkan == nullptr) throw Error("only the Vulkan engine times its kernels");
  return vulkan->profile_step(runs);
}

std::unique_ptr<Generator> make_vulkan_generator(std::shared_ptr<const Model> model, const EngineOptions& options) {
  return std::make_unique<VulkanGenerator>(std::move(model), options);
}

}  // namespace qvlm
