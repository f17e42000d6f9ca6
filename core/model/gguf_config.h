// VlmConfig and activation quantizers to and from the keys of a GGUF pair: GGUF's own keys, and `qvlm.*` for what GGUF
// has no place for.
#pragma once

#include <vector>

#include "core/model/activation_quantizer.h"
#include "core/model/gguf.h"
#include "core/model/gguf_writer.h"
#include "core/model/vision_activation.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// The decoder's part: architecture `llama`, `qwen2`, or `qvlm` (the same keys under that prefix). Throws Error naming file and
/// key.
DecoderConfig read_decoder_keys(const GgufFile& file);
/// Tower, projector and preprocessing of an mmproj file with a projector of type "mlp". Where qvlm.* keys are absent,
/// as llama.cpp reads it: padded pictures, block_count - 1 layers if clip.vision.feature_layer is absent. Throws Error
/// naming file and key.
void read_vision_keys(const GgufFile& file, VlmConfig& config);
/// Special tokens, family, name, template of the decoder's file; `config.decoder` is read already.
void read_token_keys(const GgufFile& file, VlmConfig& config);
std::vector<ActivationQuantizer> read_activation_keys(const GgufFile& file, const VlmConfig& config);

/// "gelu", "quick_gelu", ... (name_of(Activation)), or the fallback where the key is absent. Throws Error naming file
/// and key.
Activation read_activation_key(const GgufFile& file, const std::string& key, Activation fallback);

/// The order of the rotary rows of queries and keys in the file: pairs (2j, 2j + 1), as `llama` has them, or halves of a head, as `qwen2`.
bool has_interleaved_rotary(const GgufFile& file);
/// True where `llama` says all that the decoder is; otherwise its file must be of the architecture `qvlm`.
bool fits_llama_architecture(const DecoderConfig& decoder);
/// `architecture`: "llama" or "qvlm".
void write_decoder_keys(GgufWriter& writer, const VlmConfig& config, const std::string& architecture);
void write_vision_keys(GgufWriter& writer, const VlmConfig& config, const std::string& architecture);
void write_activation_keys(GgufWriter& writer, const std::vector<ActivationQuantizer>& activations);

/// Keys qvlm.vision.activations.{bits, range, counts, low, high} of the tower's file: per site its bits, 0 (dynamic) or 1 (static), how
/// many bounds it has, and the bounds of all sites one behind the other. Empty where the keys are absent. Throws Error naming file and key.
std::vector<VisionQuantizer> read_vision_activation_keys(const GgufFile& file, const VisionConfig& vision);
void write_vision_activation_keys(GgufWriter& writer, const std::vector<VisionQuantizer>& activations);

/// The factors that llama.cpp divides rotary frequencies by for Llama 3's scaling. [head_dim / 2]
std::vector<float> llama3_rope_factors(const DecoderConfig& decoder);

}  // namespace qvlm
