// Tokens weighted by one over their squared norm, and the errors that are measured with and without them, against plain loops.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <QTemporaryDir>

#include "core/lab/quantization/decoder_block.h"
#include "core/lab/quantization/resident_layer.h"
#include "tests/lab_quantization/tiny_vlm.h"

using namespace qvlm;
using namespace qvlm::quantization;
namespace fs = std::filesystem;

class TestRelativeWeights : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::unique_ptr<Model> model_;
  calibration::Batches batches_;
  reference::Workers workers_{1};

  const DecoderConfig& config() const { return model_->config().decoder; }

  double norm_of(const torch::Tensor& x, int64_t sample, int64_t row) const {
    double sum = 0;
    for (int64_t i = 0; i < x.size(2); ++i) sum += std::pow(x[sample][row][i].item<double>(), 2);
    return sum;
  }
  static void nearly(double got, double expected) { QVERIFY2(std::abs(got - expected) <= 1e-4 * std::abs(expected), qPrintable(QString("%1 %2").arg(got).arg(expected))); }

 private Q_SLOTS:
  // Three samples of 7, 9 and 11 rows; the first row of each is a hundred times as long as the others.
  void initTestCase() {
    const fs::path folder = fs::path(folder_.path().toStdString()) / "model";
    tiny_vlm::write_checkpoint(folder, fs::path(QVLM_SOURCE_DIR) / "resources/demo/model");
    model_ = open_model(folder);
    torch::manual_seed(5);
    std::vector<torch::Tensor> hidden;
    for (int i = 0; i < 3; ++i) {
      hidden.push_back(torch::randn({1, 7 + 2 * i, tiny_vlm::kHidden}));
      hidden.back().select(1, 0).mul_(100);
    }
    batches_ = calibration::make_batches(hidden, 2, 2);
  }

  void weightsAreOneOverTheStreamsNorm() {
    const torch::NoGradGuard guard;
    const auto rotary = reference::RotaryTable::make(config(), batches_.longest);
    std::vector<torch::Tensor> hidden;
    for (const auto& batch : batches_.all) hidden.push_back(batch.hidden);
    LayerCalibration calibration{config(), rotary, batches_, hidden, {}, {}, "decoder.0"};
    calibration.grids.fill({4, 16, false});
    calibration::ActivationSpill spill(fs::path(folder_.path().toStdString()) / "spill", calibration::ActivationSpill::kUnlimited);
    Recipe recipe;
    recipe.weight_group = 16;
    const auto method = make_weight_method(recipe);
    const ResidentLayer plain = prepare_layer(*model_, 0, *method, calibration, false, workers_, spill);
    for (const TokenWeights& weights : plain.token_weights) QVERIFY(weights.empty());
    const ResidentLayer layer = prepare_layer(*model_, 0, *method, calibration, true, workers_, spill);

    const auto original = reference::DecoderLayer::load(*model_, 0, torch::kFloat32);
    std::array<std::vector<torch::Tensor>, 2> streams;  // behind the attention, behind the MLP
    for (const torch::Tensor& h : hidden) {
      auto state = reference::enter_layer(config(), original, h);
      for (int kind = 0; kind < kSitesPerLayer; ++kind) {
        state = reference::advance(config(), original, static_cast<SiteKind>(kind), state, rotary);
        if (kind % 2 == 1) streams[static_cast<size_t>(kind / 2)].push_back(state.residual);
      }
    }
    for (size_t kind = 0; kind < kSitesPerLayer; ++kind) {
      const auto& stream = streams[kind / 2];
      double sum = 0, tokens = 0;
      for (size_t b = 0; b < batches_.all.size(); ++b) {
        for (int64_t i = 0; i < batches_.all[b].size(); ++i) {
          for (int64_t row = 0; row < batches_.all[b].lengths[static_cast<size_t>(i)]; ++row, ++tokens) sum += 1 / norm_of(stream[b], i, row);
        }
      }
      QCOMPARE(layer.token_weights[kind].size(), batches_.all.size());
      for (size_t b = 0; b < batches_.all.size(); ++b) {
        const auto& weights = layer.token_weights[kind][b];
        for (int64_t i = 0; i < batches_.all[b].size(); ++i) {
          for (int64_t row = 0; row < weights.size(1); ++row) {
            const bool real = row < batches_.all[b].lengths[static_cast<size_t>(i)];
            nearly(weights[i][row].item<double>(), real ? tokens / sum / norm_of(stream[b], i, row) : 0);
          }
          QVERIFY(weights[i][0].item<double>() < 0.01 * weights[i][1].item<double>());
        }
      }
    }
  }

  // Behind the last site of a layer whose down projection is rounded: as the search weighs it, plain, and token by token.
  void deviationsFollowTheWeights() {
    const torch::NoGradGuard guard;
    const auto rotary = reference::RotaryTable::make(config(), batches_.longest);
    const auto layer = reference::DecoderLayer::load(*model_, 0, torch::kFloat32);
    std::vector<reference::LayerState> states;
    std::vector<SiteCandidates> sites(1);
    SiteCandidates& site = sites.front();
    site.site = {0, SiteKind::DOWN_INPUT};
    site.parameters = {1};
    site.quantizers.resize(1);
    std::vector<torch::Tensor> targets;
    for (const auto& batch : batches_.all) {
      auto state = reference::enter_layer(config(), layer, batch.hidden);
      for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::OUTPUT_INPUT, SiteKind::MLP_INPUT}) state = reference::advance(config(), layer, kind, state, rotary);
      states.push_back(state);
      targets.push_back(reference::advance(config(), layer, SiteKind::DOWN_INPUT, state, rotary).residual);
      site.token_weights.push_back(batch.mask * torch::rand(batch.mask.sizes()));
    }
    site.targets = targets;
    const std::string suffix(linears_of(SiteKind::DOWN_INPUT).front());
    const GridWeight rounded = round_to_nearest(layer.linear(suffix), {3, 16, false}, suffix);
    site.layers = CandidateLayers(layer, {{{suffix, rounded}}});
    const calibration::BatchStates entered(states);
    const DecoderBlock block(config(), rotary, batches_, entered, sites, workers_);

    auto other = layer;
    other.linear(suffix) = rounded.dequantize();
    for (size_t b = 0; b < batches_.all.size(); ++b) {
      const auto output = reference::advance(config(), other, SiteKind::DOWN_INPUT, states[b], rotary).residual;
      double weighted = 0, weighted_norm = 0, error = 0, norm = 0, relative = 0, tokens = 0;
      for (int64_t i = 0; i < batches_.all[b].size(); ++i) {
        for (int64_t row = 0; row < batches_.all[b].lengths[static_cast<size_t>(i)]; ++row, ++tokens) {
          const double e = norm_of(output - targets[b], i, row), n = norm_of(targets[b], i, row), w = site.token_weights[b][i][row].item<double>();
          weighted += w * e;
          weighted_norm += w * n;
          error += e;
          norm += n;
          relative += e / n;
        }
      }
      QVERIFY(error > 0);
      const auto [set, part] = block.part_of(b);
      const auto state = block.step(block.enter(set, part), 0, 0);
      const Deviation searched = block.deviation(set, part, state, 0), whole = block.output_deviation(b, state, 0), by_token = block.token_deviation(b, state, 0);
      nearly(searched.error, weighted);
      nearly(searched.energy, weighted_norm);
      nearly(whole.error, error);
      nearly(whole.energy, norm);
      nearly(by_token.error, relative);
      nearly(by_token.energy, tokens);
    }
  }

  // A block that ends inside a sublayer: the output's error as the next linear carries it, on top of the residual's.
  void whatLeavesABlock() {
    const torch::NoGradGuard guard;
    const auto rotary = reference::RotaryTable::make(config(), batches_.longest);
    const auto layer = reference::DecoderLayer::load(*model_, 0, torch::kFloat32);
    for (const SiteKind kind : {SiteKind::ATTENTION_INPUT, SiteKind::MLP_INPUT}) {
      std::vector<reference::LayerState> states, exact;
      std::vector<torch::Tensor> targets, residuals;
      std::vector<SiteCandidates> sites(1);
      SiteCandidates& site = sites.front();
      site.site = {0, kind};
      site.parameters = {1};
      site.quantizers.resize(1);
      for (const auto& batch : batches_.all) {
        // The quantized path's residual differs from the float path's.
        for (auto* list : {&exact, &states}) {
          auto state = reference::enter_layer(config(), layer, list == &exact ? batch.hidden : batch.hidden * 1.02 + 0.01);
          for (int before = 0; before < static_cast<int>(kind); ++before) state = reference::advance(config(), layer, static_cast<SiteKind>(before), state, rotary);
          list->push_back(state);
        }
        residuals.push_back(exact.back().residual);
        targets.push_back(reference::advance(config(), layer, kind, exact.back(), rotary).site_input);
        site.token_weights.push_back(batch.mask * torch::rand(batch.mask.sizes()));
      }
      std::map<std::string, GridWeight> rounded;
      auto other = layer;
      for (const auto suffix : linears_of(kind)) {
        rounded.emplace(suffix, round_to_nearest(layer.linear(suffix), {3, 16, false}, std::string(suffix)));
        other.linear(suffix) = rounded.at(std::string(suffix)).dequantize();
      }
      site.targets = targets;
      site.layers = CandidateLayers(layer, {rounded});
      const calibration::BatchStates entered(states);
      const auto next = kind == SiteKind::ATTENTION_INPUT ? layer.output : layer.down;
      for (const bool carried : {false, true}) {
        if (carried) {
          site.carry = next;
          site.residuals = residuals;
        }
        const DecoderBlock block(config(), rotary, batches_, entered, sites, workers_);
        for (size_t b = 0; b < batches_.all.size(); ++b) {
          const auto output = reference::advance(config(), other, kind, states[b], rotary).site_input;
          const auto moved = (states[b].residual + torch::matmul(output, next.t())) - (residuals[b] + torch::matmul(targets[b], next.t()));
          double error = 0, energy = 0;
          for (int64_t i = 0; i < batches_.all[b].size(); ++i) {
            for (int64_t row = 0; row < batches_.all[b].lengths[static_cast<size_t>(i)]; ++row) {
              const double w = site.token_weights[b][i][row].item<double>();
              error += w * (carried ? norm_of(moved, i, row) : norm_of(output - targets[b], i, row));
              energy += w * (carried ? norm_of(residuals[b], i, row) : norm_of(targets[b], i, row));
            }
          }
          const auto [set, part] = block.part_of(b);
          const auto state = block.step(block.enter(set, part), 0, 0);
          const Deviation end = block.end_deviation(set, part, state), alone = block.deviation(set, part, state, 0);
          nearly(end.error, error);
          nearly(end.energy, energy);
          if (!carried) nearly(alone.error, error);
        }
      }
    }
  }

  // A row of zeros weighs much, but not infinitely; padding nothing.
  void zerosAreFinite() {
    auto x = torch::ones({1, 3, 4});
    x[0][1].zero_();
    const auto weights = relative_token_weights(torch::tensor({{1.0f, 1.0f, 0.0f}}), x);
    QCOMPARE(weights[0][0].item<float>(), 0.25f);
    QVERIFY(std::isfinite(weights[0][1].item<float>()));
    QCOMPARE(weights[0][2].item<float>(), 0.0f);
  }
};

QTEST_GUILESS_MAIN(TestRelativeWeights)
#include "test_relative_weights.moc"
