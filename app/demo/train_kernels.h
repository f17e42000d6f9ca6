// The trainer's fused operations: what the reference composes of many passes over memory, in one pass each, forward and backward, on
// bfloat16 tensors. Each is differentiable by autograd and computes what core/lab/reference computes (tests/lab_reference checks it).
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace qvlm::demo {

/// RMSNorm over the last dimension. x [rows, hidden] bfloat16, weight [hidden] bfloat16 -> [rows, hidden].
torch::Tensor fused_rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon);

/// LayerNorm over the last dimension. x [rows, hidden], weight and bias [hidden] -> [rows, hidden], bfloat16.
torch::Tensor fused_layer_norm(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias, double epsilon);

/// x W^T + bias (+ residual, where it is defined). x [rows, in], weight [out, in], bias [out], residual [rows, out], bfloat16.
torch::Tensor fused_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                           const torch::Tensor& residual = {});

/// silu(gate) * up of rows that hold gate and up side by side. x [rows, 2 * ffn] -> [rows, ffn].
torch::Tensor fused_swiglu(const torch::Tensor& x);

/// x * sigmoid(1.702 x), elementwise.
torch::Tensor fused_quick_gelu(const torch::Tensor& x);

struct AttentionShape {
  int64_t batch = 0, tokens = 0, heads = 0, kv_heads = 0, head_dim = 0;
  bool causal = true;
};

/// Rotary positions (where cos is defined: [tokens or more, head_dim] float32), grouped-query attention and the merge of heads.
/// qkv [batch * tokens, (heads + 2 kv_heads) * head_dim] bfloat16 -> [batch * tokens, heads * head_dim].
torch::Tensor fused_attention(const torch::Tensor& qkv, const torch::Tensor& cos, const torch::Tensor& sin, const AttentionShape& shape);

/// Row r is table[source[r]] for source[r] >= 0, else images[-1 - source[r]]. Gradients of the table are summed in float32.
/// table [vocabulary, hidden], images [image rows, hidden] -> [rows, hidden], bfloat16. source: int64 [rows].
torch::Tensor fused_embed(const torch::Tensor& table, const torch::Tensor& images, const torch::Tensor& source);

/// One step of AdamW (Loshchilov and Hutter 2019) on a stretch of parameters; writes the bfloat16 copy too.
struct AdamStep {
  float learning_rate = 0, beta1 = 0.9f, beta2 = 0.98f, epsilon = 1e-8f, decay = 0;
  float correction1 = 1, correction2 = 1;  // 1 - beta^step
  float gradient_scale = 1;                // of clipping
};
void adam_update(float* weight, float* first, float* second, uint16_t* rounded, const uint16_t* gradient, int64_t count,
                 const AdamStep& step);

/// Muon's momentum: first = momentum * first + gradient; ahead = gradient + momentum * first, rounded (Nesterov).
void muon_momentum(float* first, const uint16_t* gradient, uint16_t* ahead, int64_t count, float momentum);
/// weight = keep * weight - length * direction; writes the bfloat16 copy too.
void muon_update(float* weight, const uint16_t* direction, uint16_t* rounded, int64_t count, float keep, float length);

/// Sum of squares of a bfloat16 tensor.
double sum_of_squares(const torch::Tensor& x);

}  // namespace qvlm::demo
