// An orthogonal matrix by how it is applied: a Hadamard matrix with random signs (QuaRot), or a dense one.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace qvlm::quantization {

class Rotation {
 public:
  /// The identity.
  Rotation() = default;
  /// R = diag(+-1) (I (x) H) / sqrt(block), signs drawn from `seed`, blocks as large as the width allows
  /// (core/model/hadamard.h). Throws Error for an odd width, which no block of two or more divides; `what` names it.
  static Rotation hadamard(int64_t width, uint64_t seed, const std::string& what);
  /// Throws Error unless the matrix is square and R^T R = I within 1e-4; `what` names it. [width, width]
  static Rotation dense(const torch::Tensor& matrix, const std::string& what);
  /// A dense rotation, uniformly distributed: Q of a normal matrix, signs by R's diagonal.
  static Rotation random(int64_t width, uint64_t seed);

  bool is_identity() const { return !signs_.defined() && !matrix_.defined(); }
  int64_t block() const { return block_; }  // of the Hadamard kind; 0: another kind

  /// x R, in float32, a stretch of rows at a time. x [..., width]
  torch::Tensor times(const torch::Tensor& x) const;
  /// R^T w. w [width, columns]
  torch::Tensor transposed_times(const torch::Tensor& w) const;

 private:
  torch::Tensor signs_;   // [width]
  torch::Tensor matrix_;  // [width, width]
  int64_t block_ = 0;
};

/// +1 or -1 each. [count]
torch::Tensor random_signs(int64_t count, uint64_t seed);

}  // namespace qvlm::quantization
