// What follows from a VlmConfig alone.
#include "core/model/vlm_config.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/model/model.h"

namespace qvlm {

int64_t VlmConfig::parameters() const {
  int64_t total = 0;
  for (const ExpectedTensor& tensor : expected_tensors(*this))
    if (!tensor.optional) total += element_count(tensor.shape, tensor.name);
  return total;
}

std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::GELU:
      return "gelu";
    case Activation::QUICK_GELU:
      return "quick_gelu";
    case Activation::GELU_TANH:
      return "gelu_tanh";
    case Activation::SILU:
      return "silu";
    case Activation::RELU:
      return "relu";
  }
  throw Error("unknown activation");
}

std::string to_json(const VlmConfig& config) {
  nlohmann::ordered_json json;
  json["family"] = config.family;
  json["name"] = config.name;
  if (config.vision) {
    const VisionConfig& vision = *config.vision;
    json["vision"] = {{"hidden", vision.hidden},
                      {"ffn", vision.ffn},
                      {"layers", vision.layers},
                      {"file_layers", vision.file_layers},
                      {"heads", vision.heads},
                      {"image_size", vision.image_size},
                      {"patch_size", vision.patch_size},
                      {"activation", name_of(vision.activation)},
                      {"norm_epsilon", vision.norm_epsilon},
                      {"class_token", vision.class_token},
                      {"pre_norm", vision.pre_norm},
                      {"keep_class_token", vision.keep_class_token}};
    json["projector"] = {{"hidden", config.projector.hidden},
                         {"activation", name_of(config.projector.activation)},
                         {"bias", config.projector.bias}};
    const PreprocessConfig& preprocess = config.preprocess;
    json["preprocess"] = {{"fit", preprocess.fit == PreprocessConfig::Fit::PAD_SQUARE ? "pad_square" : "center_crop"},
                          {"resample", static_cast<int>(preprocess.resample)},
                          {"shortest_edge", preprocess.shortest_edge},
                          {"size", preprocess.size},
                          {"resize", preprocess.resize},
                          {"crop", preprocess.crop},
                          {"normalize", preprocess.normalize},
                          {"rescale", preprocess.rescale},
                          {"mean", preprocess.mean},
                          {"std", preprocess.std}};
  }
  const DecoderConfig& decoder = config.decoder;
  json["decoder"] = {{"hidden", decoder.hidden},
                     {"ffn", decoder.ffn},
                     {"layers", decoder.layers},
                     {"heads", decoder.heads},
                     {"kv_heads", decoder.kv_heads},
                     {"head_dim", decoder.head_dim},
                     {"vocabulary", decoder.vocabulary},
                     {"context_length", decoder.context_length},
                     {"norm_epsilon", decoder.norm_epsilon},
                     {"rope_theta", decoder.rope_theta},
                     {"activation", name_of(decoder.activation)},
                     {"attention_bias", decoder.attention_bias},
                     {"tied_head", decoder.tied_head}};
  if (decoder.query_key_norm) json["decoder"]["query_key_norm"] = true;
  if (decoder.down_hadamard > 0) json["decoder"]["down_hadamard"] = decoder.down_hadamard;
  if (decoder.site_transforms) json["decoder"]["site_transforms"] = true;
  if (const RopeScaling& rope = decoder.rope_scaling; rope.kind != RopeScaling::Kind::NONE)
    json["decoder"]["rope_scaling"] = {{"kind", rope.kind == RopeScaling::Kind::LINEAR ? "linear" : "llama3"},
                                       {"factor", rope.factor},
                                       {"low_frequency_factor", rope.low_frequency_factor},
                                       {"high_frequency_factor", rope.high_frequency_factor},
                                       {"original_context", rope.original_context}};
  const TokenConfig& tokens = config.tokens;
  json["tokens"] = {{"begin", tokens.begin},
                    {"end", tokens.end},
                    {"pad", tokens.pad},
                    {"image", tokens.image},
                    {"add_begin", tokens.add_begin}};
  json["chat_template"] = config.chat_template;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace qvlm
