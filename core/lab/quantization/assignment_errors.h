// What an assignment of bits to the sites costs at the decoder's end: weights rounded to nearest on the recipe's grid, activations in float.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/prepare.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/partition.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// Bits of the linears that read each site, [sites]; 0: they stay in float.
using BitAssignment = std::vector<int>;

struct OutputError {
  double hidden = 0;      // relative squared error of the last layer's output against the float stream, over all rows
  double divergence = 0;  // KL(float || rounded) of the next-token distribution, nats, mean over the rows that answers follow
};

/// By sample, the rows whose next token belongs to an answer: what a model says at the others nobody reads. Where no sample has any (plain
/// texts), all rows count.
using AnswerRows = std::vector<std::vector<int64_t>>;
AnswerRows answer_rows(const std::vector<calibration::CalibrationPrompt>& prompts);

/// Over the batches' search part. Streamed: one layer is resident, with its linears rounded once at each width that some assignment asks
/// for; assignments share the float stream up to their first rounded site. Streams above a budget of memory go in several turns.
/// Does not depend on the number of workers. `on_step` hears how many of `steps_of_assignments` layers are done, on the calling thread; may
/// throw Cancelled. Throws Error naming the tensor where weights are not finite.
std::vector<OutputError> assignment_errors(const Model& model, const calibration::Batches& batches, const Recipe& recipe,
                                           std::span<const BitAssignment> assignments, const AnswerRows& answers, const reference::Workers& workers,
                                           const std::function<void(int done)>& on_step = {});
/// Layers that assignment_errors goes through, over all turns.
int steps_of_assignments(const Model& model, const calibration::Batches& batches, size_t assignments);

/// The losses that the recipe's budget asks for: of every open block of the partition, at each of budget_widths(), the divergence where that
/// block alone is rounded. Modelled from the one at the recipe's weight_bits, or measured at each width. [open blocks][widths]
std::vector<std::vector<double>> block_losses(const Model& model, const calibration::Batches& batches, const Recipe& recipe,
                                              const Partition& partition, const AnswerRows& answers, const reference::Workers& workers,
                                              const std::function<void(int done, int steps)>& on_step = {});

}  // namespace qvlm::quantization
