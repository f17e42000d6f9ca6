// The events of a quantization run. A run is its journal: progress bar, plots, report and resume are all readers of this one stream.
// Plain values; every journal line is one of them as JSON {"event": "EntropyMeasured", "at": seconds since the start, ...fields}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/run/partition.h"

namespace qvlm {

/// First line of every journal.
struct RunStarted {
  int journal_version = 1;
  std::string model_path, model_fingerprint;
  std::string calibration_path, calibration_fingerprint;
  std::string recipe;  // the whole recipe as JSON text
  int layers = 0;      // decoder layers
  int sites = 0;       // 4 * layers
  int samples = 0;     // calibration pairs used
  double planned_seconds = 0;
  int64_t planned_bytes = 0;  // peak memory
};

/// A phase begins: "axes", "vision", "veo", "pictures", "statistics", "entropy", "partition", "bits", "search", "write".
struct PhaseStarted {
  std::string phase;
  int64_t total = 0;  // steps
};

struct Progress {
  std::string phase;
  int64_t done = 0, total = 0;
  double eta_seconds = 0;
};

/// The distribution of one site's input in full precision over the calibration set.
struct SiteMeasured {
  int site = 0;
  float minimum = 0, maximum = 0;
  std::vector<float> percentile_low, percentile_high;  // at the candidates' percentiles, as listed in the recipe
  float histogram_low = 0, histogram_high = 0;
  std::vector<int64_t> histogram;  // 64 bins between the two
};

/// Entropy H of a site and dependency D of site on site + 1 (algorithms.md 1.4), both divided by ln(levels): 0..1.
struct EntropyMeasured {
  int site = 0;
  double entropy = 0;
  double dependency = 0;  // D(site, site + 1); 0 at the last site
  std::vector<float> sample_entropy;  // one a calibration pair, for the heat map
  double quantization_error = 0;      // relative squared error of the site's input on the probe's grid, not clipped
};

struct PartitionChanged {
  Partition partition;
  double threshold = 0;  // h0
  std::string origin;    // "greedy", "exact", "file", "user"
};

/// The proxies of one pair of sites (site, site + 1) against what they stand for, by calibration pair (algorithms.md 1.4, "DED").
struct ProxyValidated {
  int site = 0;
  std::vector<double> difference;  // the discretization error difference: (sequential - joint) / energy of the output behind site + 1
  std::vector<double> dependency, entropy, quantization_error;  // D(site, site + 1); H and relative quantization error of site + 1
};

/// One tuple of rounding parameters of the block being searched.
struct CandidateScored {
  int block = 0;
  std::vector<float> parameters;  // one a site of the block
  double loss = 0;                // relative output error of the block
  int samples = 0;                // that it was scored on
};

/// A block closed. Errors are relative squared output errors on the same inputs, over all samples.
struct BlockSearched {
  int block = 0;
  int first_site = 0, last_site = 0;
  std::vector<float> layerwise_parameters, joint_parameters;  // one a site
  double layerwise_error = 0, joint_error = 0;  // joint <= layerwise always
  double unclipped_error = 0;                   // every parameter 1
  double spread = 0;          // (worst - best) / best over all scored tuples
  bool search_has_effect = true;  // spread >= 1 %
  int64_t site_forwards = 0;  // search cost: forwards of one site over one sample
  double seconds = 0;
  std::string input_hash;  // of the block's input stream: reuse after an edited partition
  // Where clip refinement found better ones, what the sites are clipped at in the place of joint_parameters: a ratio each, or a low and a high
  // bound each. Written only then.
  std::vector<float> refined_bounds = {};
  double refined_error = 0;  // below joint_error; 0 without
};

/// One decoder layer is written to work/ and synced.
struct LayerQuantized {
  int layer = 0;
  std::string file, hash;
  int64_t bytes = 0;
  double weight_error = 0;  // relative squared error over the layer's linears' weights
  double output_error = 0;  // relative squared error of the layer's output, quantized stream against float stream
  double token_error = 0;   // the same token by token, mean over the tokens: few tokens of a huge norm do not hide the others
  double seconds = 0;
};

/// Something that a user should know of a result: a linear that its method could not round, and what was done instead.
struct Noticed {
  std::string text;
};

/// The principal axes of the residual stream are measured, written to work/ and synced.
struct AxesMeasured {
  std::string file, hash;
  int64_t bytes = 0;
  std::vector<float> shares;  // of the stream's energy along each axis, falling; sum 1
  double seconds = 0;
};

/// Tower and projector are quantized, written to work/ and synced. Errors are relative and squared, against float, over all pictures.
struct VisionQuantized {
  std::string file, hash;
  int64_t bytes = 0;
  int pictures = 0;
  double stored_bits = 0;            // a weight over the tower's linears, with scales and zeros
  double projector_stored_bits = 0;  // the same of the projector
  double weight_error = 0;           // of the tower's linears' weights
  std::vector<float> layer_errors;   // of each layer's output, quantized stream against float stream
  double tower_error = 0;            // of the tower's output
  double projected_error = 0;        // of the projector's output
  double seconds = 0;
};

/// One step of the visual-encoder optimisation: the three losses of Q-VLM Eq. 10 on its batch.
struct VeoStep {
  int epoch = 0, step = 0;   // from 1
  double token_loss = 0;     // L_reg: mean negative log-likelihood of the answers' tokens
  double entropy_loss = 0;   // L_ent
  double error_loss = 0;     // L_err
};

/// Behind an epoch (0: before the first): errors over the pairs kept for validation, as relative norms.
struct VeoEpoch {
  int epoch = 0;
  double tower_error = 0, hidden_error = 0;  // of the tower's output; of the decoder's last hidden states
  double error_loss = 0;                     // L_err = tower_error + eta hidden_error
  double token_loss = 0;
  bool best = false;                         // its parameters are the best so far
};

/// The optimised tower is written to work/ and synced.
struct VeoFinished {
  std::string file, hash;
  int64_t bytes = 0;
  int epochs = 0, best_epoch = 0, steps = 0;
  double tower_error_before = 0, tower_error = 0;          // relative and squared, over all pictures
  double projected_error_before = 0, projected_error = 0;  // of the projector's output
  double seconds = 0;
};

struct RunPaused {};
struct RunResumed {
  int layers_reused = 0, blocks_reused = 0;
};

struct RunFinished {
  double seconds = 0;
  int64_t peak_bytes = 0;
  int64_t stored_bytes = 0;
  double stored_bits = 0;  // decoder linears, with scales and zeros
  int64_t site_forwards = 0;
  std::string output;
};

struct RunCancelled {};
struct RunFailed {
  std::string message;
};

using Event = std::variant<RunStarted, PhaseStarted, Progress, SiteMeasured, EntropyMeasured, ProxyValidated, PartitionChanged, CandidateScored,
                           BlockSearched, LayerQuantized, AxesMeasured, VisionQuantized, VeoStep, VeoEpoch, VeoFinished, Noticed, RunPaused, RunResumed,
                           RunFinished, RunCancelled, RunFailed>;

/// An event and when it happened.
struct TimedEvent {
  double seconds = 0;  // since the run (or its resumption) started
  Event event;
};

/// "RunStarted" and so on.
std::string_view name_of(const Event& event);

/// One JSON line without the newline. Numbers that are not finite are written as null and read as NaN. Progress and nothing else is left out of the journal on disk.
std::string to_json_line(const TimedEvent& event);
/// Throws Error naming the field. `origin` is "FILE:LINE".
TimedEvent event_from_json_line(const std::string& line, const std::string& origin);

/// Receives a run's events, on the run's thread.
class RunListener {
 public:
  virtual ~RunListener() = default;
  virtual void on_event(const TimedEvent& event) = 0;
};

}  // namespace qvlm
