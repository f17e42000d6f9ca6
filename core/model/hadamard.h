// Hadamard matrices for online rotations of activations (QuaRot, arXiv 2404.00456): which orders there are, and the
// plain loop that other implementations are tested against.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qvlm {

/// An order as `core` * 2^`powers`: H = C (x) S, with C of order `core` (Paley's constructions; 1: none) and Sylvester's
/// S of order 2^powers. Index = core index * 2^powers + index in S.
struct HadamardOrder {
  int64_t core = 1;
  int powers = 0;
  int64_t order() const { return core << powers; }
};

/// How H of this order is built; nothing where it is none (1, 2 and multiples of 4 whose core Paley gives, up to
/// kLargestHadamardCore).
std::optional<HadamardOrder> hadamard_order(int64_t order);

inline constexpr int64_t kLargestHadamardCore = 512;

/// The largest order that divides `width`: the block of the block-diagonal transform. The width itself where it has an
/// H; 1 for an odd width, which has no transform.
int64_t hadamard_block(int64_t width);

/// C of a HadamardOrder, entries +1 and -1. [core, core]
std::vector<float> hadamard_core(int64_t core);

/// x <- x H / sqrt(block) on each run of `block` numbers. Throws Error unless `block` is an order and divides x.
void apply_hadamard(std::span<float> x, int64_t block);

}  // namespace qvlm
