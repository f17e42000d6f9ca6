// Applying rotations without holding more than a stretch of rows twice.
#include "core/lab/quantization/transforms/rotation.h"

#include <algorithm>
#include <random>

#include "core/base/error.h"
#include "core/lab/reference/hadamard.h"
#include "core/model/hadamard.h"

namespace qvlm::quantization {

namespace {

constexpr int64_t kRows = 2048;  // rotated at a time: temporaries stay small beside an embedding table

}  // namespace

torch::Tensor random_signs(int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  auto signs = torch::empty({count});
  auto* values = signs.data_ptr<float>();
  for (int64_t i = 0; i < count; ++i) values[i] = (random() >> 63) != 0 ? -1.0f : 1.0f;
  return signs;
}

Rotation Rotation::hadamard(int64_t width, uint64_t seed, const std::string& what) {
  Rotation rotation;
  rotation.block_ = hadamard_block(width);
  if (rotation.block_ < 2)
    throw Error::in(what, "width", "an even number (the smallest Hadamard block is 2)", std::to_string(width));
  rotation.signs_ = random_signs(width, seed);
  return rotation;
}

Rotation Rotation::dense(const torch::Tensor& matrix, const std::string& what) {
  if (matrix.dim() != 2 || matrix.size(0) != matrix.size(1)) throw Error(what + ": a rotation is a square matrix");
  Rotation rotation;
  rotation.matrix_ = matrix.to(torch::kFloat32).contiguous();
  const auto product = torch::matmul(rotation.matrix_.t(), rotation.matrix_);
  const double deviation = (product - torch::eye(matrix.size(0))).abs().max().item<double>();
  if (!(deviation < 1e-4)) throw Error::in(what, "R^T R", "the identity within 1e-4", std::to_string(deviation));
  return rotation;
}

Rotation Rotation::random(int64_t width, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  auto a = torch::empty({width, width}, torch::kFloat64);
  auto* values = a.data_ptr<double>();
  for (int64_t i = 0; i < a.numel(); ++i) values[i] = normal(random);
  const auto [q, r] = torch::linalg_qr(a);
  return dense(q * r.diagonal().sign(), "random rotation");
}

torch::Tensor Rotation::times(const torch::Tensor& x) const {
  if (is_identity()) return x;
  const auto rows = x.reshape({-1, x.size(-1)});
  auto result = torch::empty(rows.sizes(), torch::kFloat32);
  for (int64_t first = 0; first < rows.size(0); first += kRows) {
    const int64_t count = std::min(kRows, rows.size(0) - first);
    const auto part = rows.narrow(0, first, count).to(torch::kFloat32);
    result.narrow(0, first, count)
        .copy_(matrix_.defined() ? torch::matmul(part, matrix_) : reference::apply_hadamard(part * signs_, block_));
  }
  return result.reshape(x.sizes());
}

torch::Tensor Rotation::transposed_times(const torch::Tensor& w) const {
  return is_identity() ? w : times(w.t()).t();
}

}  // namespace qvlm::quantization
