// What a vision-language model is, whatever its checkpoint's names: the one description that the reference, the engine,
// the quantizers and the exporters see.
//
// Canonical tensor names (shapes as in PyTorch; linear weights are [out, in]; rotary pairs are (i, i + head_dim / 2), the Hugging Face
// layout):
//   vision.patch.weight [hidden, 3, patch, patch]   vision.patch.bias [hidden] (optional)
//   vision.class [hidden] (class_token)              vision.position.weight [patches + class_token, hidden]
//   vision.pre_norm.{weight,bias} (pre_norm)
//   vision.N.attention_norm.{weight,bias}            vision.N.attention.{query,key,value,output}.{weight,bias}
//   vision.N.mlp_norm.{weight,bias}                  vision.N.mlp.{up,down}.{weight,bias}
//   projector.0.{weight,bias}, projector.2.{weight,bias}    (linear, activation, linear)
//   decoder.embedding.weight [vocabulary, hidden]
//   decoder.N.attention_norm.weight                  decoder.N.attention.{query,key,value,output}.weight (.bias: attention_bias)
//   decoder.N.attention.{query_norm,key_norm}.weight [head_dim] (query_key_norm)
//   decoder.N.mlp_norm.weight                        decoder.N.mlp.{gate,up,down}.weight
//   decoder.norm.weight                              decoder.head.weight [vocabulary, hidden] (absent when tied)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qvlm {

enum class Activation { GELU, QUICK_GELU, GELU_TANH, SILU, RELU };

/// A CLIP-style vision transformer (LayerNorm with bias, learned positions).
struct VisionConfig {
  int hidden = 0;
  int ffn = 0;
  int layers = 0;       // layers that run: up to the one whose output is the feature (vision_feature_layer); later ones are not loaded
  int file_layers = 0;  // layers that the checkpoint has
  int heads = 0;
  int image_size = 0;  // pixels a side
  int patch_size = 0;
  Activation activation = Activation::QUICK_GELU;
  float norm_epsilon = 1e-5f;
  bool class_token = true;
  bool pre_norm = true;
  bool keep_class_token = false;  // feature select strategy "full"

  int patches() const { return (image_size / patch_size) * (image_size / patch_size); }
  int positions() const { return patches() + (class_token ? 1 : 0); }        // rows inside the tower
  int image_tokens() const { return patches() + (class_token && keep_class_token ? 1 : 0); }  // rows handed to the projector
};

struct ProjectorConfig {
  int hidden = 0;  // width between the two linears
  Activation activation = Activation::GELU;
  bool bias = true;
};

/// Llama-style RoPE scaling (rope_scaling of config.json). NONE, or LINEAR, or LLAMA3.
struct RopeScaling {
  enum class Kind { NONE, LINEAR, LLAMA3 } kind = Kind::NONE;
  float factor = 1, low_frequency_factor = 1, high_frequency_factor = 4;
  int original_context = 8192;
};

/// A Llama-style decoder (RMSNorm, RoPE, grouped-query attention, SwiGLU).
struct DecoderConfig {
  int hidden = 0;
  int ffn = 0;
  int layers = 0;
  int heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int vocabulary = 0;
  int context_length = 0;
  float norm_epsilon = 1e-5f;
  float rope_theta = 10000;
  RopeScaling rope_scaling;
  Activation activation = Activation::SILU;
  bool attention_bias = false;  // on query, key, value
  bool query_key_norm = false;  // RMSNorm of each head of queries and of keys before they are turned (Qwen3)
  bool tied_head = false;
  /// Online transform (QuaRot's R4): what mlp.down reads is multiplied by a Hadamard matrix in blocks of so many channels
  /// (core/model/hadamard.h) before it is quantized; mlp.down's weight holds the inverse. 0: none.
  int down_hadamard = 0;
  /// Online transforms, one a site (FlatQuant): what the site's linears read is multiplied by the Kronecker product of two small matrices
  /// (core/model/kronecker.h), tensors of the model, before it is quantized; the linears' weights hold the inverse.
  bool site_transforms = false;
};

/// From pixels to the tower's input [3, size, size].
struct PreprocessConfig {
  enum class Fit { CENTER_CROP, PAD_SQUARE } fit = Fit::CENTER_CROP;  // CLIPImageProcessor, or the original LLaVA's expand2square
  enum class Resample { NEAREST = 0, LANCZOS = 1, BILINEAR = 2, BICUBIC = 3, BOX = 4, HAMMING = 5 } resample = Resample::BICUBIC;  // PIL's numbers
  int shortest_edge = 0;  // pixels; after resizing
  int size = 0;           // pixels a side of the crop or of the padded square
  bool resize = true, crop = true, normalize = true;
  float rescale = 1.0f / 255.0f;
  std::array<float, 3> mean{0.48145466f, 0.4578275f, 0.40821073f};
  std::array<float, 3> std{0.26862954f, 0.26130258f, 0.27577711f};
};

struct TokenConfig {
  int begin = -1;           // <s>; -1: none
  std::vector<int> end;     // any of these ends an answer
  int pad = -1;
  int image = -1;           // the token that an image's embeddings replace; -1: no pictures
  bool add_begin = true;
};

struct VlmConfig {
  std::string family;  // "llava", "llama" (a decoder without a tower)
  std::string name;    // for people: the folder's or general.name
  std::optional<VisionConfig> vision;
  ProjectorConfig projector;  // meaningful with vision
  DecoderConfig decoder;
  PreprocessConfig preprocess;
  TokenConfig tokens;
  std::string chat_template;  // the checkpoint's own template text, to be recognised; empty: none given

  int64_t parameters() const;  // of what runs: vision + projector + decoder
};

/// "gelu", "quick_gelu", "gelu_tanh", "silu", "relu".
std::string_view name_of(Activation activation);

/// The whole description as one line of JSON with a fixed order of keys.
std::string to_json(const VlmConfig& config);

}  // namespace qvlm
