// The reference as a Generator: the whole model in memory, one sequence, a KV cache for each layer.
#include "core/lab/reference/reference_generator.h"

#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/threads.h"
#include "core/lab/reference/vision_activation.h"

namespace qvlm::reference {

namespace {

constexpr size_t kCachedImages = 16;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int64_t rows_of(const VlmConfig& config, const PromptPart& part) {
  if (const auto* ids = std::get_if<std::vector<int32_t>>(&part)) return static_cast<int64_t>(ids->size());
  if (!config.vision) throw Error("the prompt has a picture, but the model has no vision tower");
  return config.vision->image_tokens();
}

class ReferenceGenerator final : public Generator {
 public:
  ReferenceGenerator(std::shared_ptr<const Model> model, const ReferenceOptions& options)
      : config_(model->config()), type_(options.bfloat16 ? torch::kBFloat16 : torch::kFloat32) {
    const torch::InferenceMode no_gradients;
    const int64_t most = config_.decoder.context_length;
    context_ = options.context > 0 ? options.context : most;
    if (context_ > most) {
      throw Error::in(model->path().string(), "context", "at most " + std::to_string(most) + " positions", std::to_string(context_));
    }
    if (config_.vision) {
      tower_ = VisionTower::load(*model, type_);
      projector_ = Projector::load(*model, type_);
    }
    ends_ = DecoderEnds::load(*model, type_);
    for_each_layer(*model, type_, [this](int, DecoderLayer& layer) { layers_.push_back(layer); });
    caches_.resize(layers_.size());
    rotary_ = RotaryTable::make(config_.decoder, context_);
    describe(*model, options);
  }

  const VlmConfig& config() const override { return config_; }
  const GeneratorInfo& info() const override { return info_; }
  GeneratorTimings timings() const override { return timings_; }
  int64_t position() const override { return position_; }
  int64_t context_length() const override { return context_; }

  void reset() override {
    truncate(0);
    timings_ = {};
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
    for (const PromptPart& part : parts) rows += rows_of(config_, part);
    if (rows == 0) return;
    if (position_ + rows > context_) {
      throw Error::in("context", "positions", "at most " + std::to_string(context_), std::to_string(position_ + rows));
    }
    const double vision_before = timings_.vision_seconds;
    const auto start = std::chrono::steady_clock::now();
    ImageFeatures features;
    if (config_.vision) features = [&](const PixelTensor& pixels) { return image_features(pixels, stop); };
    try {
      auto hidden = embed_prompt(ends_.embedding, parts, features);  // [1, rows, hidden]
      for (size_t layer = 0; layer < layers_.size(); ++layer) {
        if (stop.stop_requested()) throw Cancelled();
        hidden = decoder_layer(config_.decoder, layers_[layer], hidden, rotary_, static_cast<int>(layer), hook_, position_, &caches_[layer]);
      }
      last_ = hidden.squeeze(0);  // [rows, hidden]
    } catch (...) {
      // The sequence stays as it was before this call.
      for (KvCache& cache : caches_) cache.truncate(std::min(cache.tokens(), position_));
      throw;
    }
    position_ += rows;
    const double seconds = seconds_since(start) - (timings_.vision_seconds - vision_before);
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
    const auto logits =
        decoder_logits(config_.decoder, ends_, last_.narrow(0, rows - count, count)).to(torch::kFloat32).contiguous();  // [count, vocabulary]
    return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
  }

  int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent) override {
    return sample_token(logits(), parameters, recent, position_);
  }

 private:
  // What runs: read off the tensors that were loaded.
  void describe(const Model& model, const ReferenceOptions& options) {
    info_.backend = "reference";
    info_.device = std::string("CPU, libtorch ") + torch_version() + ", " + std::to_string(threads()) +
                   (threads() == 1 ? " thread" : " threads");
    const int element = static_cast<int>(torch::elementSize(type_));
    info_.weight_bits = 8.0 * element;
    info_.kv_bits = 8 * element;
    const auto& quantizers = model.activations();
    std::set<int> bits;
    for (const auto& quantizer : quantizers) bits.insert(quantizer.active() ? quantizer.bits : 16);
    const bool asks = !bits.empty() && *bits.begin() < 16;
    if (asks && options.activations_as_a16) {
      info_.activation_note = "activations run as A16 (model asks for A" + std::to_string(*bits.begin()) + ")";
    } else if (asks) {
      if (quantizers.size() != layers_.size() * kSitesPerLayer) {
        throw Error::in(model.path().string(), "activation quantizers", std::to_string(layers_.size() * kSitesPerLayer),
                        std::to_string(quantizers.size()));
      }
      hook_ = quantizing_hook(quantizers);
      info_.activation_bits = *bits.begin();
      if (bits.size() > 1) {
        info_.activation_note = "activations run as A" + std::to_string(*bits.begin()) + " to A" + std::to_string(*bits.rbegin());
      }
    }
    describe_vision(model, options);
    const auto add = [this](const torch::Tensor& x) { info_.weight_bytes += x.defined() ? static_cast<int64_t>(x.nbytes()) : 0; };
    for (const DecoderLayer& layer : layers_) {
      for (const auto* x : {&layer.attention_norm, &layer.query, &layer.key, &layer.value, &layer.query_bias, &layer.key_bias,
                            &layer.value_bias, &layer.output, &layer.mlp_norm, &layer.gate, &layer.up, &layer.down}) {
        add(*x);
      }
    }
    add(ends_.embedding);
    add(ends_.norm);
    if (!ends_.head.is_same(ends_.embedding)) add(ends_.head);
    if (config_.vision) {
      const auto add_linear = [&](const Linear& linear) { add(linear.weight), add(linear.bias); };
      const auto add_norm = [&](const LayerNorm& norm) { add(norm.weight), add(norm.bias); };
      add_linear(tower_.patch);
      add(tower_.class_token);
      add(tower_.position);
      add_norm(tower_.pre_norm);
      for (const VisionLayer& layer : tower_.layers) {
        add_norm(layer.attention_norm);
        add_norm(layer.mlp_norm);
        for (const Linear* linear : {&layer.query, &layer.key, &layer.value, &layer.output, &layer.up, &layer.down}) add_linear(*linear);
      }
      add_linear(projector_.first);
      add_linear(projector_.second);
    }
    const DecoderConfig& decoder = config_.decoder;
    info_.total_bytes = info_.weight_bytes + 2LL * decoder.layers * decoder.kv_heads * decoder.head_dim * context_ * element;
  }

  // The tower's activation quantizers, which run unless A16 is asked for.
  void describe_vision(const Model& model, const ReferenceOptions& options) {
    if (!config_.vision) return;
    info_.vision_weight_bits = info_.weight_bits;
    int bits = 16;
    for (const VisionQuantizer& quantizer : model.vision_activations()) bits = std::min(bits, quantizer.bits);
    if (bits == 16) return;
    if (options.activations_as_a16) {
      add_note(info_.activation_note, "the tower's activations run as A16 (model asks for A" + std::to_string(bits) + ")");
      return;
    }
    vision_hook_ = quantizing_vision_hook(model.vision_activations());
    info_.vision_activation_bits = bits;
  }

  // A picture's rows, from the cache where it was seen lately. -> [image_tokens, hidden]
  torch::Tensor image_features(const PixelTensor& pixels, const std::stop_token& stop) {
    const auto found = std::find_if(images_.begin(), images_.end(), [&](const auto& entry) { return entry.first == pixels.hash; });
    if (found != images_.end()) {
      ++timings_.cached_images;
      images_.splice(images_.begin(), images_, found);  // most recent first
      return images_.front().second;
    }
    if (stop.stop_requested()) throw Cancelled();
    const auto start = std::chrono::steady_clock::now();
    auto rows = image_rows(config_, tower_, projector_, pixels, vision_hook_);
    timings_.vision_seconds += seconds_since(start);
    images_.emplace_front(pixels.hash, rows);
    if (images_.size() > kCachedImages) images_.pop_back();
    return rows;
  }

  VlmConfig config_;
  torch::ScalarType type_;
  int64_t context_ = 0;
  VisionTower tower_;
  Projector projector_;
  DecoderEnds ends_;
  std::vector<DecoderLayer> layers_;
  RotaryTable rotary_;
  SiteHook hook_;
  VisionHook vision_hook_;
  GeneratorInfo info_;

  int64_t position_ = 0;
  std::vector<KvCache> caches_;  // one a layer
  torch::Tensor last_;           // [rows of the last append, hidden], before the final norm
  GeneratorTimings timings_;
  std::list<std::pair<uint64_t, torch::Tensor>> images_;
};

}  // namespace

std::unique_ptr<Generator> make_reference_generator(std::shared_ptr<const Model> model, const ReferenceOptions& options) {
  return std::make_unique<ReferenceGenerator>(std::move(model), options);
}

}  // namespace qvlm::reference
