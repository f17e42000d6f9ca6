// The small functions that the tower, the projector and the decoder share.
#pragma once

#include <torch/types.h>

#include "core/model/vlm_config.h"

namespace qvlm::reference {

/// x / sqrt(mean(x^2) + epsilon) * weight over the last dimension; statistics in float32 (Zhang and Sennrich 2019, as Llama rounds it).
/// x [..., hidden], weight [hidden] -> [..., hidden] in x's type.
torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

/// The activation function, elementwise.
torch::Tensor activate(const torch::Tensor& x, Activation activation);

/// softmax(q k^T / sqrt(head_dim)) v, with softmax in float32. Heads of `queries` share the heads of `keys` in groups of adjacent heads.
/// queries [batch, heads, rows, head_dim], keys and values [batch, kv_heads, tokens, head_dim] -> [batch, rows, heads * head_dim].
/// causal: row r sees the tokens 0 .. tokens - rows + r; else all.
torch::Tensor attention(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, bool causal);

/// The same with a mask: `hidden` is true where a row does not see a token, broadcast to [batch, kv_heads, heads / kv_heads, rows,
/// tokens]; undefined: every row sees every token.
torch::Tensor attention(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& hidden);

/// Keys or values [..., head_dim] as a KV cache of so many bits gives them back, in x's type. 32: unchanged; 16: rounded to float16; 8: each head's
/// greatest magnitude in float32, and channels as 127ths of it, rounded half to even. These are the engine's caches. Throws Error for other bits.
torch::Tensor as_cached(const torch::Tensor& x, int bits);

/// [batch, rows, heads * head_dim] -> [batch, heads, rows, head_dim]
torch::Tensor split_heads(const torch::Tensor& x, int64_t heads);

}  // namespace qvlm::reference
