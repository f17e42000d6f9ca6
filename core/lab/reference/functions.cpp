// RMSNorm, activation functions and attention, as plainly as torch says them.
#include "core/lab/reference/functions.h"

#include <cmath>
#include <limits>
#include <string>

#include "core/base/error.h"

namespace qvlm::reference {

torch::Tensor rms_norm(const torch::Tensor& x, const torch::Tensor& weight, double epsilon) {
  const auto wide = x.to(torch::kFloat32);
  const auto normalised = wide * torch::rsqrt(wide.square().mean(-1, /*keepdim=*/true) + epsilon);
  return normalised.to(x.scalar_type()) * weight;
}

torch::Tensor activate(const torch::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::GELU: return torch::gelu(x);
    case Activation::QUICK_GELU: return x * torch::sigmoid(1.702 * x);
    case Activation::GELU_TANH: return torch::gelu(x, "tanh");
    case Activation::SILU: return torch::silu(x);
    case Activation::RELU: return torch::relu(x);
  }
  return x;
}

torch::Tensor split_heads(const torch::Tensor& x, int64_t heads) {
  return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

torch::Tensor as_cached(const torch::Tensor& x, int bits) {
  if (bits == 32) return x;
  if (bits == 16) return x.to(torch::kFloat16).to(x.scalar_type());
  if (bits != 8) throw Error::in("KV cache", "bits", "32, 16 or 8", std::to_string(bits));
  const auto wide = x.to(torch::kFloat32);
  const auto greatest = wide.abs().amax(-1, /*keepdim=*/true);
  const auto inverse = torch::where(greatest > 0, greatest.reciprocal(), torch::zeros_like(greatest));
  return ((wide * inverse * 127).round() * (greatest / 127)).to(x.scalar_type());
}

torch::Tensor attention(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, bool causal) {
  const int64_t rows = queries.size(2), tokens = keys.size(2);
  torch::Tensor hidden;
  if (causal && rows > 1) hidden = torch::ones({rows, tokens}, torch::kBool).triu(tokens - rows + 1);
  return attention(queries, keys, values, hidden);
}

torch::Tensor attention(const torch::Tensor& queries, const torch::Tensor& keys, const torch::Tensor& values, const torch::Tensor& hidden) {
  const int64_t batch = queries.size(0), heads = queries.size(1), rows = queries.size(2), head_dim = queries.size(3);
  const int64_t kv_heads = keys.size(1), tokens = keys.size(2), shared = heads / kv_heads;
  // Query heads that read the same key head become more rows of it: no copy of keys and values is made.
  const auto grouped = queries.reshape({batch, kv_heads, shared * rows, head_dim});
  auto scores = torch::matmul(grouped, keys.transpose(2, 3)) / std::sqrt(static_cast<double>(head_dim));  // [b, kv, shared * rows, tokens]
  scores = scores.to(torch::kFloat32).view({batch, kv_heads, shared, rows, tokens});
  if (hidden.defined()) scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity());
  const auto weights = torch::softmax(scores, -1).to(queries.scalar_type()).view({batch, kv_heads, shared * rows, tokens});
  const auto mixed = torch::matmul(weights, values).view({batch, heads, rows, head_dim});
  return mixed.transpose(1, 2).reshape({batch, rows, heads * head_dim});
}

}  // namespace qvlm::reference
