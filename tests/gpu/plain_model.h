// A whole forward pass by plain loops (gpu/reference/): what the engine's logits are compared with.
#pragma once

#include <string>
#include <vector>

#include "core/inference/generator.h"
#include "core/model/hadamard.h"
#include "core/model/kronecker.h"
#include "core/model/model.h"
#include "gpu/reference/plain_kernels.h"
#include "gpu/rotary_table.h"

namespace qvlm {

class PlainModel {
 public:
  /// int8_cache: keys and values as an 8-bit cache holds them, else as float16.
  explicit PlainModel(const Model& model, bool int8_cache = false) : model_(model), int8_cache_(int8_cache) {}

  /// Logits at every row of the prompt. [rows, vocabulary]
  plain::Tensor logits(const std::vector<PromptPart>& parts) const {
    const DecoderConfig& d = model_.config().decoder;
    plain::Tensor features(0, static_cast<uint32_t>(d.hidden));
    std::vector<int32_t> ids;
    for (const PromptPart& part : parts) {
      if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
        ids.insert(ids.end(), tokens->begin(), tokens->end());
        continue;
      }
      const plain::Tensor picture = encode(std::get<PixelTensor>(part));
      for (uint32_t i = 0; i < picture.rows; ++i) ids.push_back(-1 - static_cast<int32_t>(features.rows++));
      features.values.insert(features.values.end(), picture.values.begin(), picture.values.end());
    }
    plain::Tensor x = plain::embed(matrix("decoder.embedding.weight"), ids, features);
    const auto heads = static_cast<uint32_t>(d.heads), kv_heads = static_cast<uint32_t>(d.kv_heads),
               head_dim = static_cast<uint32_t>(d.head_dim);
    const RotaryTable rotary = rotary_table(d, x.rows);
    for (int i = 0; i < d.layers; ++i) {
      const std::string p = "decoder." + std::to_string(i) + ".";
      const plain::Tensor normed =
          input(i, SiteKind::ATTENTION_INPUT, plain::norm(x, vector(p + "attention_norm.weight"), {}, d.norm_epsilon));
      plain::Tensor qkv = side_by_side({plain::matrix(matrix(p + "attention.query.weight"), normed),
                                        plain::matrix(matrix(p + "attention.key.weight"), normed),
                                        plain::matrix(matrix(p + "attention.value.weight"), normed)});
      if (d.query_key_norm) {
        norm_heads(qkv, 0, heads, vector(p + "attention.query_norm.weight"), d.norm_epsilon);
        norm_heads(qkv, heads, kv_heads, vector(p + "attention.key_norm.weight"), d.norm_epsilon);
      }
      plain::Tensor keys(x.rows, kv_heads * head_dim), values(x.rows, kv_heads * head_dim);
      plain::rope_kv(qkv, keys, values, rotary.cosines, rotary.sines, 0, heads, kv_heads, head_dim, !int8_cache_);
      for (plain::Tensor* kv : {&keys, &values})
        if (int8_cache_) plain::round_to_int8(*kv, head_dim);
      const plain::Tensor attended =
          input(i, SiteKind::OUTPUT_INPUT,
                plain::attention(columns(qkv, 0, heads * head_dim), keys, values, true, 0, 0, heads, kv_heads, head_dim));
      x = plain::matrix(matrix(p + "attention.output.weight"), attended, {.add = &x});
      const plain::Tensor again =
          input(i, SiteKind::MLP_INPUT, plain::norm(x, vector(p + "mlp_norm.weight"), {}, d.norm_epsilon));
      const plain::Tensor up = plain::matrix(matrix(p + "mlp.up.weight"), again);
      const plain::Tensor gated = plain::matrix(matrix(p + "mlp.gate.weight"), again,
                                                {.activate = true, .activation = d.activation, .multiply = &up});
      x = plain::matrix(matrix(p + "mlp.down.weight"), input(i, SiteKind::DOWN_INPUT, gated), {.add = &x});
    }
    return plain::matrix(matrix("decoder.head.weight"),
                         plain::norm(x, vector("decoder.norm.weight"), {}, d.norm_epsilon));
  }

  /// [image_tokens, decoder hidden]
  plain::Tensor encode(const PixelTensor& pixels) const {
    const VisionConfig& v = *model_.config().vision;
    const plain::Tensor patches =
        plain::patches(pixels.values, static_cast<uint32_t>(v.image_size), static_cast<uint32_t>(v.patch_size));
    const plain::Tensor embedded = plain::matrix(matrix("vision.patch.weight"), patches);
    plain::Tensor x(static_cast<uint32_t>(v.positions()), static_cast<uint32_t>(v.hidden));
    const std::vector<float> positions = vector("vision.position.weight");
    const std::vector<float> class_row = v.class_token ? vector("vision.class") : std::vector<float>{};
    for (uint32_t m = 0; m < x.rows; ++m)
      for (uint32_t i = 0; i < x.columns; ++i) {
        const bool is_class = v.class_token && m == 0;
        x.at(m, i) = positions[size_t{m} * x.columns + i] +
                     (is_class ? class_row[i] : embedded.at(m - (v.class_token ? 1 : 0), i));
      }
    x = plain::norm(x, vector("vision.pre_norm.weight"), vector("vision.pre_norm.bias"), v.norm_epsilon);
    const auto heads = static_cast<uint32_t>(v.heads);
    for (int i = 0; i < v.layers; ++i) {
      const std::string p = "vision." + std::to_string(i) + ".";
      const plain::Tensor normed = tower_input(
          i, SiteKind::ATTENTION_INPUT,
          plain::norm(x, vector(p + "attention_norm.weight"), vector(p + "attention_norm.bias"), v.norm_epsilon));
      const plain::Tensor attended = tower_input(
          i, SiteKind::OUTPUT_INPUT,
          plain::attention(linear(p + "attention.query", normed), linear(p + "attention.key", normed),
                           linear(p + "attention.value", normed), false, 0, x.rows, heads, heads, x.columns / heads));
      x = linear(p + "attention.output", attended, {.add = &x});
      const plain::Tensor again = tower_input(
          i, SiteKind::MLP_INPUT, plain::norm(x, vector(p + "mlp_norm.weight"), vector(p + "mlp_norm.bias"), v.norm_epsilon));
      const plain::Tensor middle =
          tower_input(i, SiteKind::DOWN_INPUT, linear(p + "mlp.up", again, {.activate = true, .activation = v.activation}));
      x = linear(p + "mlp.down", middle, {.add = &x});
    }
    plain::Tensor kept(static_cast<uint32_t>(v.image_tokens()), x.columns);
    std::copy(x.values.end() - static_cast<ptrdiff_t>(kept.values.size()), x.values.end(),
              kept.values.begin());  // without the class token
    return linear("projector.2",
                  linear("projector.0", kept, {.activate = true, .activation = model_.config().projector.activation}));
  }

 private:
  // What the site's linears read: turned, then rounded.
  plain::Tensor input(int layer, SiteKind kind, plain::Tensor x) const {
    const DecoderConfig& d = model_.config().decoder;
    if (kind == SiteKind::DOWN_INPUT && d.down_hadamard > 0) apply_hadamard(x.values, d.down_hadamard);
    if (d.site_transforms) {
      const std::string p = "decoder." + std::to_string(layer) + ".";
      const KroneckerShape shape = kronecker_shape(x.columns);
      apply_kronecker(x.values, vector(p + transform_part(kind, "left")), shape.left, vector(p + transform_part(kind, "right")),
                      shape.right);
    }
    if (!model_.activations().empty())
      quantize_activations(x.values, x.columns, model_.activations().at(static_cast<size_t>(Site{layer, kind}.index())));
    return x;
  }
  plain::Tensor tower_input(int layer, SiteKind kind, plain::Tensor x) const {
    if (!model_.vision_activations().empty())
      quantize_vision_activations(x.values, x.rows, model_.vision_activations().at(static_cast<size_t>(Site{layer, kind}.index())));
    return x;
  }
  PackedMatrix matrix(const std::string& name) const { return pack(model_.load(name), 1, name); }
  std::vector<float> vector(const std::string& name) const { return load_float(model_, name); }
  plain::Tensor linear(const std::string& name, const plain::Tensor& x, plain::Epilogue e = {}) const {
    const std::vector<float> bias = vector(name + ".bias");
    e.bias = bias;
    return plain::matrix(matrix(name + ".weight"), x, e);
  }
  static void norm_heads(plain::Tensor& x, uint32_t first, uint32_t count, const std::vector<float>& weight, float epsilon) {
    const auto head_dim = static_cast<uint32_t>(weight.size());
    for (uint32_t head = first; head < first + count; ++head) {
      const plain::Tensor normed = plain::norm(columns(x, head * head_dim, head_dim), weight, {}, epsilon);
      for (uint32_t m = 0; m < x.rows; ++m)
        for (uint32_t i = 0; i < head_dim; ++i) x.at(m, head * head_dim + i) = normed.at(m, i);
    }
  }
  static plain::Tensor columns(const plain::Tensor& x, uint32_t first, uint32_t count) {
    plain::Tensor y(x.rows, count);
    for (uint32_t m = 0; m < x.rows; ++m)
      for (uint32_t i = 0; i < count; ++i) y.at(m, i) = x.at(m, first + i);
    return y;
  }
  static plain::Tensor side_by_side(const std::vector<plain::Tensor>& parts) {
    uint32_t width = 0;
    for (const auto& part : parts) width += part.columns;
    plain::Tensor y(parts[0].rows, width);
    for (uint32_t m = 0; m < y.rows; ++m) {
      uint32_t column = 0;
      for (const auto& part : parts)
        for (uint32_t i = 0; i < part.columns; ++i) y.at(m, column++) = part.at(m, i);
    }
    return y;
  }
  const Model& model_;
  bool int8_cache_;
};

}  // namespace qvlm
