// qvlm bench --latency-table FILE: how long the decoder's matrices take on a device at each width, for a budget in milliseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/cli/command.h"
#include "app/cli/model_options.h"

namespace qvlm::cli {

struct LatencyOptions {
  std::string file;  // --latency-table
  int64_t group = 32;
  bool symmetric = false;
};

/// --latency-table --group --symmetric.
void add_latency_options(CLI::App& app, LatencyOptions& options);

/// Measures every matrix shape of the model's decoder at the widths that a budget chooses from, and what one token takes beside these
/// matrices; writes the table and shows it. Throws Error, UsageError (the reference, whose times do not depend on widths).
void measure_latencies(Session& session, const Model& model, const ModelOptions& model_options, const RunOptions& run,
                       const LatencyOptions& options);

}  // namespace qvlm::cli
