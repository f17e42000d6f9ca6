// Runs kernels on a device at given shapes and compares them with the plain loops of gpu/reference/. Used by the tests,
// and by `qvlm devices --self-test` on a user's device.
#pragma once

#include <vector>

#include "core/model/activation_quantizer.h"
#include "core/model/vision_activation.h"
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
  bool minimums = false;  // real ones in place of zero points; symmetric does not hold
};

struct AttentionShape {
  uint32_t tokens = 1, past = 0, heads = 1, kv_heads = 1, head_dim = 64;
  bool causal = true;
  int kv_bits = 16;  // of a causal one's cache: 16 or 8
  uint32_t ranges = 1;  // of a causal one's keys
};

/// Random codes, scales and zero points or minimums, with weights of about the given deviation. shape.bits < 16; bits 5 to 8 also in groups of 16.
QuantizedMatrix random_quantized(const MatrixShape& shape, uint32_t seed, float deviation);
SelfTestLine test_matrix(GpuContext& gpu, const MatrixShape& shape);
/// Every variant that a tuning run may choose, of a product and of a gated one.
std::vector<SelfTestLine> test_variants(GpuContext& gpu, const MatrixShape& shape);
/// Matrix x matrix on matrix units: every format at odd shapes, epilogues, x and weights beyond float16 and below it. Empty where they are not used.
std::vector<SelfTestLine> test_cooperative(GpuContext& gpu, bool brief);
/// Products of codes, plain and gated, and the codes themselves; none where the device has no integer dot product.
std::vector<SelfTestLine> test_integer_products(GpuContext& gpu, bool brief);
/// Bias, every activation, add and multiply, on a small matrix.
std::vector<SelfTestLine> test_epilogues(GpuContext& gpu);
SelfTestLine test_norm(GpuContext& gpu, uint32_t tokens, uint32_t width, bool layer_norm);
/// A quantizer of the decoder over random rows; some of them zero, one-sided or large.
SelfTestLine test_round(GpuContext& gpu, uint32_t tokens, uint32_t width, const ActivationQuantizer& quantizer);
/// One of the tower, with bounds of each row.
SelfTestLine test_round_positions(GpuContext& gpu, uint32_t positions, uint32_t width, VisionRange range, int bits);
/// A norm that rounds by itself.
SelfTestLine test_norm_rounded(GpuContext& gpu, uint32_t tokens, uint32_t width, bool layer_norm, const ActivationQuantizer& quantizer);
/// A learned transform's two products; Hadamard products of blocks.
SelfTestLine test_kronecker(GpuContext& gpu, uint32_t tokens, uint32_t width);
SelfTestLine test_hadamard(GpuContext& gpu, uint32_t tokens, uint32_t width, uint32_t block);
/// As test_matrix: a gate and what it gates, in pairs.
SelfTestLine test_gated(GpuContext& gpu, const MatrixShape& shape);
/// Each head of rows of 3 heads, as a part of wider rows.
SelfTestLine test_norm_heads(GpuContext& gpu, uint32_t tokens, uint32_t head_dim);
SelfTestLine test_rope_kv(GpuContext& gpu, const AttentionShape& shape);
SelfTestLine test_attention(GpuContext& gpu, const AttentionShape& shape);
SelfTestLine test_embed(GpuContext& gpu, uint32_t width, int bits);
SelfTestLine test_patches(GpuContext& gpu, uint32_t size, uint32_t patch_size);
SelfTestLine test_sampling(GpuContext& gpu, uint32_t vocabulary);

/// Every kernel at the shapes that matter, odd ones among them; brief: at fewer.
std::vector<SelfTestLine> test_all_kernels(GpuContext& gpu, bool brief = false);

}  // namespace qvlm
