// Llama-style decoders: configuration (llama, mistral), names, and the family of decoders without a tower.
#pragma once

#include <string>

#include "core/model/families/family.h"

namespace qvlm {

Family llama_family();

/// The decoder's part of a config.json (or its text_config), with the defaults of its model_type. `file` names it in
/// messages. Throws Error: an unknown model_type, sizes that do not fit, features that no part of the program computes.
DecoderConfig read_llama_config(const Json& config, const std::string& file);

/// Names under the prefixes of a decoder ("model." and so on) and of its head ("lm_head." without its dot and rest).
NameGroup llama_names(std::vector<std::string_view> prefixes);
NameGroup llama_head_names(std::vector<std::string_view> prefixes);

/// "gelu", "quick_gelu", "gelu_pytorch_tanh", "silu", ... Throws Error naming file and key.
Activation read_activation(const Json& config, const std::string& key, const std::string& file,
                           const std::string& fallback);

/// A positive size no larger than `most`. Throws Error naming file and key.
int read_size(const Json& config, const std::string& key, const std::string& file, int fallback, int most = 1 << 20);

}  // namespace qvlm
