// The canonical tensors of a model with their shapes.
#include <string>

#include "core/model/kronecker.h"
#include "core/model/model.h"

namespace qvlm {

namespace {

class List {
 public:
  void add(std::string name, Shape shape, bool optional = false) {
    tensors_.push_back({std::move(name), std::move(shape), optional});
  }
  void linear(const std::string& name, int64_t out, int64_t in, bool bias) {
    add(name + ".weight", {out, in});
    if (bias) add(name + ".bias", {out});
  }
  void layer_norm(const std::string& name, int64_t width) {
    add(name + ".weight", {width});
    add(name + ".bias", {width});
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void add_vision(List& list, const VisionConfig& vision) {
  list.add("vision.patch.weight", {vision.hidden, 3, vision.patch_size, vision.patch_size});
  list.add("vision.patch.bias", {vision.hidden}, true);
  if (vision.class_token) list.add("vision.class", {vision.hidden});
  list.add("vision.position.weight", {vision.positions(), vision.hidden});
  if (vision.pre_norm) list.layer_norm("vision.pre_norm", vision.hidden);
  for (int i = 0; i < vision.layers; ++i) {
    const std::string layer = "vision." + std::to_string(i) + ".";
    list.layer_norm(layer + "attention_norm", vision.hidden);
    for (const char* linear : {"query", "key", "value", "output"})
      list.linear(layer + "attention." + linear, vision.hidden, vision.hidden, true);
    list.layer_norm(layer + "mlp_norm", vision.hidden);
    list.linear(layer + "mlp.up", vision.ffn, vision.hidden, true);
    list.linear(layer + "mlp.down", vision.hidden, vision.ffn, true);
  }
}

void add_transforms(List& list, const std::string& layer, const DecoderConfig& decoder) {
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const auto site = static_cast<SiteKind>(kind);
    const KroneckerShape shape = kronecker_shape(width_of(decoder, site));
    list.add(layer + transform_part(site, "left"), {shape.left, shape.left});
    list.add(layer + transform_part(site, "right"), {shape.right, shape.right});
  }
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const VlmConfig& config) {
  List list;
  const DecoderConfig& decoder = config.decoder;
  if (config.vision) {
    add_vision(list, *config.vision);
    list.linear("projector.0", config.projector.hidden, config.vision->hidden, config.projector.bias);
    list.linear("projector.2", decoder.hidden, config.projector.hidden, config.projector.bias);
  }
  const int64_t width = int64_t{decoder.heads} * decoder.head_dim,
                kv_width = int64_t{decoder.kv_heads} * decoder.head_dim;
  list.add("decoder.embedding.weight", {decoder.vocabulary, decoder.hidden});
  for (int i = 0; i < decoder.layers; ++i) {
    const std::string layer = "decoder." + std::to_string(i) + ".";
    list.add(layer + "attention_norm.weight", {decoder.hidden});
    list.linear(layer + "attention.query", width, decoder.hidden, decoder.attention_bias);
    list.linear(layer + "attention.key", kv_width, decoder.hidden, decoder.attention_bias);
    list.linear(layer + "attention.value", kv_width, decoder.hidden, decoder.attention_bias);
    if (decoder.query_key_norm)
      for (const char* norm : {"query_norm", "key_norm"}) list.add(layer + "attention." + norm + ".weight", {decoder.head_dim});
    list.linear(layer + "attention.output", decoder.hidden, width, false);
    list.add(layer + "mlp_norm.weight", {decoder.hidden});
    list.linear(layer + "mlp.gate", decoder.ffn, decoder.hidden, false);
    list.linear(layer + "mlp.up", decoder.ffn, decoder.hidden, false);
    list.linear(layer + "mlp.down", decoder.hidden, decoder.ffn, false);
    if (decoder.site_transforms) add_transforms(list, layer, decoder);
  }
  list.add("decoder.norm.weight", {decoder.hidden});
  if (!decoder.tied_head) list.add("decoder.head.weight", {decoder.vocabulary, decoder.hidden});
  return list.take();
}

}  // namespace qvlm
