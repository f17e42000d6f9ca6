// A forward pass that keeps layer inputs, and a backward one that takes each layer's weight gradients.
#include "core/lab/quantization/site_proxies.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using reference::DecoderLayer;

// Gradient of the summed -log p(y) over the real rows, y drawn from the model's own distribution, with respect to the last layer's output.
torch::Tensor gradient_of_own_labels(const DecoderConfig& config, const reference::DecoderEnds& ends, const Batch& batch, const torch::Tensor& hidden,
                                     at::Generator generator) {
  const torch::AutoGradMode with_gradients(true);
  const auto h = hidden.detach().requires_grad_();
  const auto logarithms = reference::decoder_logits(config, ends, calibration::real_rows(batch, h)).log_softmax(-1);  // [rows, vocabulary]
  const auto labels = logarithms.detach().exp().multinomial(1, false, generator);                                     // [rows, 1]
  const auto loss = -logarithms.gather(1, labels).sum();
  return torch::autograd::grad({loss}, {h}).front();
}

std::vector<std::string_view> all_linears() {
  std::vector<std::string_view> suffixes;
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) suffixes.push_back(suffix);
  }
  return suffixes;
}

}  // namespace

std::vector<std::vector<RoundingCost>> rounding_costs(const Model& model, const calibration::Batches& batches, const Recipe& recipe,
                                                      const std::vector<calibration::SiteStatistics>& statistics, const std::vector<int>& widths,
                                                      const reference::Workers& workers, const std::function<void()>& on_layer) {
  const torch::NoGradGuard no_gradients;
  const DecoderConfig& config = model.config().decoder;
  const auto rotary = reference::RotaryTable::make(config, batches.longest);
  const size_t count = batches.search_batches, layers = static_cast<size_t>(config.layers);
  std::vector<std::vector<torch::Tensor>> inputs(layers + 1, std::vector<torch::Tensor>(count));  // of each layer, one a batch
  for (size_t b = 0; b < count; ++b) inputs[0][b] = batches.all[b].hidden;
  reference::for_each_layer(model, torch::kFloat32, [&](int index, DecoderLayer& layer) {
    const auto l = static_cast<size_t>(index);
    workers.run(count, [&](size_t b) { inputs[l + 1][b] = reference::decoder_layer(config, layer, inputs[l][b], rotary, index); });
    on_layer();
  });
  std::vector<torch::Tensor> gradients;
  double rows = 0;
  {
    const auto ends = reference::DecoderEnds::load(model, torch::kFloat32);
    const at::Generator generator = at::detail::createCPUGenerator(recipe.seed);
    for (size_t b = 0; b < count; ++b) {
      gradients.push_back(gradient_of_own_labels(config, ends, batches.all[b], inputs[layers][b], generator));
      rows += static_cast<double>(batches.all[b].tokens());
    }
  }
  const std::vector<std::string_view> suffixes = all_linears();
  std::vector<std::vector<RoundingCost>> costs(layers * kSitesPerLayer, std::vector<RoundingCost>(widths.size()));
  for (size_t l = layers; l-- > 0;) {
    inputs[l + 1].clear();
    const DecoderLayer layer = DecoderLayer::load(model, static_cast<int>(l), torch::kFloat32);
    reference::release_layer(model, static_cast<int>(l));
    std::vector<std::vector<torch::Tensor>> squares(count);  // of the weights' gradients, by batch and linear
    workers.run(count, [&](size_t b) {
      const torch::AutoGradMode with_gradients(true);
      DecoderLayer trained = layer;
      const auto hidden = inputs[l][b].detach().requires_grad_();
      std::vector<torch::Tensor> leaves;
      for (const auto suffix : suffixes) leaves.push_back(trained.linear(suffix) = layer.linear(suffix).detach().clone().requires_grad_());
      leaves.push_back(hidden);
      const auto output = reference::decoder_layer(config, trained, hidden, rotary, static_cast<int>(l));
      const auto found = torch::autograd::grad({output}, leaves, {gradients[b]});
      for (size_t i = 0; i < suffixes.size(); ++i) squares[b].push_back(found[i].square());
      gradients[b] = found.back();
    });
    size_t linear = 0;
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const Site site{static_cast<int>(l), static_cast<SiteKind>(kind)};
      const auto at = static_cast<size_t>(site.index());
      const torch::Tensor& channels = statistics[at].mean_square;  // [width]
      double energy = 0;
      for (const auto suffix : linears_of(site.kind)) {
        const torch::Tensor& weight = layer.linear(suffix);
        energy += weight.square().sum(torch::kFloat64).item<double>();
        torch::Tensor fisher = torch::zeros_like(weight);
        for (size_t b = 0; b < count; ++b) fisher += squares[b][linear];
        ++linear;
        for (size_t w = 0; w < widths.size(); ++w) {
          const WeightGrid grid{widths[w], recipe.weight_group, recipe.weight_symmetric};
          const auto error = (round_to_nearest(weight, grid, reference::decoder_weight_name(site.layer, suffix)).dequantize() - weight).square_();
          RoundingCost& cost = costs[at][w];
          const double squared = error.sum(torch::kFloat64).item<double>();
          cost.weight_error += squared;
          cost.hessian_error += channels.mean().item<double>() * squared;
          cost.activation_error += (error * channels).sum(torch::kFloat64).item<double>();
          cost.fisher_error += (error * fisher).sum(torch::kFloat64).item<double>() / rows;
        }
      }
      for (RoundingCost& cost : costs[at]) cost.relative_error = energy > 0 ? cost.weight_error / energy : 0;
    }
    on_layer();
  }
  return costs;
}

}  // namespace qvlm::quantization
