// How fast this machine does what a quantization run is made of. This header is free of torch.
#pragma once

#include <cstdint>

#include "core/model/vlm_config.h"

namespace qvlm {

/// Of one thread while the others do the same, in seconds of its own processor time: what other programs take of the machine is not seen.
struct MachineSpeed {
  double product = 0;    // a multiplication and an addition of a matrix product in the decoder's widths
  double attention = 0;  // a head for a pair of positions
  double element = 0;    // a value of an elementwise step
  double round_activation = 0;  // an activation rounded on a dynamic grid
  double round_weight = 0;      // a weight rounded to nearest and turned back, its grid found
  double sort_weight = 0;       // a weight sorted within its group
  double column = 0;            // GPTQ: a weight rounded within a block of columns
  double level = 0;             // a position at a level of the entropies' soft assignment
  double sort_value = 0;        // a value sorted for the percentiles
  double bin = 0;               // a value counted in a histogram
};

/// Takes about a second of `threads` threads. `rows`: of a calibration batch.
MachineSpeed measure_speed(const DecoderConfig& config, int64_t rows, int64_t longest, int64_t weight_group, int threads);

}  // namespace qvlm
