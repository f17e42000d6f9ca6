// The named pre-tokenizers of GGUF (tokenizer.ggml.pre) and the steps that they stand for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/tokenizer_data.h"

namespace qvlm {

/// "gpt-2", "llama-bpe", "qwen2", "smollm"; "default" for steps that have no name.
std::string name_of_pre_tokenizers(const std::vector<PreTokenizer>& steps);

/// The steps of a name; nothing for a name that is not known.
std::optional<std::vector<PreTokenizer>> pre_tokenizers_of(const std::string& name);

}  // namespace qvlm
