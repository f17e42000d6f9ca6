// One float pass, layer by layer, and one eigendecomposition.
#include "core/lab/quantization/principal_axes.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/error.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/tensors.h"
#include "core/model/safetensors.h"

namespace qvlm::quantization {
namespace {

using calibration::Batch;
using reference::DecoderLayer;

constexpr std::array kReaders = {SiteKind::ATTENTION_INPUT, SiteKind::MLP_INPUT};  // of the residual stream
constexpr const char* kName = "axes";

}  // namespace

PrincipalAxes principal_axes(const Model& model, const calibration::Batches& batches, const reference::Workers& workers,
                             const std::function<void(int)>& on_layer) {
  const torch::NoGradGuard no_gradients;
  const DecoderConfig& config = model.config().decoder;
  const auto rotary = reference::RotaryTable::make(config, batches.longest);
  std::vector<torch::Tensor> hidden;
  for (const Batch& batch : batches.all) hidden.push_back(batch.hidden);
  std::array<torch::Tensor, kReaders.size()> moments;
  for (torch::Tensor& sum : moments) sum = torch::zeros({config.hidden, config.hidden});
  int done = 0;
  reference::for_each_layer(model, torch::kFloat32, [&](int index, DecoderLayer& layer) {
    std::array<std::vector<torch::Tensor>, kReaders.size()> read;  // [tokens, hidden] a batch
    for (auto& of_reader : read) of_reader.resize(hidden.size());
    workers.run(hidden.size(), [&](size_t b) {
      hidden[b] = reference::decoder_layer(config, layer, hidden[b], rotary, index, [&](Site site, const torch::Tensor& x) {
        const auto reader = std::find(kReaders.begin(), kReaders.end(), site.kind);
        if (reader != kReaders.end()) read[static_cast<size_t>(reader - kReaders.begin())][b] = calibration::real_rows(batches.all[b], x);
        return x;
      });
    });
    // In the batches' order, whatever the number of threads.
    workers.run(kReaders.size(), [&](size_t r) {
      for (const torch::Tensor& rows : read[r]) moments[r].addmm_(rows.t(), rows);
    });
    for (const torch::Tensor& sum : moments) {
      if (!torch::isfinite(sum).all().item<bool>()) throw Error("decoder." + std::to_string(index) + ": activations have values that are not finite");
    }
    on_layer(++done);
  });
  const auto [values, vectors] = torch::linalg_eigh((moments[0] + moments[1]).to(torch::kFloat64));
  const auto falling = vectors.flip({1});
  const auto largest = falling.gather(0, falling.abs().argmax(0, /*keepdim=*/true));  // a vector's sign is the library's choice
  PrincipalAxes result;
  result.axes = (falling * torch::where(largest < 0, -torch::ones_like(largest), torch::ones_like(largest))).to(torch::kFloat32).contiguous();
  const auto energies = values.flip({0}).clamp_min(0);
  const auto shares = (energies / energies.sum().clamp_min(1e-30)).to(torch::kFloat32).contiguous();
  result.shares.assign(shares.data_ptr<float>(), shares.data_ptr<float>() + shares.numel());
  return result;
}

std::string write_axes(const std::filesystem::path& path, const torch::Tensor& axes) {
  const auto values = axes.to(torch::kFloat32).contiguous();
  write_safetensors(path, {{kName, DType::F32, values.sizes().vec(), std::as_bytes(std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel())))}}, {});
  return hash_of_file(path);
}

torch::Tensor read_axes(const std::filesystem::path& path, int64_t hidden) {
  const SafetensorsFile file(path);
  const auto axes = reference::to_torch(file.tensor(kName), torch::kFloat32).clone();
  if (axes.dim() != 2 || axes.size(0) != hidden || axes.size(1) != hidden) {
    throw Error::in(path.string() + ": tensor " + kName, "shape", std::to_string(hidden) + " x " + std::to_string(hidden),
                    axes.dim() == 2 ? std::to_string(axes.size(0)) + " x " + std::to_string(axes.size(1)) : std::to_string(axes.dim()) + " dimensions");
  }
  return axes;
}

}  // namespace qvlm::quantization
