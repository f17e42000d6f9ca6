// What a partition would cost and is predicted to give, from what a run has measured: shown while a border is dragged.
#pragma once

#include <QString>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/model/sites.h"
#include "core/run/bit_budget.h"
#include "core/run/run_state.h"

namespace qvlm::studio {

/// What predictions stand on. Value type.
struct ForecastGrounds {
  Recipe recipe;
  int samples = 0;                                          // calibration pairs
  std::optional<std::array<SiteShape, kSitesPerLayer>> shapes;  // of each kind of site; none where the model is not known
  std::vector<double> site_errors;                          // [sites] share of its block's layer-wise error; empty before a search
  std::vector<int> site_bits;                               // [sites] at which that was measured
  std::array<double, kMaxBlockDepth + 1> gain{};            // [depth] what the joint search took off the layer-wise error, mean over blocks
  double seconds_a_forward = 0;                             // of the run's searches; 0 before
};

/// `shapes` and `recipe` as they are; the rest from the state's searched blocks.
ForecastGrounds forecast_grounds(const RunState& state, const Recipe& recipe, int samples,
                                 const std::optional<std::array<SiteShape, kSitesPerLayer>>& shapes);

struct PartitionForecast {
  int64_t site_forwards = 0;              // of the whole search
  int64_t stored_bytes = 0;               // of the decoder's linears; 0 where the model is not known
  double bits_a_weight = 0;               // the same, with scales and zeros
  double error = 0;                       // sum of the blocks' predicted joint errors; 0 before a search
};

/// Counted: forwards and bytes. Predicted: each block's error is its sites' measured shares, changed by 4 for each bit (modelled_loss) and by
/// the mean gain of joint searches of its depth.
PartitionForecast forecast(const Partition& partition, const ForecastGrounds& grounds);

/// "error −0.8 %, predicted · 6.1 MB, 5.00 bits a weight · 12,400 site forwards (+8 %)": `after` beside `before`.
QString forecast_text(const PartitionForecast& before, const PartitionForecast& after);

}  // namespace qvlm::studio
