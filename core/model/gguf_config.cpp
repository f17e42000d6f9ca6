// Keys of the decoder's file, of its tokens and of its activations.
#include "core/model/gguf_config.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/model/hadamard.h"
#include "core/model/sites.h"

namespace qvlm {

namespace {

constexpr const char* kRopeFactors = "rope_freqs.weight";

// Llama 3's published settings; a file of llama.cpp holds only the factors that follow from them.
void recognise_rope_factors(const GgufFile& file, DecoderConfig& decoder) {
  const GgufTensor& tensor = file.tensor(kRopeFactors);
  const auto factors = dequantize_blocks(tensor.type, tensor.bytes, tensor.origin);
  for (float factor : {8.0f, 32.0f, 16.0f}) {
    decoder.rope_scaling = {RopeScaling::Kind::LLAMA3, factor, 1, 4, 8192};
    const auto expected = llama3_rope_factors(decoder);
    if (factors.size() == expected.size() && std::equal(factors.begin(), factors.end(), expected.begin(),
                                                        [](float a, float b) { return std::abs(a - b) <= 1e-4f * b; }))
      return;
  }
  throw Error(tensor.origin + ": these rotary factors are of no known setting (Llama 3's: factor 8, 16 or 32)");
}

void read_rope(const GgufFile& file, const std::string& prefix, DecoderConfig& decoder) {
  decoder.rope_theta = static_cast<float>(file.number_or(prefix + "rope.freq_base", 10000));
  if (!(decoder.rope_theta > 0))
    throw Error::in(file.file(), prefix + "rope.freq_base", "a positive number", std::to_string(decoder.rope_theta));
  if (const auto dimensions = file.integer_or(prefix + "rope.dimension_count", decoder.head_dim);
      dimensions != decoder.head_dim)
    throw Error::in(file.file(), prefix + "rope.dimension_count", std::to_string(decoder.head_dim),
                    std::to_string(dimensions));
  if (file.has_key("qvlm.rope.llama3")) {
    const auto values = file.numbers("qvlm.rope.llama3");
    if (values.size() != 4)
      throw Error::in(file.file(), "qvlm.rope.llama3", "four numbers", std::to_string(values.size()));
    decoder.rope_scaling = {RopeScaling::Kind::LLAMA3, static_cast<float>(values[0]), static_cast<float>(values[1]),
                            static_cast<float>(values[2]), static_cast<int>(std::clamp(values[3], 1.0, 1e9))};
    return;
  }
  if (file.has_tensor(kRopeFactors)) {
    recognise_rope_factors(file, decoder);
    return;
  }
  const auto type = file.text_or(prefix + "rope.scaling.type", "none");
  if (type == "none") return;
  if (type != "linear")
    throw Error::in(file.file(), prefix + "rope.scaling.type", "none or linear", "\"" + type + "\"");
  decoder.rope_scaling.kind = RopeScaling::Kind::LINEAR;
  decoder.rope_scaling.factor = static_cast<float>(file.number(prefix + "rope.scaling.factor"));
  decoder.rope_scaling.original_context =
      static_cast<int>(file.integer_or(prefix + "rope.scaling.original_context_length", decoder.context_length));
}

int token_id(const GgufFile& file, const std::string& key, int vocabulary) {
  const int64_t id = file.integer_or(key, -1);
  // llama.cpp writes 4294967295 for none.
  if (id == -1 || id == 0xffffffffLL) return -1;
  if (id < 0 || id >= vocabulary)
    throw Error::in(file.file(), key, fmt::format("a token of the vocabulary's {}", vocabulary), std::to_string(id));
  return static_cast<int>(id);
}

}  // namespace

Activation read_activation_key(const GgufFile& file, const std::string& key, Activation fallback) {
  if (!file.has_key(key)) return fallback;
  for (Activation activation :
       {Activation::GELU, Activation::QUICK_GELU, Activation::GELU_TANH, Activation::SILU, Activation::RELU})
    if (name_of(activation) == file.text(key)) return activation;
  throw Error::in(file.file(), key, "gelu, quick_gelu, gelu_tanh, silu or relu", "\"" + file.text(key) + "\"");
}

std::vector<float> llama3_rope_factors(const DecoderConfig& decoder) {
  const RopeScaling& rope = decoder.rope_scaling;
  const double low = rope.original_context / rope.low_frequency_factor,
               high = rope.original_context / rope.high_frequency_factor;
  std::vector<float> factors;
  for (int i = 0; i < decoder.head_dim / 2; ++i) {
    const double wavelength =
        2 * std::numbers::pi * std::pow(static_cast<double>(decoder.rope_theta), 2.0 * i / decoder.head_dim);
    if (wavelength < high) {
      factors.push_back(1);
    } else if (wavelength > low) {
      factors.push_back(rope.factor);
    } else {
      const double smooth = (rope.original_context / wavelength - rope.low_frequency_factor) /
                            (rope.high_frequency_factor - rope.low_frequency_factor);
      factors.push_back(static_cast<float>(1 / ((1 - smooth) / rope.factor + smooth)));
    }
  }
  return factors;
}

DecoderConfig read_decoder_keys(const GgufFile& file) {
  const std::string& architecture = file.text("general.architecture");
  if (architecture != "llama" && architecture != "qwen2" && architecture != "qwen3" && architecture != "qvlm")
    throw Error::in(
        file.file(), "general.architecture", "llama, qwen2 or qwen3 (or qvlm)",
        "\"" + architecture + "\"" + (architecture == "clip" ? ", a vision tower: give it with --vision" : ""));
  const std::string prefix = architecture + ".";
  DecoderConfig decoder;
  decoder.hidden = file.size(prefix + "embedding_length");
  decoder.layers = file.size(prefix + "block_count", 4096);
  decoder.ffn = file.size(prefix + "feed_forward_length");
  decoder.heads = file.size(prefix + "attention.head_count", 4096);
  decoder.kv_heads = file.has_key(prefix + "attention.head_count_kv")
                         ? file.size(prefix + "attention.head_count_kv", 4096)
                         : decoder.heads;
  decoder.context_length = file.size(prefix + "context_length", 1 << 28);
  decoder.norm_epsilon = static_cast<float>(file.number(prefix + "attention.layer_norm_rms_epsilon"));
  if (file.integer_or(prefix + "expert_count", 0) != 0)
    throw Error::in(file.file(), prefix + "expert_count", "0", std::to_string(file.integer(prefix + "expert_count")));
  if (!(decoder.norm_epsilon > 0))
    throw Error::in(file.file(), prefix + "attention.layer_norm_rms_epsilon", "a positive number",
                    std::to_string(decoder.norm_epsilon));
  if (decoder.heads % decoder.kv_heads != 0)
    throw Error::in(file.file(), prefix + "attention.head_count",
                    fmt::format("a multiple of head_count_kv ({})", decoder.kv_heads), std::to_string(decoder.heads));
  if (!file.has_key(prefix + "attention.key_length") && decoder.hidden % decoder.heads != 0)
    throw Error::in(file.file(), prefix + "embedding_length",
                    fmt::format("a multiple of head_count ({})", decoder.heads), std::to_string(decoder.hidden));
  decoder.head_dim = file.has_key(prefix + "attention.key_length") ? file.size(prefix + "attention.key_length", 8192)
                                                                   : decoder.hidden / decoder.heads;
  if (decoder.head_dim % 2 != 0)
    throw Error::in(file.file(), prefix + "attention.key_length", "an even number", std::to_string(decoder.head_dim));
  if (const auto width = file.integer_or(prefix + "attention.value_length", decoder.head_dim);
      width != decoder.head_dim)
    throw Error::in(file.file(), prefix + "attention.value_length", std::to_string(decoder.head_dim),
                    std::to_string(width));
  const int64_t rows = file.has_tensor("token_embd.weight") ? file.tensor("token_embd.weight").shape[0] : 0;
  decoder.vocabulary = rows > 0 && rows < 1 << 24 ? static_cast<int>(rows) : file.size(prefix + "vocab_size", 1 << 24);
  decoder.attention_bias = file.has_tensor("blk.0.attn_q.bias");
  decoder.query_key_norm = architecture == "qwen3" || file.has_tensor("blk.0.attn_q_norm.weight");
  decoder.tied_head = !file.has_tensor("output.weight") && !file.has_tensor("output.weight.codes");
  decoder.activation = read_activation_key(file, "qvlm.activation", Activation::SILU);
  if (file.has_key("qvlm.down_hadamard")) {
    const int64_t block = file.integer("qvlm.down_hadamard");
    if (block < 2 || block > decoder.ffn || decoder.ffn % block != 0 || !hadamard_order(block))
      throw Error::in(file.file(), "qvlm.down_hadamard",
                      fmt::format("an order of a Hadamard matrix that divides {}", decoder.ffn), std::to_string(block));
    decoder.down_hadamard = static_cast<int>(block);
  }
  decoder.site_transforms = file.flag_or("qvlm.site_transforms", false);
  read_rope(file, prefix, decoder);
  return decoder;
}

void read_token_keys(const GgufFile& file, VlmConfig& config) {
  const int vocabulary = config.decoder.vocabulary;
  TokenConfig& tokens = config.tokens;
  const std::string& architecture = file.text("general.architecture");
  config.family = file.text_or("qvlm.family", config.vision ? "llava" : architecture == "qvlm" ? "llama" : architecture);
  config.name = file.text_or("general.name", std::filesystem::path(file.file()).stem().string());
  config.chat_template = file.text_or("tokenizer.chat_template", "");
  tokens.begin = token_id(file, "tokenizer.ggml.bos_token_id", vocabulary);
  tokens.pad = token_id(file, "tokenizer.ggml.padding_token_id", vocabulary);
  tokens.add_begin = tokens.begin >= 0 &&
                     file.flag_or("tokenizer.ggml.add_bos_token", file.text_or("tokenizer.ggml.model", "") == "llama");
  tokens.end.clear();
  if (file.has_key("qvlm.end_tokens")) {
    for (int64_t id : file.integers("qvlm.end_tokens")) {
      if (id < 0 || id >= vocabulary)
        throw Error::in(file.file(), "qvlm.end_tokens", fmt::format("tokens of the vocabulary's {}", vocabulary),
                        std::to_string(id));
      tokens.end.push_back(static_cast<int>(id));
    }
  } else {
    for (const char* key :
         {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
      if (const int id = token_id(file, key, vocabulary);
          id >= 0 && std::find(tokens.end.begin(), tokens.end.end(), id) == tokens.end.end())
        tokens.end.push_back(id);
  }
  if (!config.vision) return;
  if (file.has_key("qvlm.image_token")) {
    const int64_t id = file.integer("qvlm.image_token");
    if (id < 0 || id > vocabulary)
      throw Error::in(file.file(), "qvlm.image_token", fmt::format("0 to {}", vocabulary), std::to_string(id));
    tokens.image = static_cast<int>(id);
    return;
  }
  // A pair made by llama.cpp's tools: its vocabulary may have the token; else the first id behind it stands for
  // pictures.
  tokens.image = vocabulary;
  if (file.has_key("tokenizer.ggml.tokens")) {
    const auto& pieces = file.texts("tokenizer.ggml.tokens");
    if (const auto found = std::find(pieces.begin(), pieces.end(), "<image>");
        found != pieces.end() && found - pieces.begin() < vocabulary)
      tokens.image = static_cast<int>(found - pieces.begin());
  }
}

std::vector<ActivationQuantizer> read_activation_keys(const GgufFile& file, const VlmConfig& config) {
  std::vector<ActivationQuantizer> result;
  if (!file.has_key("qvlm.activations.granularity")) return result;
  const auto granularity = file.integers("qvlm.activations.granularity"), bits = file.integers("qvlm.activations.bits"),
             group = file.integers("qvlm.activations.group");
  const auto low = file.numbers("qvlm.activations.low"), high = file.numbers("qvlm.activations.high"),
             clip = file.numbers("qvlm.activations.clip");
  const auto sites = static_cast<size_t>(config.decoder.layers * kSitesPerLayer);
  for (size_t size : {granularity.size(), bits.size(), group.size(), low.size(), high.size(), clip.size()})
    if (size != sites)
      throw Error::in(file.file(), "qvlm.activations.*", fmt::format("{} entries (four a layer)", sites),
                      std::to_string(size));
  for (size_t i = 0; i < sites; ++i) {
    if (granularity[i] < 0 || granularity[i] > 3)
      throw Error::in(file.file(), "qvlm.activations.granularity", "0 to 3", std::to_string(granularity[i]));
    if (bits[i] < 2 || bits[i] > 16)
      throw Error::in(file.file(), "qvlm.activations.bits", "2 to 16", std::to_string(bits[i]));
    ActivationQuantizer quantizer{static_cast<ActivationGranularity>(granularity[i]),
                                  static_cast<int>(bits[i]),
                                  group[i],
                                  static_cast<float>(low[i]),
                                  static_cast<float>(high[i]),
                                  static_cast<float>(clip[i])};
    const int width = width_of(config.decoder, Site::at(static_cast<int>(i)).kind);
    if (quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP &&
        (quantizer.group <= 0 || width % quantizer.group != 0))
      throw Error::in(file.file(), "qvlm.activations.group", fmt::format("a divisor of {}", width),
                      std::to_string(quantizer.group));
    if (!std::isfinite(quantizer.low) || !std::isfinite(quantizer.high) || !std::isfinite(quantizer.clip))
      throw Error::in(file.file(), "qvlm.activations", "finite bounds", "infinity or NaN");
    result.push_back(quantizer);
  }
  return result;
}

bool has_interleaved_rotary(const GgufFile& file) {
  const std::string& architecture = file.text("general.architecture");
  return architecture != "qwen2" && architecture != "qwen3";
}

bool fits_llama_architecture(const DecoderConfig& decoder) {
  return decoder.activation == Activation::SILU && decoder.down_hadamard == 0 && !decoder.site_transforms && !decoder.query_key_norm;
}

void write_decoder_keys(GgufWriter& writer, const VlmConfig& config, const std::string& architecture) {
  const DecoderConfig& decoder = config.decoder;
  const std::string prefix = architecture + ".";
  const auto u32 = [&](const std::string& key, int value) { writer.set_u32(key, static_cast<uint32_t>(value)); };
  writer.set_text("general.architecture", architecture);
  writer.set_text("general.type", "model");
  writer.set_text("general.name", config.name);
  writer.set_u32("general.quantization_version", 2);
  u32(prefix + "vocab_size", decoder.vocabulary);
  u32(prefix + "context_length", decoder.context_length);
  u32(prefix + "embedding_length", decoder.hidden);
  u32(prefix + "block_count", decoder.layers);
  u32(prefix + "feed_forward_length", decoder.ffn);
  u32(prefix + "attention.head_count", decoder.heads);
  u32(prefix + "attention.head_count_kv", decoder.kv_heads);
  u32(prefix + "attention.key_length", decoder.head_dim);
  u32(prefix + "attention.value_length", decoder.head_dim);
  writer.set_f32(prefix + "attention.layer_norm_rms_epsilon", decoder.norm_epsilon);
  u32(prefix + "rope.dimension_count", decoder.head_dim);
  writer.set_f32(prefix + "rope.freq_base", decoder.rope_theta);
  const RopeScaling& rope = decoder.rope_scaling;
  if (rope.kind == RopeScaling::Kind::LINEAR) {
    writer.set_text(prefix + "rope.scaling.type", "linear");
    writer.set_f32(prefix + "rope.scaling.factor", rope.factor);
    u32(prefix + "rope.scaling.original_context_length", rope.original_context);
  } else if (rope.kind == RopeScaling::Kind::LLAMA3) {
    writer.set_f32s("qvlm.rope.llama3", {rope.factor, rope.low_frequency_factor, rope.high_frequency_factor,
                                         static_cast<float>(rope.original_context)});
    const auto factors = llama3_rope_factors(decoder);
    writer.add(kRopeFactors, GgufType::F32, {static_cast<int64_t>(factors.size())}, std::as_bytes(std::span(factors)));
  }
  if (decoder.activation != Activation::SILU) writer.set_text("qvlm.activation", name_of(decoder.activation));
  if (decoder.down_hadamard > 0) writer.set_i32("qvlm.down_hadamard", decoder.down_hadamard);
  if (decoder.site_transforms) writer.set_bool("qvlm.site_transforms", true);
  writer.set_text("qvlm.family", config.family);
  writer.set_i32s("qvlm.end_tokens", config.tokens.end);
  if (config.tokens.image >= 0) writer.set_i32("qvlm.image_token", config.tokens.image);
  if (config.tokens.begin >= 0) u32("tokenizer.ggml.bos_token_id", config.tokens.begin);
  if (!config.tokens.end.empty()) u32("tokenizer.ggml.eos_token_id", config.tokens.end.front());
  if (config.tokens.pad >= 0) u32("tokenizer.ggml.padding_token_id", config.tokens.pad);
  writer.set_bool("tokenizer.ggml.add_bos_token", config.tokens.add_begin);
  if (!config.chat_template.empty()) writer.set_text("tokenizer.chat_template", config.chat_template);
}

void write_activation_keys(GgufWriter& writer, const std::vector<ActivationQuantizer>& activations) {
  if (activations.empty()) return;
  std::vector<int32_t> granularity, bits, group;
  std::vector<float> low, high, clip;
  for (const ActivationQuantizer& quantizer : activations) {
    granularity.push_back(static_cast<int32_t>(quantizer.granularity));
    bits.push_back(quantizer.bits);
    group.push_back(static_cast<int32_t>(quantizer.group));
    low.push_back(quantizer.low);
    high.push_back(quantizer.high);
    clip.push_back(quantizer.clip);
  }
  writer.set_i32s("qvlm.activations.granularity", granularity);
  writer.set_i32s("qvlm.activations.bits", bits);
  writer.set_i32s("qvlm.activations.group", group);
  writer.set_f32s("qvlm.activations.low", low);
  writer.set_f32s("qvlm.activations.high", high);
  writer.set_f32s("qvlm.activations.clip", clip);
}

}  // namespace qvlm
