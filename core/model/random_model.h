// A model of random weights that are made when they are asked for: for speed and memory, not for answers. Used by benchmarks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/model/model.h"

namespace qvlm {

struct RandomGrid {
  int bits = 4;        // of the linears of the decoder's layers: 2 to 8; 16: float16, as all else
  int64_t group = 32;  // columns; where it does not divide a row, the whole row
  bool symmetric = true;
};

/// Codes spread evenly about the middle, weights of deviation 0.7 / sqrt(columns); the same for the same name. grid.bits 2 to 8; grid.group
/// divides the row, or the whole row is a group.
QuantizedMatrix random_quantized_matrix(const std::string& name, int64_t rows, int64_t columns, const RandomGrid& grid);

/// Weights of deviation about 0.7 / sqrt(inputs), norms of ones, biases of zeros. The same for the same name each time.
/// Throws Error: bits or group that no grid has.
std::unique_ptr<Model> make_random_model(VlmConfig config, const RandomGrid& grid);

}  // namespace qvlm
