// The Generator over an Engine: keeps the sequence, the picture cache and the timings; goes on with a new engine where the device is lost.
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
    history_ = {};
  }

  void truncate(int64_t position) override {
    if (position < 0 || position > position_)
      throw Error("truncate: expected a position of 0 to " + std::to_string(position_) + ", found " +
                  std::to_string(position));
    if (position != position_) last_rows_ = 0;  // the logits speak of a row that is gone
    position_ = position;
    history_.ids.resize(static_cast<size_t>(position));
    size_t pictures = 0;  // rows of them that are left
    for (const int32_t id : history_.ids) pictures += id < 0 ? 1 : 0;
    history_.features.resize(pictures * static_cast<size_t>(config().decoder.hidden));
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
      remember(rows);
      position_ += total;
      last_rows_ = total;
      count_memory();  // a long prompt takes more
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

  StepProfile profile_step(int runs, int64_t rows) {
    StepProfile profile;
    guarded([&] {
      if (rows < 1) throw Error("profile_step: expected 1 row or more, found " + std::to_string(rows));
      if (position_ + rows > context_) throw Error("the context is full: there is no room for a step to time");
      last_rows_ = 0;
      profile = engine_->decoder().profile_step(position_, runs, rows);
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
    add_note(info_.activation_note, engine_->streaming_note());
    info_.kv_bits = engine_->decoder().kv_bits();
    info_.kv_bytes = static_cast<int64_t>(engine_->decoder().kv_bytes());
    info_.weight_bytes = static_cast<int64_t>(engine_->weight_bytes());
    info_.step_weight_bytes = static_cast<int64_t>(engine_->decoder().step_weight_bytes());
    count_memory();
  }

  void count_memory() { info_.total_bytes = static_cast<int64_t>(engine_->gpu().memory().allocated_bytes()); }

  // Off the kernels that run.
  void describe_activations() {
    const Decoder& decoder = engine_->decoder();
    ActivationBits bits{decoder.least_activation_bits(), decoder.most_activation_bits()};
    for (const ActivationQuantizer& q : model_->activations())
      if (q.active()) bits.asked = std::min(bits.asked, q.bits);
    info_.activation_bits = bits.least;
    info_.activation_note = activation_note(bits);
    if (!engine_->vision()) return;
    ActivationBits tower{engine_->vision()->activation_bits(), engine_->vision()->activation_bits()};
    for (const VisionQuantizer& q : model_->vision_activations()) tower.asked = std::min(tower.asked, q.bits);
    info_.vision_activation_bits = tower.least;
    add_note(info_.activation_note, activation_note(tower, "the tower's "));
  }

  // Runs on a live engine. Where the device is lost, it is opened again, the sequence computed again, and the work done again; where that fails,
  // the next call tries anew.
  template <class Work>
  void guarded(Work work) {
    const int64_t last_rows = last_rows_;
    try {
      if (!engine_) restore();
      work();
      return;
    } catch (const DeviceLost&) {
      engine_.reset();
      last_rows_ = last_rows;
    }
    try {
      restore();
      work();
    } catch (const DeviceLost&) {
      engine_.reset();
      throw;
    }
  }

  // A new engine in the state of the old one: the last append apart, for logits of its rows may be asked for.
  void restore() {
    timings_.device_losses += 1;
    build();
    if (position_ == 0) return;
    const auto before = static_cast<size_t>(position_ - last_rows_);
    const InputRows first = history_rows(0, before), last = history_rows(before, history_.ids.size());
    if (!first.ids.empty()) engine_->decoder().forward(first, 0, {});
    if (!last.ids.empty()) engine_->decoder().forward(last, static_cast<int64_t>(before), {});
  }

  // Rows [begin, end) of the sequence, their features counted anew.
  InputRows history_rows(size_t begin, size_t end) const {
    const auto hidden = static_cast<size_t>(config().decoder.hidden);
    InputRows rows;
    for (size_t i = begin; i < end; ++i) {
      const int32_t id = history_.ids[i];
      if (id < 0) {
        const auto from = history_.features.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(-1 - id) * hidden);
        const auto count = static_cast<int32_t>(rows.features.size() / hidden);
        rows.features.insert(rows.features.end(), from, from + static_cast<ptrdiff_t>(hidden));
        rows.ids.push_back(-1 - count);
      } else {
        rows.ids.push_back(id);
      }
    }
    return rows;
  }

  void remember(const InputRows& rows) {
    const auto pictures = static_cast<int32_t>(history_.features.size() / static_cast<size_t>(config().decoder.hidden));
    for (const int32_t id : rows.ids) history_.ids.push_back(id < 0 ? id - pictures : id);
    history_.features.insert(history_.features.end(), rows.features.begin(), rows.features.end());
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
  InputRows history_;  // the sequence, for an engine that is built anew
  GeneratorInfo info_;
  GeneratorTimings timings_;
  int64_t context_ = 0;
  int64_t position_ = 0;
  int64_t last_rows_ = 0;  // of the last append; 0: no logits
};

}  // namespace

StepProfile profile_step(Generator& generator, int runs, int64_t rows) {
  auto* vulkan = dynamic_cast<VulkanGenerator*>(&generator);
  if (vulkan == nullptr) throw Error("only the Vulkan engine times its kernels");
  return vulkan->profile_step(runs, rows);
}

std::unique_ptr<Generator> make_vulkan_generator(std::shared_ptr<const Model> model, const EngineOptions& options) {
  return std::make_unique<VulkanGenerator>(std::move(model), options);
}

}  // namespace qvlm
