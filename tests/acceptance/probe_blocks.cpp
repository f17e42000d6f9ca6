// A block's choices on the same input, each through the rest of the model in float: what of a gain at the block's end reaches the output.
#include "tests/acceptance/probe_blocks.h"

#include <torch/types.h>
#include <torch/utils.h>

#include <map>

#include "core/base/error.h"
#include "core/lab/reference/activation.h"
#include "core/lab/reference/loaded_model.h"
#include "core/run/journal.h"

namespace qvlm::acceptance {

namespace {

using reference::LayerState;
using reference::LoadedModel;

/// The state behind a site. `quantizer` of its input; inactive: none.
LayerState step(const LoadedModel& model, int index, LayerState state, const ActivationQuantizer& quantizer) {
  const Site site = Site::at(index);
  const reference::DecoderLayer& layer = model.layers[static_cast<size_t>(site.layer)];
  if (!state.site_input.defined()) state = reference::enter_layer(model.config.decoder, layer, state.residual);
  if (quantizer.active()) state.site_input = reference::quantize_activations(state.site_input, quantizer);
  return reference::advance(model.config.decoder, layer, site.kind, state, model.rotary);
}

/// log p behind every second position, [stretches, positions, vocabulary], the sites from `index` on in float.
torch::Tensor float_rest(const LoadedModel& model, int index, LayerState state) {
  for (; index < kSitesPerLayer * model.config.decoder.layers; ++index) state = step(model, index, state, {});
  const auto rows = state.residual.slice(1, 1, state.residual.size(1), 2);
  return torch::log_softmax(reference::decoder_logits(model.config.decoder, model.ends, rows), -1);
}

std::map<int, BlockSearched> searched_blocks(const std::filesystem::path& run) {
  std::map<int, BlockSearched> blocks;
  for (const TimedEvent& timed : read_journal(run / "journal.jsonl")) {
    if (const auto* block = std::get_if<BlockSearched>(&timed.event)) blocks[block->first_site] = *block;
  }
  return blocks;
}

}  // namespace

void choices_at_output(std::shared_ptr<const Model> model, const std::filesystem::path& run, const std::vector<std::vector<int32_t>>& stretches,
                       const std::function<void(const BlockSearched& block, const std::vector<BlockChoice>& choices)>& each) {
  const torch::NoGradGuard no_gradients;
  const auto quantized = open_model(run);
  std::vector<ActivationQuantizer> quantizers = quantized->activations();
  if (quantizers.empty()) throw Error(run.string() + ": activations are not quantized");
  const auto length = static_cast<int64_t>(stretches.at(0).size());
  const LoadedModel exact(*model, {.context = length}), rounded(*quantized, {.context = length});
  torch::Tensor x;
  for (const auto& ids : stretches) {
    const auto rows = exact.ends.embedding.index_select(0, torch::tensor(std::vector<int64_t>(ids.begin(), ids.end())));
    x = x.defined() ? torch::cat({x, rows.unsqueeze(0)}) : rows.unsqueeze(0);
  }
  LayerState float_state{x, {}}, state{x, {}};
  for (const auto& [first, block] : searched_blocks(run)) {
    const auto behind = [&](const std::vector<float>& ratios) {
      LayerState moved = state;
      for (int site = first; site <= block.last_site; ++site) {
        ActivationQuantizer quantizer = quantizers.at(static_cast<size_t>(site));
        quantizer.clip = ratios.at(static_cast<size_t>(site - first));
        moved = step(rounded, site, moved, quantizer);
      }
      return moved;
    };
    for (int site = first; site <= block.last_site; ++site) float_state = step(exact, site, float_state, {});
    if (block.layerwise_parameters != block.joint_parameters) {
      const torch::Tensor wanted = float_rest(exact, block.last_site + 1, float_state);
      std::vector<BlockChoice> choices{{"layerwise", block.layerwise_error}, {"joint", block.joint_error}, {"unclipped", block.unclipped_error}};
      const std::vector<float> ratios[] = {block.layerwise_parameters, block.joint_parameters, std::vector<float>(block.joint_parameters.size(), 1.0f)};
      for (size_t i = 0; i < choices.size(); ++i) {
        const auto kl = (wanted.exp() * (wanted - float_rest(exact, block.last_site + 1, behind(ratios[i])))).sum(-1).to(torch::kFloat64);
        choices[i].kl = kl.mean().item<double>();
        choices[i].spread = kl.std().item<double>();
      }
      each(block, choices);
    }
    state = behind(block.joint_parameters);
  }
}

}  // namespace qvlm::acceptance
