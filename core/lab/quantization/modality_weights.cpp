// The backward pass, streamed: layer inputs are kept, layers are loaded again in reverse order.
#include "core/lab/quantization/modality_weights.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using reference::DecoderLayer;
using reference::LayerState;

// Token ids of a batch's rows, -1 on pictures, -2 on padding. [samples, longest], int64
torch::Tensor ids_of(const Batch& batch, const std::vector<RowTokens>& tokens) {
  auto ids = torch::full({batch.size(), batch.hidden.size(1)}, -2, torch::kInt64);
  for (int64_t i = 0; i < batch.size(); ++i) {
    const RowTokens& row = tokens.at(static_cast<size_t>(batch.samples[static_cast<size_t>(i)]));
    const auto length = static_cast<int64_t>(row.size());
    if (length != batch.lengths[static_cast<size_t>(i)]) {
      throw Error::in("calibration sample " + std::to_string(batch.samples[static_cast<size_t>(i)]), "rows",
                      std::to_string(batch.lengths[static_cast<size_t>(i)]), std::to_string(length));
    }
    ids[i].narrow(0, 0, length).copy_(torch::tensor(row, torch::kInt64));
  }
  return ids;
}

// Sums of |gradient| over rows of either kind.
struct Sensitivity {
  double picture = 0, text = 0, picture_rows = 0, text_rows = 0;

  void add(const torch::Tensor& gradient, const torch::Tensor& ids) {
    const auto magnitude = gradient.abs().mean(-1);  // [samples, longest]
    const auto on_picture = ids == -1, on_text = ids >= 0;
    picture += magnitude.masked_select(on_picture).sum(torch::kFloat64).item<double>();
    text += magnitude.masked_select(on_text).sum(torch::kFloat64).item<double>();
    picture_rows += static_cast<double>(on_picture.sum().item<int64_t>());
    text_rows += static_cast<double>(on_text.sum().item<int64_t>());
  }
  double ratio() const { return picture > 0 && text > 0 ? (picture / picture_rows) / (text / text_rows) : 1; }
};

// Gradient of the summed next-token loss with respect to the last layer's output.
torch::Tensor gradient_of_loss(const DecoderConfig& config, const reference::DecoderEnds& ends, const torch::Tensor& hidden, const torch::Tensor& ids) {
  const int64_t rows = ids.size(1) - 1;
  const auto next = ids.narrow(1, 1, rows).reshape({-1});
  const torch::AutoGradMode with_gradients(true);
  const auto h = hidden.detach().requires_grad_();
  const auto logits = reference::decoder_logits(config, ends, h.narrow(1, 0, rows)).reshape({next.size(0), -1});
  const auto loss = torch::nll_loss(logits.log_softmax(-1), next.clamp_min(-1), {}, at::Reduction::Sum, /*ignore_index=*/-1);
  return torch::autograd::grad({loss}, {h}).front();
}

}  // namespace

std::vector<RowTokens> row_tokens(const VlmConfig& config, const std::vector<calibration::CalibrationPrompt>& prompts) {
  std::vector<RowTokens> result;
  for (const auto& prompt : prompts) {
    RowTokens& rows = result.emplace_back();
    for (const PromptPart& part : prompt.parts) {
      if (const auto* ids = std::get_if<std::vector<int32_t>>(&part)) {
        rows.insert(rows.end(), ids->begin(), ids->end());
      } else {
        rows.insert(rows.end(), static_cast<size_t>(config.vision.value().image_tokens()), -1);
      }
    }
  }
  return result;
}

std::vector<double> modality_ratios(const Model& model, const calibration::Batches& batches, const std::vector<RowTokens>& tokens,
                                    const std::function<void()>& on_layer) {
  const torch::NoGradGuard no_gradients;
  const DecoderConfig& config = model.config().decoder;
  const auto rotary = reference::RotaryTable::make(config, batches.longest);
  const size_t count = batches.search_batches, layers = static_cast<size_t>(config.layers);
  std::vector<torch::Tensor> ids, gradients;
  std::vector<std::vector<torch::Tensor>> inputs(layers + 1);  // of each layer, one a batch
  for (size_t b = 0; b < count; ++b) {
    ids.push_back(ids_of(batches.all[b], tokens));
    inputs[0].push_back(batches.all[b].hidden);
  }
  reference::for_each_layer(model, torch::kFloat32, [&](int index, DecoderLayer& layer) {
    on_layer();
    const auto l = static_cast<size_t>(index);
    for (const torch::Tensor& hidden : inputs[l]) inputs[l + 1].push_back(reference::decoder_layer(config, layer, hidden, rotary, index));
  });
  {
    const auto ends = reference::DecoderEnds::load(model, torch::kFloat32);
    for (size_t b = 0; b < count; ++b) gradients.push_back(gradient_of_loss(config, ends, inputs[layers][b], ids[b]));
  }
  std::vector<double> ratios(2 * layers);
  for (size_t l = layers; l-- > 0;) {
    on_layer();
    inputs[l + 1].clear();
    const DecoderLayer layer = DecoderLayer::load(model, static_cast<int>(l), torch::kFloat32);
    reference::release_layer(model, static_cast<int>(l));
    Sensitivity attention, mlp;
    for (size_t b = 0; b < count; ++b) {
      mlp.add(gradients[b], ids[b]);
      const torch::AutoGradMode with_gradients(true);
      const auto hidden = inputs[l][b].detach().requires_grad_();
      LayerState state = reference::enter_layer(config, layer, hidden);
      for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT}) state = reference::advance(config, layer, kind, state, rotary);
      const auto between = state.residual;  // behind the attention
      for (const SiteKind kind : {SiteKind::MLP_INPUT, SiteKind::DOWN_INPUT}) state = reference::advance(config, layer, kind, state, rotary);
      const auto found = torch::autograd::grad({state.residual}, {between, hidden}, {gradients[b]});
      attention.add(found[0], ids[b]);
      gradients[b] = found[1];
    }
    ratios[2 * l] = attention.ratio();
    ratios[2 * l + 1] = mlp.ratio();
  }
  for (size_t kind = 0; kind < 2; ++kind) {
    std::vector<double> of_kind;
    for (size_t l = 0; l < layers; ++l) of_kind.push_back(ratios[2 * l + kind]);
    std::nth_element(of_kind.begin(), of_kind.begin() + static_cast<std::ptrdiff_t>(layers / 2), of_kind.end());
    for (size_t l = 0; l < layers; ++l) ratios[2 * l + kind] = std::max(ratios[2 * l + kind], of_kind[layers / 2]);
  }
  return ratios;
}

std::vector<TokenWeights> modality_weights(const std::vector<double>& ratios, const calibration::Batches& batches,
                                           const std::vector<RowTokens>& tokens) {
  std::vector<TokenWeights> result(ratios.size());
  for (const Batch& batch : batches.all) {
    const auto on_picture = ids_of(batch, tokens) == -1;
    for (size_t i = 0; i < ratios.size(); ++i) result[i].push_back(batch.mask.masked_fill(on_picture, ratios[i]));
  }
  return result;
}

}  // namespace qvlm::quantization
