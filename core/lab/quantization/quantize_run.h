// A whole quantization run, from a model and a calibration set to NAME.qvlm. This header is free of torch.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/data/calibration_set.h"
#include "core/model/model.h"
#include "core/run/events.h"
#include "core/run/recipe.h"
#include "core/run/run_control.h"
#include "core/run/run_state.h"

namespace qvlm {

inline constexpr int64_t kDefaultActivationBytes = int64_t{1} << 30;

struct QuantizeRequest {
  std::shared_ptr<const Model> model;
  std::filesystem::path calibration;        // core/data/calibration_set.h; so many samples as the recipe says, drawn by its seed
  std::filesystem::path calibration_images; // where its pictures are; empty: beside the set
  std::string calibration_prompt = CalibrationOptions{}.prompt;  // for a folder of pictures
  std::optional<Recipe> recipe;             // none: the defaults, or with `resume` the unfinished run's own
  std::optional<Partition> partition;       // none: by the recipe's greedy rule. With `resume`: an edit of the unfinished run's
  std::filesystem::path output;             // NAME.qvlm; the run works in NAME.qvlm.partial
  bool resume = false;                      // take up NAME.qvlm.partial
  int64_t memory_bytes = kDefaultActivationBytes;  // of activations that wait for their turn, and as much again of candidates' float weights;
                                            // more goes to files in the work folder, or is computed again. The result is the same
  int stop_after_layers = 0;                // > 0: ends as a cancelled run does when so many decoder layers are finished, unless that is all
  bool preview = false;                     // with `resume` and a partition: searches only blocks that are not known from before, keeps the others'
                                            // parameters though what enters them changed, and ends behind the last as a cancelled run does:
                                            // approximate. A resumption goes on to the whole result
  bool replace = false;                     // delete an existing NAME.qvlm (when the run ends) and NAME.qvlm.partial (when it begins)
};

/// Runs on the calling thread; sets libtorch's threads to the recipe's. Every event goes to the journal and to `listener`.
/// Two passes over the decoder, each one layer at a time: float statistics, then search. Deterministic: the same recipe, model and
/// data give the same bytes in both GGUF files, resumed or not.
/// Throws Error (the journal then ends with RunFailed, where the disk takes it): not a NAME.qvlm, it exists, it cannot be written, a group that does not divide a
/// row, a resumption with another recipe, library, thread count, model or data (says what differs). Throws Cancelled when stopped: the
/// journal ends with RunCancelled and NAME.qvlm.partial can be resumed.
RunState quantize(const QuantizeRequest& request, RunListener& listener, RunControl& control);

/// What a run is planned to take.
struct PlannedQuantization {
  int layers = 0, sites = 0, samples = 0;
  double seconds = 0;  // of the recipe's threads on processors that nobody else uses
  int64_t bytes = 0;   // peak memory
};

/// Tells it without running: reads the calibration set, times the machine for about a second, writes nothing; request.output is not looked at.
/// Throws Error for what quantize() refuses in model, recipe, partition and data.
PlannedQuantization plan_quantization(const QuantizeRequest& request);

/// "NAME.qvlm" -> "NAME.qvlm.partial"
std::filesystem::path partial_of(const std::filesystem::path& output);

}  // namespace qvlm
