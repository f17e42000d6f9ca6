// Reads Llama-style configurations.
#include "core/model/families/llama.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace qvlm {

namespace {

// What transformers assumes where config.json is silent.
struct Defaults {
  int hidden, ffn, layers, heads, kv_heads /* 0: as heads */, vocabulary, context, sliding_window;
  float epsilon, theta;
};

const std::map<std::string, Defaults>& defaults() {
  static const std::map<std::string, Defaults> table{
      {"llama", {4096, 11008, 32, 32, 0, 32000, 2048, 0, 1e-6f, 10000}},
      {"mistral", {4096, 14336, 32, 32, 8, 32000, 131072, 4096, 1e-6f, 10000}},
  };
  return table;
}

RopeScaling read_rope_scaling(const Json& scaling, const std::string& file, int context) {
  RopeScaling result;
  const std::string type = has_field(scaling, "rope_type") ? field<std::string>(scaling, "rope_type", file)
                                                           : field_or<std::string>(scaling, "type", file, "default");
  if (type == "default") return result;
  if (type != "linear" && type != "llama3")
    throw Error::in(file, "rope_type", "\"default\", \"linear\" or \"llama3\"", "\"" + type + "\"");
  result.kind = type == "linear" ? RopeScaling::Kind::LINEAR : RopeScaling::Kind::LLAMA3;
  result.factor = field<float>(scaling, "factor", file);
  if (!(result.factor >= 1)) throw Error::in(file, "rope scaling factor", "1 or more", std::to_string(result.factor));
  if (result.kind == RopeScaling::Kind::LLAMA3) {
    result.low_frequency_factor = field<float>(scaling, "low_freq_factor", file);
    result.high_frequency_factor = field<float>(scaling, "high_freq_factor", file);
    if (!(result.high_frequency_factor > result.low_frequency_factor) || !(result.low_frequency_factor > 0))
      throw Error::in(file, "high_freq_factor", "more than low_freq_factor, both positive",
                      std::to_string(result.high_frequency_factor));
  }
  result.original_context = read_size(scaling, "original_max_position_embeddings", file, context, 1 << 28);
  return result;
}

}  // namespace

int read_size(const Json& config, const std::string& key, const std::string& file, int fallback, int most) {
  const int value = field_or<int>(config, key, file, fallback);
  if (value < 1 || value > most) throw Error::in(file, key, fmt::format("1 to {}", most), std::to_string(value));
  return value;
}

Activation read_activation(const Json& config, const std::string& key, const std::string& file,
                           const std::string& fallback) {
  static const std::map<std::string, Activation> known{{"gelu", Activation::GELU},
                                                       {"quick_gelu", Activation::QUICK_GELU},
                                                       {"gelu_pytorch_tanh", Activation::GELU_TANH},
                                                       {"gelu_new", Activation::GELU_TANH},
                                                       {"gelu_fast", Activation::GELU_TANH},
                                                       {"silu", Activation::SILU},
                                                       {"swish", Activation::SILU},
                                                       {"relu", Activation::RELU}};
  const auto name = field_or<std::string>(config, key, file, fallback);
  const auto found = known.find(name);
  if (found == known.end())
    throw Error::in(file, key, "gelu, quick_gelu, gelu_pytorch_tanh, silu or relu", "\"" + name + "\"");
  return found->second;
}

DecoderConfig read_llama_config(const Json& config, const std::string& file) {
  const auto type = field_or<std::string>(config, "model_type", file, "llama");
  // LLaVA's own model types put the decoder's fields beside the tower's.
  const bool llava = type == "llava" || type == "llava_llama";
  const auto found = defaults().find(llava ? "llama" : type == "llava_mistral" ? "mistral" : type);
  if (found == defaults().end())
    throw Error::in(file, "model_type of the decoder", "llama or mistral", "\"" + type + "\"");
  const Defaults& standard = found->second;

  DecoderConfig decoder;
  decoder.hidden = read_size(config, "hidden_size", file, standard.hidden);
  decoder.ffn = read_size(config, "intermediate_size", file, standard.ffn);
  decoder.layers = read_size(config, "num_hidden_layers", file, standard.layers, 4096);
  decoder.heads = read_size(config, "num_attention_heads", file, standard.heads, 4096);
  decoder.kv_heads =
      read_size(config, "num_key_value_heads", file, standard.kv_heads > 0 ? standard.kv_heads : decoder.heads, 4096);
  if (!has_field(config, "head_dim") && decoder.hidden % decoder.heads != 0)
    throw Error::in(file, "hidden_size", fmt::format("a multiple of num_attention_heads ({})", decoder.heads),
                    std::to_string(decoder.hidden));
  decoder.head_dim = read_size(config, "head_dim", file, decoder.hidden / decoder.heads, 8192);
  decoder.vocabulary = read_size(config, "vocab_size", file, standard.vocabulary, 1 << 24);
  decoder.context_length = read_size(config, "max_position_embeddings", file, standard.context, 1 << 28);
  decoder.norm_epsilon = field_or<float>(config, "rms_norm_eps", file, standard.epsilon);
  decoder.activation = read_activation(config, "hidden_act", file, "silu");
  decoder.attention_bias = field_or<bool>(config, "attention_bias", file, false);
  decoder.tied_head = field_or<bool>(config, "tie_word_embeddings", file, false);

  // transformers 5 writes rope_parameters, earlier versions rope_theta and rope_scaling.
  decoder.rope_theta = field_or<float>(config, "rope_theta", file, standard.theta);
  for (const char* key : {"rope_scaling", "rope_parameters"})
    if (has_field(config, key)) {
      const Json& rope = object_field(config, key, file);
      decoder.rope_theta = field_or<float>(rope, "rope_theta", file + ": " + key, decoder.rope_theta);
      decoder.rope_scaling = read_rope_scaling(rope, file + ": " + key, decoder.context_length);
      if (field_or<float>(rope, "partial_rotary_factor", file + ": " + key, 1) != 1)
        throw Error::in(file, "partial_rotary_factor", "1", "another factor");
    }

  if (decoder.heads % decoder.kv_heads != 0)
    throw Error::in(file, "num_attention_heads",
                    fmt::format("a multiple of num_key_value_heads ({})", decoder.kv_heads),
                    std::to_string(decoder.heads));
  if (decoder.head_dim % 2 != 0) throw Error::in(file, "head_dim", "an even number", std::to_string(decoder.head_dim));
  if (!(decoder.norm_epsilon > 0))
    throw Error::in(file, "rms_norm_eps", "a positive number", std::to_string(decoder.norm_epsilon));
  if (!(decoder.rope_theta > 0))
    throw Error::in(file, "rope_theta", "a positive number", std::to_string(decoder.rope_theta));
  if (decoder.attention_bias)
    throw Error::in(file, "attention_bias",
                    "false (Llama's biased attention has one on its output too, which is not supported)", "true");
  if (field_or<bool>(config, "mlp_bias", file, false)) throw Error::in(file, "mlp_bias", "false", "true");

  // Within its window a sliding attention is the full one, so the window bounds the context.
  const int window = config.contains("sliding_window") && config["sliding_window"].is_null()
                         ? 0
                         : field_or<int>(config, "sliding_window", file, standard.sliding_window);
  if (window > 0) decoder.context_length = std::min(decoder.context_length, window);
  return decoder;
}

NameGroup llama_names(std::vector<std::string_view> prefixes) {
  return {std::move(prefixes),
          {
              {"embed_tokens.weight", "decoder.embedding.weight"},
              {"norm.weight", "decoder.norm.weight"},
              {"layers.#.input_layernorm.weight", "decoder.#.attention_norm.weight"},
              {"layers.#.self_attn.q_proj.*", "decoder.#.attention.query.*"},
              {"layers.#.self_attn.k_proj.*", "decoder.#.attention.key.*"},
              {"layers.#.self_attn.v_proj.*", "decoder.#.attention.value.*"},
              {"layers.#.self_attn.o_proj.*", "decoder.#.attention.output.*"},
              {"layers.#.post_attention_layernorm.weight", "decoder.#.mlp_norm.weight"},
              {"layers.#.mlp.gate_proj.*", "decoder.#.mlp.gate.*"},
              {"layers.#.mlp.up_proj.*", "decoder.#.mlp.up.*"},
              {"layers.#.mlp.down_proj.*", "decoder.#.mlp.down.*"},
          },
          {"layers.#.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"}};
}

NameGroup llama_head_names(std::vector<std::string_view> prefixes) {
  return {std::move(prefixes), {{"lm_head.weight", "decoder.head.weight"}}, {}};
}

Family llama_family() {
  return {"llama", {"llama", "mistral"}, [](const CheckpointFolder& folder) {
            FamilyDescription description;
            description.config.family = "llama";
            description.config.decoder = read_llama_config(folder.config, folder.config_file);
            description.names = {llama_names({"model."}), llama_head_names({""})};
            return description;
          }};
}

}  // namespace qvlm
