// The fused operations. Loops are written for the compiler's vectorizer and compiled for several instruction sets; this file alone is
// compiled with -O3 -ffast-math (no infinities or NaNs occur inside it).
#include "app/demo/train_kernels.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <cstring>

#include "app/demo/train_rows.h"


namespace qvlm::demo {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

namespace {

struct RmsNormFunction : torch::autograd::Function<RmsNormFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, double epsilon) {
    const int64_t rows = x.size(0), hidden = x.size(1);
    Tensor y = torch::empty_like(x);
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      rms_norm_rows(data(x) + begin * hidden, data(weight), data(y) + begin * hidden, end - begin, hidden, static_cast<float>(epsilon));
    });
    context->save_for_backward({x, weight});
    context->saved_data["epsilon"] = epsilon;
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const Tensor g = gradients[0].contiguous();
    const int64_t rows = x.size(0), hidden = x.size(1);
    const float epsilon = static_cast<float>(context->saved_data["epsilon"].toDouble());
    Tensor dx = torch::empty_like(x);
    const Tensor sums = torch::zeros({at::get_num_threads(), hidden}, torch::kFloat32);  // one row a thread
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      rms_norm_rows_backward(data(x) + begin * hidden, data(weight), data(g) + begin * hidden, data(dx) + begin * hidden,
                             sums.data_ptr<float>() + at::get_thread_num() * hidden, end - begin, hidden, epsilon);
    });
    return {dx, sums.sum(0).to(torch::kBFloat16), Tensor()};
  }
};

struct LayerNormFunction : torch::autograd::Function<LayerNormFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
    const int64_t rows = x.size(0), hidden = x.size(1);
    Tensor y = torch::empty_like(x);
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      layer_norm_rows(data(x) + begin * hidden, data(weight), data(bias), data(y) + begin * hidden, end - begin, hidden,
                      static_cast<float>(epsilon));
    });
    context->save_for_backward({x, weight});
    context->saved_data["epsilon"] = epsilon;
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1];
    const Tensor g = gradients[0].contiguous();
    const int64_t rows = x.size(0), hidden = x.size(1);
    const float epsilon = static_cast<float>(context->saved_data["epsilon"].toDouble());
    Tensor dx = torch::empty_like(x);
    const Tensor sums = torch::zeros({2, at::get_num_threads(), hidden}, torch::kFloat32);  // one row a thread
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      float* dweight = sums.data_ptr<float>() + at::get_thread_num() * hidden;
      layer_norm_rows_backward(data(x) + begin * hidden, data(weight), data(g) + begin * hidden, data(dx) + begin * hidden, dweight,
                               dweight + sums.size(1) * hidden, end - begin, hidden, epsilon);
    });
    const Tensor summed = sums.sum(1).to(torch::kBFloat16);
    return {dx, summed[0], summed[1], Tensor()};
  }
};

struct LinearFunction : torch::autograd::Function<LinearFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
    const Tensor y = torch::mm(x, weight.t());
    const int64_t rows = y.size(0), width = y.size(1);
    const Bf16* const added = residual.numel() > 0 ? data(residual) : nullptr;
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      add_bias_rows(data(y) + begin * width, data(bias), added ? added + begin * width : nullptr, end - begin, width);
    });
    context->save_for_backward({x, weight});
    context->saved_data["residual"] = added != nullptr;
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor g = gradients[0].contiguous();
    const int64_t rows = g.size(0), width = g.size(1);
    const Tensor sums = torch::zeros({at::get_num_threads(), width}, torch::kFloat32);
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      add_rows(sums.data_ptr<float>() + at::get_thread_num() * width, data(g) + begin * width, end - begin, width);
    });
    return {torch::mm(g, saved[1]), torch::mm(g.t(), saved[0]), sums.sum(0).to(torch::kBFloat16),
            context->saved_data["residual"].toBool() ? g : Tensor()};
  }
};

struct SwigluFunction : torch::autograd::Function<SwigluFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    const int64_t rows = x.size(0), ffn = x.size(1) / 2;
    Tensor y = torch::empty({rows, ffn}, x.options());
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      swiglu_rows(data(x) + begin * 2 * ffn, data(y) + begin * ffn, end - begin, ffn);
    });
    context->save_for_backward({x});
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor x = context->get_saved_variables()[0];
    const Tensor g = gradients[0].contiguous();
    const int64_t rows = x.size(0), ffn = x.size(1) / 2;
    Tensor dx = torch::empty_like(x);
    at::parallel_for(0, rows, 64, [&](int64_t begin, int64_t end) {
      swiglu_rows_backward(data(x) + begin * 2 * ffn, data(g) + begin * ffn, data(dx) + begin * 2 * ffn, end - begin, ffn);
    });
    return {dx};
  }
};

struct QuickGeluFunction : torch::autograd::Function<QuickGeluFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x) {
    Tensor y = torch::empty_like(x);
    at::parallel_for(0, x.numel(), 16384, [&](int64_t begin, int64_t end) { quick_gelu_range(data(x) + begin, data(y) + begin, end - begin); });
    context->save_for_backward({x});
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor x = context->get_saved_variables()[0];
    const Tensor g = gradients[0].contiguous();
    Tensor dx = torch::empty_like(x);
    at::parallel_for(0, x.numel(), 16384, [&](int64_t begin, int64_t end) {
      quick_gelu_range_backward(data(x) + begin, data(g) + begin, data(dx) + begin, end - begin);
    });
    return {dx};
  }
};

// Where head `head` of token (b, t) lies in a tensor [batch * kv_heads, shared * tokens, head_dim], in rows.
int64_t grouped_row(const AttentionShape& s, int64_t heads, int64_t b, int64_t head, int64_t t) {
  const int64_t shared = heads / s.kv_heads;
  return ((b * s.kv_heads + head / shared) * shared + head % shared) * s.tokens + t;
}

// Splits (to_heads) or merges the heads of rows [batch * tokens, width], of which `heads` heads start at channel `first`.
void move_heads(const AttentionShape& s, const Tensor& rows, int64_t first, int64_t heads, const Tensor& grouped, const Tensor& cos,
                const Tensor& sin, bool to_heads) {
  const int64_t width = rows.size(1), d = s.head_dim;
  Bf16* const all_outside = data(rows) + first;
  Bf16* const all_inside = data(grouped);
  const bool turns = cos.defined() && cos.numel() > 0;
  const float* const cosines = turns ? cos.data_ptr<float>() : nullptr;
  const float* const sines = turns ? sin.data_ptr<float>() : nullptr;
  at::parallel_for(0, s.batch * s.tokens, 128, [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t b = row / s.tokens, t = row % s.tokens;
      for (int64_t head = 0; head < heads; ++head) {
        Bf16* outside = all_outside + row * width + head * d;
        Bf16* inside = all_inside + grouped_row(s, heads, b, head, t) * d;
        const Bf16* from = to_heads ? outside : inside;
        Bf16* to = to_heads ? inside : outside;
        if (turns) {
          turn_row(from, to, cosines + t * d, sines + t * d, d, to_heads ? 1.0f : -1.0f);
        } else {
          std::memcpy(to, from, static_cast<size_t>(d) * sizeof(Bf16));
        }
      }
    }
  });
}

// Calls visit(row of [batch * kv_heads * shared * tokens], columns seen) for every row of scores.
template <class Visit>
void for_score_rows(const AttentionShape& s, Visit visit) {
  at::parallel_for(0, s.batch * s.heads * s.tokens, 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) visit(row, s.causal ? row % s.tokens + 1 : s.tokens);
  });
}

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& qkv, const Tensor& cos, const Tensor& sin, int64_t batch, int64_t tokens,
                        int64_t heads, int64_t kv_heads, int64_t head_dim, bool causal) {
    const AttentionShape s{batch, tokens, heads, kv_heads, head_dim, causal};
    const int64_t pairs = batch * kv_heads, shared = heads / kv_heads;
    const Tensor q = torch::empty({pairs, shared * tokens, head_dim}, qkv.options());
    const Tensor k = torch::empty({pairs, tokens, head_dim}, qkv.options());
    const Tensor v = torch::empty({pairs, tokens, head_dim}, qkv.options());
    move_heads(s, qkv, 0, heads, q, cos, sin, true);
    move_heads(s, qkv, heads * head_dim, kv_heads, k, cos, sin, true);
    move_heads(s, qkv, (heads + kv_heads) * head_dim, kv_heads, v, {}, {}, true);
    const Tensor p = torch::bmm(q, k.transpose(1, 2));  // [batch * kv_heads, shared * tokens, tokens]
    const float scale = 1.0f / std::sqrt(static_cast<float>(head_dim));
    Bf16* const scores = data(p);
    for_score_rows(s, [=](int64_t row, int64_t seen) {
      thread_local std::vector<float> buffer;
      buffer.resize(static_cast<size_t>(tokens));
      softmax_row(scores + row * tokens, buffer.data(), seen, tokens, scale);
    });
    const Tensor mixed = torch::bmm(p, v);
    const Tensor result = torch::empty({batch * tokens, heads * head_dim}, qkv.options());
    move_heads(s, result, 0, heads, mixed, {}, {}, false);
    context->save_for_backward({q, k, v, p, cos, sin});
    context->saved_data["shape"] = std::vector<int64_t>{batch, tokens, heads, kv_heads, head_dim, causal};
    return result;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor &q = saved[0], &k = saved[1], &v = saved[2], &p = saved[3], &cos = saved[4], &sin = saved[5];
    const auto n = context->saved_data["shape"].toIntVector();
    const AttentionShape s{n[0], n[1], n[2], n[3], n[4], n[5] != 0};
    const Tensor g = torch::empty_like(q);
    move_heads(s, gradients[0].contiguous(), 0, s.heads, g, {}, {}, true);
    const Tensor dv = torch::bmm(p.transpose(1, 2), g);
    const Tensor ds = torch::bmm(g, v.transpose(1, 2));  // dP, then dS
    const float scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
    const Bf16* const probabilities = data(p);
    Bf16* const slopes = data(ds);
    for_score_rows(s, [=](int64_t row, int64_t seen) {
      softmax_row_backward(probabilities + row * s.tokens, slopes + row * s.tokens, seen, s.tokens, scale);
    });
    const Tensor dq = torch::bmm(ds, k);
    const Tensor dk = torch::bmm(ds.transpose(1, 2), q);
    const Tensor dqkv = torch::empty({s.batch * s.tokens, (s.heads + 2 * s.kv_heads) * s.head_dim}, q.options());
    move_heads(s, dqkv, 0, s.heads, dq, cos, sin, false);
    move_heads(s, dqkv, s.heads * s.head_dim, s.kv_heads, dk, cos, sin, false);
    move_heads(s, dqkv, (s.heads + s.kv_heads) * s.head_dim, s.kv_heads, dv, {}, {}, false);
    return {dqkv, {}, {}, {}, {}, {}, {}, {}, {}};
  }
};

struct EmbedFunction : torch::autograd::Function<EmbedFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& table, const Tensor& images, const Tensor& source) {
    const int64_t rows = source.size(0), hidden = table.size(1);
    const Tensor y = torch::empty({rows, hidden}, table.options());
    const int64_t* from = source.data_ptr<int64_t>();
    for (int64_t row = 0; row < rows; ++row) {
      const Bf16* x = from[row] >= 0 ? data(table) + from[row] * hidden : data(images) + (-1 - from[row]) * hidden;
      std::memcpy(data(y) + row * hidden, x, static_cast<size_t>(hidden) * sizeof(Bf16));
    }
    context->save_for_backward({source});
    context->saved_data["sizes"] = std::vector<int64_t>{table.size(0), images.size(0)};
    return y;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor source = context->get_saved_variables()[0];
    const auto sizes = context->saved_data["sizes"].toIntVector();
    const Tensor g = gradients[0].contiguous();
    const int64_t rows = source.size(0), hidden = g.size(1);
    const int64_t* from = source.data_ptr<int64_t>();
    const Tensor sums = torch::zeros({sizes[0], hidden}, torch::kFloat32);
    const Tensor dimages = torch::zeros({sizes[1], hidden}, g.options());
    for (int64_t row = 0; row < rows; ++row) {
      if (from[row] >= 0) {
        add_row(sums.data_ptr<float>() + from[row] * hidden, data(g) + row * hidden, hidden);
      } else {
        std::memcpy(data(dimages) + (-1 - from[row]) * hidden, data(g) + row * hidden, static_cast<size_t>(hidden) * sizeof(Bf16));
      }
    }
    const Tensor dtable = torch::empty({sizes[0], hidden}, g.options());
    round_range(sums.data_ptr<float>(), data(dtable), sums.numel());
    return {dtable, dimages, Tensor()};
  }
};

}  // namespace

Tensor fused_rms_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return RmsNormFunction::apply(x.contiguous(), weight, epsilon);
}

Tensor fused_layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double epsilon) {
  return LayerNormFunction::apply(x.contiguous(), weight, bias, epsilon);
}

Tensor fused_linear(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& residual) {
  return LinearFunction::apply(x.contiguous(), weight, bias, residual.defined() ? residual.contiguous() : torch::empty({0}, x.options()));
}

Tensor fused_swiglu(const Tensor& x) { return SwigluFunction::apply(x.contiguous()); }

Tensor fused_quick_gelu(const Tensor& x) { return QuickGeluFunction::apply(x.contiguous()); }

Tensor fused_attention(const Tensor& qkv, const Tensor& cos, const Tensor& sin, const AttentionShape& shape) {
  // libtorch 1.13 takes no undefined tensors here; an empty one says that there are no rotary positions.
  const Tensor none = torch::empty({0});
  return AttentionFunction::apply(qkv.contiguous(), cos.defined() ? cos : none, sin.defined() ? sin : none, shape.batch, shape.tokens,
                                  shape.heads, shape.kv_heads, shape.head_dim, shape.causal);
}

Tensor fused_embed(const Tensor& table, const Tensor& images, const Tensor& source) {
  return EmbedFunction::apply(table, images.contiguous(), source);
}

void adam_update(float* weight, float* first, float* second, uint16_t* rounded, const uint16_t* gradient, int64_t count,
                 const AdamStep& step) {
  at::parallel_for(0, count, 16384, [&](int64_t begin, int64_t end) {
    adam_range(weight + begin, first + begin, second + begin, rounded + begin, gradient + begin, end - begin, step);
  });
}

void muon_momentum(float* first, const uint16_t* gradient, uint16_t* ahead, int64_t count, float momentum) {
  momentum_range(first, gradient, ahead, count, momentum);
}

void muon_update(float* weight, const uint16_t* direction, uint16_t* rounded, int64_t count, float keep, float length) {
  direction_range(weight, direction, rounded, count, keep, length);
}

double sum_of_squares(const Tensor& x) {
  const Tensor flat = x.contiguous();
  double sum = 0;
  constexpr int64_t kStretch = 65536;  // summed in float32 each
  for (int64_t i = 0; i < flat.numel(); i += kStretch) sum += square_range(data(flat) + i, std::min(kStretch, flat.numel() - i));
  return sum;
}

}  // namespace qvlm::demo
