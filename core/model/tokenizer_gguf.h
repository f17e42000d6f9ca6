// The tokenizer in GGUF's keys.
#pragma once

#include "core/model/gguf_writer.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

/// Writes tokenizer.ggml.{model, pre, tokens, scores, token_type, merges, unknown_token_id, add_space_prefix, ...}; ids
/// of begin, end and padding, add_bos_token and the template belong to the model's description (gguf_config.h).
/// `vocabulary` is the model's number of rows: missing pieces become [PADn], pieces behind it are left out. Byte-level
/// BPE is GGUF's "gpt2"; SentencePiece's BPE, and merges with byte fallback, are "llama", the latter with scores by the
/// rank of the merge that makes a piece, which other readers may cut differently where a piece can be made in two ways.
/// Throws Error naming the tokenizer where GGUF cannot say it (unigram).
void write_tokenizer_keys(GgufWriter& writer, const TokenizerData& data, int vocabulary);

}  // namespace qvlm
