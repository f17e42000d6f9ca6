// Visual-encoder optimisation (Q-VLM Eq. 8-10; algorithms.md 1.4): the quantized tower's clip bounds and norms are trained so that answers,
// dependencies between sites and errors behind the tower come nearer to what the float model has. Weights stay on their grids.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/quantized_vision.h"
#include "core/lab/quantization/veo_decoder.h"
#include "core/lab/reference/threads.h"
#include "core/model/model.h"
#include "core/run/events.h"
#include "core/run/recipe.h"

namespace qvlm::quantization {

/// Adam's learning rates and what is held out; the recipe has the rest.
struct VeoSettings {
  int part = 4;                 // samples that run together: losses are those of a part
  int parts_a_step = 2;         // a step takes the mean over its parts, weighted by their samples
  int validation_every = 8;     // every so manyeth pair is kept for validation (where there are at least so many)
  double clip_rate = 1e-3;      // of log clip bounds
  double norm_rate = 1e-5;      // of norms
  int patience = 3;             // epochs in a row without a new best before it ends: over few held-out pairs one step up says little
  VeoMemory memory;
};

struct VeoListener {
  std::function<void(const VeoStep&)> on_step;
  std::function<void(const VeoEpoch&)> on_epoch;
  std::function<void()> poll;                          // between steps; may throw Cancelled
  std::function<void(int done, int total)> on_progress;  // passes over a part
};

struct VeoResult {
  QuantizedVision vision;  // of the best epoch
  int epochs = 0, best_epoch = 0, steps = 0;
};

/// L = L_reg + lambda1 L_ent + lambda2 L_err over parts of a batch of pairs with pictures, through the float decoder:
///   L_reg  mean negative log-likelihood of the answers' tokens, teacher-forced
///   L_ent  sum over neighbouring sites of tower and decoder of J_k D(k, k + 1); J_k is |dE/dX_k| of E = |X_q - X_r|^2 over the decoder's last
///          hidden states, at the start, mean over the training pairs, normalised to sum 1 over all sites
///   L_err  |V_q - V_r| / |V_r| + eta |X_q - X_r| / |X_r|, of the tower's output and of the decoder's last hidden states
/// Ends after the recipe's epochs, or `patience` epochs after the one of least L_err over the validation pairs, whose parameters are returned
/// (the start's if no epoch is better). Deterministic. Parts of a step run side by side, where the decoder's layers stay in memory; else one
/// after the other, with one decoder layer in memory. `scratch`: folder for spilled activations.
/// Throws Error: no pair has a picture, or none an answer.
VeoResult optimise_vision(const Model& model, const Recipe& recipe, const QuantizedVision& start,
                          const std::vector<calibration::CalibrationPrompt>& prompts, const std::filesystem::path& scratch,
                          const reference::Workers& workers, const VeoListener& listener, const VeoSettings& settings = {});

}  // namespace qvlm::quantization
