// Many assignments side by side through the decoder, one layer at a time.
#include "core/lab/quantization/assignment_errors.h"

#include <torch/types.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"
#include "core/run/bit_budget.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using calibration::Batches;
using reference::DecoderLayer;

constexpr int64_t kStreamBytes = int64_t{256} << 20;  // of all assignments' hidden states
constexpr int64_t kLogitRows = 256;                   // rows whose distributions are compared at a time

using RoundedLinears = std::map<std::pair<std::string, int>, torch::Tensor>;  // by suffix and bits

// So many assignments' streams stay within the budget.
size_t streams_at_once(const Batches& batches) {
  int64_t bytes = 0;
  for (size_t b = 0; b < batches.search_batches; ++b) bytes += batches.all[b].hidden.numel() * 4;
  return static_cast<size_t>(std::max<int64_t>(kStreamBytes / std::max<int64_t>(bytes, 1), 1));
}

bool rounds_layer(const BitAssignment& bits, int layer) {
  const auto begin = bits.begin() + int64_t{layer} * kSitesPerLayer;
  return std::any_of(begin, begin + kSitesPerLayer, [](int of_site) { return of_site != 0; });
}

// The layer's linears at every width that one of the assignments has there.
RoundedLinears round_linears(const DecoderLayer& layer, int index, const Recipe& recipe, std::span<const BitAssignment> assignments,
                             const reference::Workers& workers) {
  std::vector<std::pair<std::string, int>> wanted;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const Site site{index, static_cast<SiteKind>(kind)};
    std::set<int> widths;
    for (const BitAssignment& bits : assignments) widths.insert(bits[static_cast<size_t>(site.index())]);
    widths.erase(0);
    for (const auto suffix : linears_of(site.kind)) {
      for (const int width : widths) wanted.emplace_back(suffix, width);
    }
  }
  std::vector<torch::Tensor> rounded(wanted.size());
  workers.run(wanted.size(), [&](size_t i) {
    const auto& [suffix, bits] = wanted[i];
    const WeightGrid grid{bits, recipe.weight_group, recipe.weight_symmetric};
    rounded[i] = round_to_nearest(layer.linear(suffix), grid, reference::decoder_weight_name(index, suffix)).dequantize();
  });
  RoundedLinears result;
  for (size_t i = 0; i < wanted.size(); ++i) result.emplace(wanted[i], rounded[i]);
  return result;
}

DecoderLayer layer_at(const DecoderLayer& layer, int index, const BitAssignment& bits, const RoundedLinears& rounded) {
  DecoderLayer result = layer;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const Site site{index, static_cast<SiteKind>(kind)};
    const int width = bits[static_cast<size_t>(site.index())];
    if (width == 0) continue;
    for (const auto suffix : linears_of(site.kind)) result.linear(suffix) = rounded.at({std::string(suffix), width});
  }
  return result;
}

// Sum over rows of KL(softmax(exact) || softmax(rounded)), both from hidden states [rows, hidden].
double divergence_of(const DecoderConfig& config, const reference::DecoderEnds& ends, const torch::Tensor& exact, const torch::Tensor& rounded) {
  double sum = 0;
  for (int64_t row = 0; row < exact.size(0); row += kLogitRows) {
    const int64_t count = std::min(kLogitRows, exact.size(0) - row);
    const auto p = reference::decoder_logits(config, ends, exact.narrow(0, row, count)).log_softmax(-1);
    const auto q = reference::decoder_logits(config, ends, rounded.narrow(0, row, count)).log_softmax(-1);
    sum += (p.exp() * (p - q)).sum(torch::kFloat64).item<double>();
  }
  return sum;
}

// The rows that the divergence is taken on. [rows], positions in a batch's flattened [samples * longest]
torch::Tensor compared_rows(const Batch& batch, const AnswerRows& answers, bool any_answer) {
  if (!any_answer) return batch.rows;
  std::vector<int64_t> rows;
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    for (const int64_t row : answers[static_cast<size_t>(batch.samples[i])]) rows.push_back(static_cast<int64_t>(i) * batch.hidden.size(1) + row);
  }
  return torch::tensor(rows, torch::kInt64);
}

// One turn: the streams of these assignments.
void run_turn(const Model& model, const Batches& batches, const Recipe& recipe, std::span<const BitAssignment> assignments,
              const AnswerRows& answers, std::span<OutputError> errors, const reference::Workers& workers, const std::function<void()>& on_layer) {
  const DecoderConfig& config = model.config().decoder;
  const auto rotary = reference::RotaryTable::make(config, batches.longest);
  const size_t parts = batches.search_batches, count = assignments.size();
  std::vector<torch::Tensor> exact;  // one a batch
  for (size_t b = 0; b < parts; ++b) exact.push_back(batches.all[b].hidden);
  std::vector<std::vector<torch::Tensor>> streams(count);  // one a batch; empty while nothing is rounded yet
  reference::for_each_layer(model, torch::kFloat32, [&](int index, DecoderLayer& layer) {
    const RoundedLinears rounded = round_linears(layer, index, recipe, assignments, workers);
    std::vector<torch::Tensor> next(parts);
    workers.run(count + 1, [&](size_t part) {
      const auto forward = [&](const DecoderLayer& runs, const torch::Tensor& hidden) {
        return reference::decoder_layer(config, runs, hidden, rotary, index);
      };
      if (part == 0) {
        for (size_t b = 0; b < parts; ++b) next[b] = forward(layer, exact[b]);
        return;
      }
      std::vector<torch::Tensor>& stream = streams[part - 1];
      const BitAssignment& bits = assignments[part - 1];
      if (stream.empty() && !rounds_layer(bits, index)) return;
      const DecoderLayer runs = layer_at(layer, index, bits, rounded);
      if (stream.empty()) stream = exact;
      for (torch::Tensor& hidden : stream) hidden = forward(runs, hidden);
    });
    exact = std::move(next);
    on_layer();
  });
  const auto ends = reference::DecoderEnds::load(model, torch::kFloat32);
  const auto answered = [&](int sample) { return static_cast<size_t>(sample) < answers.size() && !answers[static_cast<size_t>(sample)].empty(); };
  bool any_answer = false;
  for (size_t b = 0; b < parts; ++b) any_answer = any_answer || std::any_of(batches.all[b].samples.begin(), batches.all[b].samples.end(), answered);
  double energy = 0, rows = 0;
  std::vector<torch::Tensor> compared;
  for (size_t b = 0; b < parts; ++b) {
    energy += calibration::energy(batches.all[b], exact[b]);
    compared.push_back(compared_rows(batches.all[b], answers, any_answer));
    rows += static_cast<double>(compared.back().size(0));
  }
  workers.run(count, [&](size_t i) {
    if (streams[i].empty()) return;  // nothing was rounded
    double error = 0, divergence = 0;
    for (size_t b = 0; b < parts; ++b) {
      const Batch& batch = batches.all[b];
      error += calibration::squared_error(batch, streams[i][b], exact[b]);
      const auto rows_of = [&](const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}).index_select(0, compared[b]); };
      divergence += divergence_of(config, ends, rows_of(exact[b]), rows_of(streams[i][b]));
    }
    errors[i] = {energy > 0 ? error / energy : 0, std::max(divergence / rows, 0.0)};
  });
}

}  // namespace

AnswerRows answer_rows(const std::vector<calibration::CalibrationPrompt>& prompts) {
  AnswerRows rows(prompts.size());
  for (size_t i = 0; i < prompts.size(); ++i) {
    for (size_t row = 0; row < prompts[i].labels.size(); ++row) {
      if (prompts[i].labels[row] >= 0) rows[i].push_back(static_cast<int64_t>(row));
    }
  }
  return rows;
}

int steps_of_assignments(const Model& model, const Batches& batches, size_t assignments) {
  const size_t turn = streams_at_once(batches);
  return static_cast<int>((assignments + turn - 1) / turn) * model.config().decoder.layers;
}

std::vector<OutputError> assignment_errors(const Model& model, const Batches& batches, const Recipe& recipe,
                                           std::span<const BitAssignment> assignments, const AnswerRows& answers, const reference::Workers& workers,
                                           const std::function<void(int)>& on_step) {
  const torch::NoGradGuard no_gradients;
  const auto sites = static_cast<size_t>(model.config().decoder.layers * kSitesPerLayer);
  for (const BitAssignment& bits : assignments) {
    if (bits.size() != sites) throw Error::in("assignment", "bits", std::to_string(sites) + " sites", std::to_string(bits.size()));
  }
  std::vector<OutputError> errors(assignments.size());
  const size_t turn = streams_at_once(batches);
  int done = 0;
  for (size_t first = 0; first < assignments.size(); first += turn) {
    const size_t count = std::min(turn, assignments.size() - first);
    run_turn(model, batches, recipe, assignments.subspan(first, count), answers, std::span(errors).subspan(first, count), workers, [&] {
      ++done;
      if (on_step) on_step(done);
    });
  }
  return errors;
}

std::vector<std::vector<double>> block_losses(const Model& model, const Batches& batches, const Recipe& recipe, const Partition& partition,
                                              const AnswerRows& answers, const reference::Workers& workers,
                                              const std::function<void(int, int)>& on_step) {
  const bool measured = recipe.budget_losses == BudgetLosses::MEASURED;
  const auto widths = measured ? std::vector<int>(budget_widths().begin(), budget_widths().end()) : std::vector<int>{recipe.weight_bits};
  std::vector<BitAssignment> assignments;
  const std::vector<size_t> open = open_blocks(partition);
  for (const size_t index : open) {
    const Block& block = partition.blocks[index];
    for (const int width : widths) {
      BitAssignment& bits = assignments.emplace_back(static_cast<size_t>(partition.sites()), 0);
      std::fill(bits.begin() + block.first, bits.begin() + block.last + 1, width);
    }
  }
  const int steps = steps_of_assignments(model, batches, assignments.size());
  const auto errors = assignment_errors(model, batches, recipe, assignments, answers, workers, [&](int done) {
    if (on_step) on_step(done, steps);
  });
  std::vector<std::vector<double>> losses;
  for (size_t i = 0; i < open.size(); ++i) {
    std::vector<double>& of_block = losses.emplace_back();
    for (size_t w = 0; w < budget_widths().size(); ++w) {
      of_block.push_back(measured ? errors[i * widths.size() + w].divergence
                                  : modelled_loss(errors[i].divergence, recipe.weight_bits, budget_widths()[w]));
    }
  }
  return losses;
}

}  // namespace qvlm::quantization
