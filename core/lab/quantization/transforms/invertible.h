// A square matrix that stays invertible while it is learned, with its inverse at no further cost (FlatQuant, arXiv 2410.09426;
// algorithms.md 3.3).
#pragma once

#include <torch/types.h>

#include <vector>

namespace qvlm::quantization {

/// P = U0 Q(A) diag(e^s) Q(B)^T, so P^-T = U0 Q(A) diag(e^-s) Q(B)^T. Q(M) = (I + S)^-1 (I - S) with S = triu(M) - triu(M)^T strictly above
/// the diagonal (Cayley): orthogonal for every M, the identity at 0.
struct InvertibleMatrix {
  torch::Tensor start;      // U0, [n, n], orthogonal, float64; not learned
  torch::Tensor left;       // A, [n, n]; what is not above the diagonal is not read
  torch::Tensor right;      // B, [n, n]
  torch::Tensor log_scale;  // s, [n]

  /// P = U0: with `hadamard` a normalised Hadamard matrix of order n, block-diagonal where there is none of n itself; else the identity.
  static InvertibleMatrix make(int64_t n, bool hadamard);

  struct Pair {
    torch::Tensor matrix, inverse_transposed;  // [n, n]
  };
  /// Differentiable by left, right and log_scale; in their type.
  Pair matrices() const;

  std::vector<torch::Tensor*> parameters() { return {&left, &right, &log_scale}; }
  /// The same matrix in double, without a graph.
  InvertibleMatrix in_double() const;
};

}  // namespace qvlm::quantization
