// The report of a run: what its journal says of blocks, errors and sizes, as JSON and as a table for people.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/run/run_state.h"

namespace qvlm {

/// One block of the final partition.
struct BlockReport {
  int block = 0, first_site = 0, last_site = 0, depth = 0;
  int bits = 0;                 // weights' bits of its linears
  double entropy = 0;           // mean of its sites'
  double dependency = 0;        // mean D between its neighbouring sites; a single site: 0
  std::vector<float> layerwise_parameters, joint_parameters;
  double unclipped_error = 0, layerwise_error = 0, joint_error = 0;  // relative, on the same inputs, all samples
  double refined_error = 0;  // with refined clip bounds; 0: none were found that are better
  double spread = 0;
  bool search_has_effect = false;
  int64_t site_forwards = 0;
  double seconds = 0;
};

/// How well the proxies tell the discretization error difference behind one pair of sites: R^2 of a straight line, over the samples.
struct ProxyReport {
  int site = 0, samples = 0;
  double mean_difference = 0;
  double dependency = 0, entropy = 0, quantization_error = 0;
};

/// The share of y's variance that a straight line in x explains; 0 where one of them does not vary. Same sizes.
double r_squared(std::span<const double> x, std::span<const double> y);

struct RunReport {
  std::vector<BlockReport> blocks;
  std::vector<ProxyReport> proxies;
  std::array<int, kMaxBlockDepth + 1> depth_histogram{};  // [depth]; entry 0 unused
  double threshold = 0;            // h0
  int blocks_strictly_better = 0;  // joint_error < layerwise_error
  double share_strictly_better = 0;
  double mean_gain = 0;            // mean of (layerwise - joint) / layerwise over all blocks
  int blocks_with_effect = 0;      // spread >= 1 %
  int blocks_refined = 0;          // refined_error < joint_error
  double refinement_gain = 0;      // mean of (joint - refined) / joint over all blocks
  double layer_output_error = 0;   // of the last layer: relative squared error against the float stream
  double mean_layer_error = 0;     // the same over all decoder layers: comparable between partitions, where blocks' errors are not
  double mean_token_error = 0;     // over all decoder layers, each token's relative squared error against its own norm
  int64_t site_forwards = 0;
  double seconds = 0;
  int64_t stored_bytes = 0;
  double stored_bits = 0;          // over the decoder's linears, with scales and zeros
  int64_t peak_bytes = 0;
};

/// Throws Error if a block of the partition has no result yet.
RunReport make_report(const RunState& state);
std::string to_json(const RunReport& report, const RunState& state);
/// A plain-text table, one line a block, and the sums below.
std::string to_text(const RunReport& report, const RunState& state);

}  // namespace qvlm
