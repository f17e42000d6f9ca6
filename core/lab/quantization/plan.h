// What a run will take, estimated before it starts. This header is free of torch.
#pragma once

#include <cstdint>
#include <vector>

#include "core/lab/quantization/machine_speed.h"
#include "core/model/vlm_config.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm {

struct RunPlan {
  double seconds = 0;
  int64_t bytes = 0;  // peak memory of the process
};

/// What is known of a run before it starts.
struct PlannedRun {
  std::vector<int64_t> lengths;  // decoder rows of every sample
  int64_t pictures = 0;          // over all samples
  int layers = 0;                // decoder layers that are searched; 0: all
  const Partition* partition = nullptr;  // where it is given
  int64_t activation_bytes = 0;  // QuantizeRequest::memory_bytes
  int64_t resident_bytes = 0;    // in memory already: libraries, prompts
};

/// Where the partition is not known, the expected one of a proxy that lies above h0 at every other pair (at a share of them as
/// threshold_quantile says). Seconds are those of recipe.threads cores that nobody else uses.
RunPlan plan_run(const VlmConfig& config, const Recipe& recipe, const PlannedRun& run, const MachineSpeed& speed);

/// Site forwards (of one sample) that searching this partition costs.
int64_t planned_forwards(const Partition& partition, const Recipe& recipe, int samples);

/// Most bytes that this process has had in memory so far.
int64_t peak_memory();
/// Bytes that it has in memory now.
int64_t resident_memory();

}  // namespace qvlm
