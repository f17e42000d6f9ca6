// Measurements of the device itself. (A model's own speed comes through Generator::timings().) Free of Vulkan headers.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace qvlm {

struct ReadBandwidth {
  double gigabytes_per_second = 0;  // 10^9 bytes; the best of the runs
  int64_t bytes = 0;                // read in one run
  int runs = 0;
};

/// Reads `bytes` of device memory by a shader, `runs` times after one that is not counted. device and device_name as in
/// EngineOptions. Throws Error.
ReadBandwidth measure_read_bandwidth(int device = -1, const std::string& device_name = "",
                                     int64_t bytes = int64_t{256} << 20, int runs = 5);

/// A decoder matrix as the engine is given it: linears that read the same input, below each other.
struct MatrixGrid {
  int64_t rows = 0, columns = 0;
  int bits = 4;        // 2..8, or 16: plain float16
  int64_t group = 32;  // columns a group, never 0
  bool symmetric = false;
  auto operator<=>(const MatrixGrid&) const = default;
};

/// The width that runs a stored one: 4 up to 4 bits, 8 up to 8 (gpu/packing.h); 16 as it is. Grids that differ in less are the same to a kernel.
int executed_bits(int bits);

/// Milliseconds of one matrix x vector product in the midst of others, as a decoded token runs it: `copies` matrices (fewer where they
/// would take more than 512 MiB) are gone through one after the other, so that weights come from where a model of so many layers has them;
/// the best of several runs of 20 ms or more, over the products in it. Throws Error where no kernel runs this grid.
double measure_matrix_vector(const MatrixGrid& grid, int copies, int device = -1, const std::string& device_name = "");

}  // namespace qvlm
