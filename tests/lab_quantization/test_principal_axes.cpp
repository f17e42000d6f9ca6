// The principal axes of the residual stream against a plain loop over the reference's layers, and what a model along them says.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include <cmath>
#include <fstream>

#include "core/lab/quantization/principal_axes.h"
#include "core/lab/quantization/transforms/transformed_model.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/tensors.h"
#include "tests/base/verify_refused.h"
#include "tests/gpu/random_model.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace fs = std::filesystem;

namespace {

constexpr int64_t kLengths[] = {5, 3, 7};

// Samples of different lengths, so that batches are padded; a mean that the axes must find.
calibration::Batches batches_of(int64_t hidden) {
  torch::manual_seed(3);
  std::vector<torch::Tensor> embedded;
  for (const int64_t length : kLengths) embedded.push_back(torch::randn({1, length, hidden}) + 2 * torch::ones({hidden}));
  return calibration::make_batches(embedded, 2);
}

std::shared_ptr<const Model> folded(std::shared_ptr<const Model> source) {
  const DecoderConfig config = source->config().decoder;
  return std::make_shared<TransformedModel>(std::move(source), make_transform(config, RotationMode::FOLD, 0));
}

}  // namespace

class TestPrincipalAxes : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void equalsThePlainLoop() {
    const torch::NoGradGuard guard;
    reference::set_threads(1);
    const auto model = folded(std::make_shared<RandomModel>(small_config(), RandomWeights{.bits = 16}));
    const DecoderConfig& config = model->config().decoder;
    const auto batches = batches_of(config.hidden);
    std::vector<int> told;
    const PrincipalAxes found = principal_axes(*model, batches, reference::Workers(1), [&](int done) { told.push_back(done); });
    QCOMPARE(told.size(), static_cast<size_t>(config.layers));
    QCOMPARE(told.back(), config.layers);

    // Sample by sample without padding, every token's outer product in double.
    auto moment = torch::zeros({config.hidden, config.hidden}, torch::kFloat64);
    torch::manual_seed(3);
    for (const int64_t length : kLengths) {
      auto hidden = torch::randn({1, length, config.hidden}) + 2 * torch::ones({config.hidden});
      const auto rotary = reference::RotaryTable::make(config, length);
      for (int l = 0; l < config.layers; ++l) {
        const auto layer = reference::DecoderLayer::load(*model, l, torch::kFloat32);
        auto state = reference::enter_layer(config, layer, hidden);
        for (int kind = 0; kind < kSitesPerLayer; ++kind) {
          if (kind == 0 || kind == 2) {
            for (const auto& token : state.site_input[0].to(torch::kFloat64).unbind(0)) moment += torch::outer(token, token);
          }
          state = reference::advance(config, layer, static_cast<SiteKind>(kind), state, rotary);
        }
        hidden = state.residual;
      }
    }
    const auto axes = found.axes.to(torch::kFloat64);
    QVERIFY((torch::matmul(axes.t(), axes) - torch::eye(config.hidden, torch::kFloat64)).abs().max().item<double>() < 1e-5);
    const auto along = torch::matmul(axes.t(), torch::matmul(moment, axes)) / moment.trace();
    const auto shares = torch::tensor(found.shares, torch::kFloat64);
    QVERIFY((along - torch::diag(shares)).abs().max().item<double>() < 1e-5);  // they diagonalise it, and the shares are what stands there
    QVERIFY(std::is_sorted(found.shares.rbegin(), found.shares.rend()));
    QVERIFY(found.shares.front() > 2.0f / static_cast<float>(config.hidden));
    QVERIFY((std::get<0>(axes.max(0)) >= -std::get<0>(axes.min(0)) - 1e-12).all().item<bool>());  // the largest component is positive

    const PrincipalAxes shared = principal_axes(*model, batches, reference::Workers(2), [](int) {});
    QVERIFY(torch::equal(shared.axes, found.axes));
  }

  void logitsStay() {
    const torch::NoGradGuard guard;
    for (const bool tied : {false, true}) {
      VlmConfig config = small_config();
      config.decoder.tied_head = tied;
      const auto source = std::make_shared<RandomModel>(config, RandomWeights{.bits = 16});
      const auto found = principal_axes(*folded(source), batches_of(config.decoder.hidden), reference::Workers(1), [](int) {});
      const auto turned = std::make_shared<TransformedModel>(source, make_transform(config.decoder, RotationMode::PRINCIPAL, 0, found.axes));
      const std::vector<PromptPart> prompt{std::vector<int32_t>{1, 5, 7}, random_picture(32, 3), std::vector<int32_t>{9, 2, 64, 17}};
      const auto logits = [&](const std::shared_ptr<const Model>& model) {
        const auto generator = reference::make_reference_generator(model);
        generator->append(prompt, {});
        return torch::tensor(generator->last_logits(3 + 16 + 4));
      };
      const auto before = logits(source);
      QVERIFY(((logits(turned) - before).norm() / before.norm()).item<double>() < 1e-3);
      const auto weight = [](const Model& model) { return reference::load_tensor(model, "decoder.1.mlp.gate.weight", torch::kFloat32); };
      QVERIFY((weight(*turned) - weight(*source)).abs().max().item<double>() > 1e-3);  // and it is turned
      const std::string said = describe(turned->transform(), config.decoder);
      QVERIFY2(said.find("R1 " + std::to_string(config.decoder.hidden) + " along its principal axes; R2 24 whole") != said.npos, said.c_str());
      const auto other = make_transform(config.decoder, RotationMode::PRINCIPAL, 0, torch::eye(config.decoder.hidden));
      QVERIFY(other.name != turned->transform().name);  // the name is the fingerprint
    }
  }

  void whatIsRefused() {
    const torch::NoGradGuard guard;
    const VlmConfig config = small_config();
    verify_refused([&] { make_transform(config.decoder, RotationMode::PRINCIPAL, 0); }, "rotation principal", "expected axes");
    verify_refused([&] { make_transform(config.decoder, RotationMode::PRINCIPAL, 0, torch::ones({config.decoder.hidden, config.decoder.hidden})); }, "R^T R");
    auto batches = batches_of(config.decoder.hidden);
    batches.all.front().hidden[0][0][0] = std::numeric_limits<float>::infinity();
    const auto model = folded(std::make_shared<RandomModel>(config, RandomWeights{.bits = 16}));
    verify_refused([&] { principal_axes(*model, batches, reference::Workers(1), [](int) {}); }, "decoder.0", "not finite");
  }

  void throughTheFile() {
    QTemporaryDir folder;
    const fs::path path = fs::path(folder.path().toStdString()) / "axes.safetensors";
    const auto axes = torch::linalg_qr(torch::randn({12, 12}));
    const std::string hash = write_axes(path, std::get<0>(axes));
    QCOMPARE(hash, write_axes(path, std::get<0>(axes)));
    QVERIFY(torch::equal(read_axes(path, 12), std::get<0>(axes)));
    verify_refused([&] { read_axes(path, 13); }, "axes.safetensors", "expected 13 x 13", "found 12 x 12");
    fs::resize_file(path, fs::file_size(path) - 4);
    verify_refused([&] { read_axes(path, 12); }, "axes.safetensors");
    fs::resize_file(path, 5);
    verify_refused([&] { read_axes(path, 12); }, "axes.safetensors");
  }
};

QTEST_GUILESS_MAIN(TestPrincipalAxes)
#include "test_principal_axes.moc"
