// Loading, and telling what was loaded; encoding pictures.
#include "core/lab/reference/loaded_model.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "core/base/error.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/functions.h"
#include "core/lab/reference/threads.h"
#include "core/lab/reference/vision_activation.h"

namespace qvlm::reference {

namespace {

constexpr size_t kKeptPictures = 16;
constexpr size_t kEncodedTogether = 16;

}  // namespace

LoadedModel::LoadedModel(const Model& model, const ReferenceOptions& options)
    : config(model.config()), type(options.bfloat16 ? torch::kBFloat16 : torch::kFloat32), kv_bits(options.kv_bits) {
  const torch::InferenceMode no_gradients;
  as_cached(torch::zeros({1, 1}), kv_bits);  // throws where there is no such cache
  const int64_t most = config.decoder.context_length;
  context = options.context > 0 ? options.context : most;
  if (context > most) {
    throw Error::in(model.path().string(), "context", "at most " + std::to_string(most) + " positions",
                    std::to_string(context));
  }
  if (config.vision) {
    tower = VisionTower::load(model, type);
    projector = Projector::load(model, type);
  }
  ends = DecoderEnds::load(model, type);
  for_each_layer(model, type, [this](int, DecoderLayer& layer) { layers.push_back(layer); });
  rotary = RotaryTable::make(config.decoder, context);
  describe(model, options);
}

// What runs: read off the tensors that were loaded.
void LoadedModel::describe(const Model& model, const ReferenceOptions& options) {
  info.backend = "reference";
  info.device = std::string("CPU, libtorch ") + torch_version() + ", " + std::to_string(threads()) +
                (threads() == 1 ? " thread" : " threads");
  const int element = static_cast<int>(torch::elementSize(type));
  info.weight_bits = 8.0 * element;
  const double scale_bits = kv_bits == 8 ? 32.0 / config.decoder.head_dim : 0;
  info.kv_bits = std::min<double>(8 * element, kv_bits + scale_bits);
  const auto& quantizers = model.activations();
  ActivationBits runs;
  int most = 0;
  for (const auto& quantizer : quantizers) {
    const int bits = quantizer.active() ? quantizer.bits : 16;
    runs.asked = std::min(runs.asked, bits);
    most = std::max(most, bits);
  }
  if (runs.asked < 16 && !options.activations_as_a16) {
    if (quantizers.size() != layers.size() * kSitesPerLayer) {
      throw Error::in(model.path().string(), "activation quantizers", std::to_string(layers.size() * kSitesPerLayer),
                      std::to_string(quantizers.size()));
    }
    hook = quantizing_hook(quantizers);
    runs.least = runs.asked;
    runs.most = most;
  }
  info.activation_bits = runs.least;
  info.activation_note = activation_note(runs);
  describe_vision(model, options);
  const auto add = [this](const torch::Tensor& x) {
    info.weight_bytes += x.defined() ? static_cast<int64_t>(x.nbytes()) : 0;
  };
  info.step_weight_bytes = static_cast<int64_t>(ends.head.nbytes());
  for (const DecoderLayer& layer : layers) {
    for (const NamedVector& vector : layer_vectors()) add(layer.*vector.tensor);
    for (const auto* x : {&layer.query, &layer.key, &layer.value, &layer.output, &layer.gate, &layer.up, &layer.down}) {
      add(*x);
      info.step_weight_bytes += static_cast<int64_t>(x->nbytes());
    }
    for (const SiteTransform& transform : layer.transforms) add(transform.left), add(transform.right);
  }
  add(ends.embedding);
  add(ends.norm);
  if (!ends.head.is_same(ends.embedding)) add(ends.head);
  if (config.vision) {
    const auto add_linear = [&](const Linear& linear) { add(linear.weight), add(linear.bias); };
    const auto add_norm = [&](const LayerNorm& norm) { add(norm.weight), add(norm.bias); };
    add_linear(tower.patch);
    add(tower.class_token);
    add(tower.position);
    add_norm(tower.pre_norm);
    for (const VisionLayer& layer : tower.layers) {
      add_norm(layer.attention_norm);
      add_norm(layer.mlp_norm);
      for (const Linear* linear : {&layer.query, &layer.key, &layer.value, &layer.output, &layer.up, &layer.down}) {
        add_linear(*linear);
      }
    }
    add_linear(projector.first);
    add_linear(projector.second);
  }
  const DecoderConfig& decoder = config.decoder;
  info.total_bytes =
      info.weight_bytes + 2LL * decoder.layers * decoder.kv_heads * decoder.head_dim * context * element;
}

// The tower's activation quantizers, which run unless A16 is asked for.
void LoadedModel::describe_vision(const Model& model, const ReferenceOptions& options) {
  if (!config.vision) return;
  info.vision_weight_bits = info.weight_bits;
  int bits = 16;
  for (const VisionQuantizer& quantizer : model.vision_activations()) bits = std::min(bits, quantizer.bits);
  if (bits == 16) return;
  if (options.activations_as_a16) {
    add_note(info.activation_note, activation_note({.asked = bits}, "the tower's "));
    return;
  }
  vision_hook = quantizing_vision_hook(model.vision_activations());
  info.vision_activation_bits = bits;
}

int64_t rows_of(const VlmConfig& config, const PromptPart& part) {
  if (const auto* ids = std::get_if<std::vector<int32_t>>(&part)) return static_cast<int64_t>(ids->size());
  if (!config.vision) throw Error("the prompt has a picture, but the model has no vision tower");
  return config.vision->image_tokens();
}

torch::Tensor PictureCache::encode_together(std::span<const PixelTensor* const> pictures) const {
  const VlmConfig& config = model_.config;
  std::vector<torch::Tensor> pixels;  // each [1, 3, size, size]
  for (const PixelTensor* picture : pictures) {
    if (picture->size != config.vision->image_size) {
      throw Error::in("picture", "pixels a side", std::to_string(config.vision->image_size),
                      std::to_string(picture->size));
    }
    pixels.push_back(pixels_to_torch(*picture, model_.type));
  }
  return project(config.projector, model_.projector, encode(*config.vision, model_.tower, torch::cat(pixels), model_.vision_hook));
}

std::vector<torch::Tensor> PictureCache::rows(std::span<const PixelTensor* const> pictures,
                                              const std::stop_token& stop) {
  const torch::InferenceMode no_gradients;
  std::unordered_map<uint64_t, torch::Tensor> known;  // [image_tokens, hidden]
  std::vector<const PixelTensor*> unknown;
  for (const PixelTensor* picture : pictures) {
    if (!known.try_emplace(picture->hash).second) continue;
    const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& e) { return e.first == picture->hash; });
    if (at == kept_.end()) {
      unknown.push_back(picture);
    } else {
      ++found;
      known[picture->hash] = at->second;
      kept_.splice(kept_.begin(), kept_, at);
    }
  }
  const auto start = std::chrono::steady_clock::now();
  for (size_t first = 0; first < unknown.size(); first += kEncodedTogether) {
    if (stop.stop_requested()) throw Cancelled();
    const auto some = std::span(unknown).subspan(first, std::min(kEncodedTogether, unknown.size() - first));
    const torch::Tensor rows = encode_together(some);  // [n, image_tokens, hidden]
    for (size_t i = 0; i < some.size(); ++i) {
      known[some[i]->hash] = rows[static_cast<int64_t>(i)];
      kept_.emplace_front(some[i]->hash, rows[static_cast<int64_t>(i)].clone());
    }
  }
  if (!unknown.empty()) {
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  while (kept_.size() > kKeptPictures) kept_.pop_back();
  std::vector<torch::Tensor> result;
  for (const PixelTensor* picture : pictures) result.push_back(known.at(picture->hash));
  return result;
}

}  // namespace qvlm::reference
