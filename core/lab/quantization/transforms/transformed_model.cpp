// Each tensor's formula. Rows of activations are row vectors: h' = h R, so what reads h gets W R and what writes it R^T W.
#include "core/lab/quantization/transforms/transformed_model.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/hadamard.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::quantization {

namespace {

constexpr const char* kEmbedding = "decoder.embedding.weight";
constexpr const char* kHead = "decoder.head.weight";
constexpr const char* kNorm = "decoder.norm.weight";

DType dtype_of(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat16 ? DType::F16 : DType::F32;
}

}  // namespace

TransformedModel::TransformedModel(std::shared_ptr<const Model> source, ModelTransform transform)
    : source_(std::move(source)), transform_(std::move(transform)), config_(source_->config()) {
  const std::string path = source_->path().string();
  if (!source_->activations().empty()) throw Error(path + ": its activations are quantized already");
  if (config_.decoder.down_hadamard > 0) throw Error(path + ": it has an online transform already");
  if (config_.decoder.site_transforms) throw Error(path + ": it has learned transforms already");
  const auto demand = [&](int64_t expected, int64_t found, const char* what) {
    if (expected != found) throw Error::in(path + ": transform", what, std::to_string(expected), std::to_string(found));
  };
  if (!transform_.layers.empty())
    demand(config_.decoder.layers, static_cast<int64_t>(transform_.layers.size()), "layers");
  for (const LayerTransform& layer : transform_.layers) {
    if (!layer.values.empty()) demand(config_.decoder.kv_heads, static_cast<int64_t>(layer.values.size()), "heads");
    if (layer.value_scales.defined())
      demand(int64_t{config_.decoder.kv_heads} * config_.decoder.head_dim, layer.value_scales.numel(), "value channels");
    if (layer.middle_scales.defined()) demand(config_.decoder.ffn, layer.middle_scales.numel(), "ffn");
  }
  config_.decoder.tied_head = false;
  config_.decoder.down_hadamard = transform_.down_hadamard;
}

std::vector<std::string> TransformedModel::names() const {
  std::vector<std::string> result;
  for (const ExpectedTensor& expected : expected_tensors(config_))
    if (has(expected.name)) result.push_back(expected.name);
  return result;
}

bool TransformedModel::has(std::string_view canonical) const {
  return canonical == kHead || source_->has(canonical);
}

torch::Tensor TransformedModel::source_tensor(const std::string& name) const {
  auto tensor = reference::load_tensor(*source_, name, torch::kFloat32);
  source_->release(name);
  if (!torch::isfinite(tensor).all().item<bool>())
    throw Error::in(source_->path().string() + ": tensor " + name, "values", "finite numbers", "NaN or infinity");
  return tensor;
}

torch::Tensor TransformedModel::rotate_values(const torch::Tensor& from, const LayerTransform& layer) const {
  const auto rows = layer.value_scales.defined() ? from * layer.value_scales.unsqueeze(1) : from;
  if (layer.values.empty()) return rows;
  std::vector<torch::Tensor> heads;  // [head_dim, columns] each
  for (const auto& part : rows.chunk(config_.decoder.kv_heads))
    heads.push_back(layer.values[heads.size()].transposed_times(part));
  return torch::cat(heads);
}

torch::Tensor TransformedModel::rotate_output(const torch::Tensor& from, const LayerTransform& layer) const {
  const int group = config_.decoder.heads / config_.decoder.kv_heads;  // query heads that share a key-value head
  auto output = from;
  if (layer.value_scales.defined())
    output = from / layer.value_scales.view({config_.decoder.kv_heads, 1, config_.decoder.head_dim})
                        .expand({-1, group, -1})
                        .reshape({-1});
  if (layer.values.empty()) return output;
  std::vector<torch::Tensor> heads;                                    // [hidden, head_dim] each
  for (const auto& part : output.chunk(config_.decoder.heads, 1))
    heads.push_back(layer.values[heads.size() / static_cast<size_t>(group)].times(part));
  return torch::cat(heads, 1);
}

torch::Tensor TransformedModel::layer_tensor(int layer, const std::string& name, const std::string& part) const {
  static const LayerTransform none;
  const LayerTransform& t = transform_.layers.empty() ? none : transform_.layers.at(static_cast<size_t>(layer));
  const std::string base = "decoder." + std::to_string(layer) + ".";
  if (part == "attention_norm.weight" || part == "mlp_norm.weight")
    return torch::ones({config_.decoder.hidden});
  // What reads the residual stream: W diag(gain) R1.
  const auto reading = [&](const char* norm) {
    return transform_.residual.times(source_tensor(name) * source_tensor(base + norm));
  };
  if (part == "attention.query.weight" || part == "attention.key.weight") return reading("attention_norm.weight");
  if (part == "attention.value.weight") return rotate_values(reading("attention_norm.weight"), t);
  if (part == "attention.value.bias") return rotate_values(source_tensor(name).unsqueeze(1), t).squeeze(1);
  if (part == "attention.output.weight")
    return transform_.residual.transposed_times(rotate_output(source_tensor(name), t));
  if (part == "mlp.gate.weight") return reading("mlp_norm.weight");
  if (part == "mlp.up.weight") {
    auto up = reading("mlp_norm.weight");
    return t.middle_scales.defined() ? up * t.middle_scales.unsqueeze(1) : up;
  }
  if (part == "mlp.down.weight") {
    auto down = source_tensor(name);
    if (t.middle_scales.defined()) down = down / t.middle_scales;
    if (transform_.down_hadamard > 0) down = reference::apply_hadamard(down, transform_.down_hadamard);
    return transform_.residual.transposed_times(down);
  }
  return {};
}

torch::Tensor TransformedModel::compute(const std::string& name) const {
  if (const auto [layer, part] = reference::layer_part(name); layer >= 0) return layer_tensor(layer, name, part);
  if (name == kNorm) return torch::ones({config_.decoder.hidden});
  if (name == kHead)
    return transform_.residual.times(source_tensor(source_->config().decoder.tied_head ? kEmbedding : kHead) *
                                     source_tensor(kNorm));
  if (transform_.residual.is_identity()) return {};
  if (name == kEmbedding) return transform_.residual.times(source_tensor(name));
  if (name == "projector.2.weight") return transform_.residual.transposed_times(source_tensor(name));
  if (name == "projector.2.bias") return transform_.residual.times(source_tensor(name));
  return {};
}

// The source's element type decides: its own rounding is as coarse as float16's.
bool TransformedModel::keeps_half(const std::string& name) const {
  if (name != kEmbedding && name != kHead && name != "projector.2.weight") return false;
  const std::string from = name == kHead && source_->config().decoder.tied_head ? kEmbedding : name;
  const Weight weight = source_->load(from);
  const auto* view = std::get_if<TensorView>(&weight);
  const bool half = view == nullptr || view->dtype == DType::F16 || view->dtype == DType::BF16;
  source_->release(from);
  return half;
}

Weight TransformedModel::load(std::string_view canonical) const {
  const torch::NoGradGuard no_gradients;
  const std::string name(canonical);
  if (!has(name)) throw Error(path().string() + ": the model has no tensor " + name);
  const auto view = [&](const torch::Tensor& tensor) {
    return TensorView{dtype_of(tensor), tensor.sizes().vec(),
                      {static_cast<const std::byte*>(tensor.data_ptr()), static_cast<size_t>(tensor.nbytes())},
                      path().string() + ": tensor " + name + " (transformed)"};
  };
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(name); found != held_.end()) return view(found->second);
  }
  torch::Tensor tensor = compute(name);
  if (!tensor.defined()) return source_->load(name);
  tensor = tensor.contiguous();
  if (keeps_half(name)) {
    const auto half = tensor.to(torch::kFloat16);
    if (torch::isfinite(half).all().item<bool>()) tensor = half;
  }
  const std::lock_guard lock(mutex_);
  return view(held_.emplace(name, tensor).first->second);
}

void TransformedModel::release(std::string_view canonical) const {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = held_.find(canonical); found != held_.end()) {
      held_.erase(found);
      return;
    }
  }
  if (source_->has(canonical)) source_->release(canonical);
}

std::string TransformedModel::fingerprint() const {
  Hasher hasher;
  hasher.update(source_->fingerprint());
  hasher.update(transform_.name);
  return to_hex(hasher.digest64());
}

}  // namespace qvlm::quantization
