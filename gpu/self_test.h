// Runs kernels on a device at given shapes and compares them with the plain loops of gpu/reference/. Used by the tests,
// and by `qvlm devices --self-test` on a user's device.
#pragma once

#include <vector>

#include "gpu/devices.h"
#include "gpu/gpu_context.h"
#include "gpu/packing.h"

namespace qvlm {

/// Random weights of a shape. bits 16: float16; group 0: the whole row.
struct MatrixShape {
  uint32_t rows = 0, columns = 0, tokens = 1;
  int bits = 4;
  uint32_t group = 0;
  bool symmetric = true;
};

struct AttentionShape {
  uint32_t tokens = 1, past = 0, heads = 1, kv_heads = 1, head_dim = 64;
  bool causal = true;
};

SelfTestLine test_matrix(GpuContext& gpu, const MatrixShape& shape);
/// Bias, every activation, add and multiply, on a small matrix.
std::vector<SelfTestLine> test_epilogues(GpuContext& gpu);
SelfTestLine test_norm(GpuContext& gpu, uint32_t tokens, uint32_t width, bool layer_norm);
SelfTestLine test_rope_kv(GpuContext& gpu, const AttentionShape& shape);
SelfTestLine test_attention(GpuContext& gpu, const AttentionShape& shape);
SelfTestLine test_embed(GpuContext& gpu, uint32_t width);
SelfTestLine test_patches(GpuContext& gpu, uint32_t size, uint32_t patch_size);
SelfTestLine test_sampling(GpuContext& gpu, uint32_t vocabulary);

/// Every kernel at the shapes that matter, odd ones among them; brief: at fewer.
std::vector<SelfTestLine> test_all_kernels(GpuContext& gpu, bool brief = false);

}  // namespace qvlm
