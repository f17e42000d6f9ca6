// What a run will take, estimated before it starts. This header is free of torch.
#pragma once

#include <cstdint>

#include "core/model/vlm_config.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm {

struct RunPlan {
  double seconds = 0;
  int64_t bytes = 0;  // peak memory of the process
};

/// `rows`: decoder rows of all samples, `longest` of the longest one, `pictures` over all samples. `flops_per_second`: of float32 matrix
/// products on this machine. Supposes blocks of the recipe's greatest depth, so it is an upper estimate.
RunPlan plan_run(const VlmConfig& config, const Recipe& recipe, int samples, int64_t rows, int64_t longest, int64_t pictures,
                 double flops_per_second);

/// Site forwards (of one sample) that searching this partition costs.
int64_t planned_forwards(const Partition& partition, const Recipe& recipe, int samples);

/// Measured on a product that takes some ten milliseconds, with the threads that are set.
double measure_flops_per_second();

/// Most bytes that this process has had in memory so far.
int64_t peak_memory();

}  // namespace qvlm
