// The proxies of the partition, and the discretization error difference, against plain loops on a tiny model.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QTemporaryDir>
#include <QtTest>

#include "core/lab/quantization/decoder_block.h"
#include "core/lab/quantization/proxies.h"
#include "core/lab/reference/activation.h"
#include "tests/lab_quantization/tiny_vlm.h"

using namespace qvlm;
using namespace qvlm::quantization;
using reference::DecoderLayer;
using reference::LayerState;

class TestProxies : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  std::unique_ptr<Model> model_;
  std::vector<torch::Tensor> samples_;
  calibration::Batches batches_;

  Recipe recipe(int activation_bits) const {
    Recipe r;
    r.activation_bits = activation_bits;
    r.weight_bits = 3;
    r.entropy_positions = 1024;
    return r;
  }

  // The layer with the linears of one site rounded at a percentile.
  DecoderLayer rounded(const DecoderLayer& layer, SiteKind kind, const Recipe& r, float percentile) const {
    DecoderLayer result = layer;
    for (const auto suffix : linears_of(kind)) {
      result.linear(suffix) = GroupedWeight(layer.linear(suffix), {r.weight_bits, r.weight_group, r.weight_symmetric}, "w").quantize(percentile).dequantize();
    }
    return result;
  }

  // (sequential, joint) errors over the output's energy behind the MLP's input of a layer, for one sample.
  double difference_by_loops(const torch::Tensor& hidden, int layer_index, const Recipe& r) const {
    const auto& config = model_->config().decoder;
    const auto rotary = reference::RotaryTable::make(config, hidden.size(1));
    torch::Tensor x = hidden;
    for (int l = 0; l < layer_index; ++l) x = reference::decoder_layer(config, DecoderLayer::load(*model_, l, torch::kFloat32), x, rotary, l);
    const auto layer = DecoderLayer::load(*model_, layer_index, torch::kFloat32);
    const LayerState start = reference::advance(config, layer, SiteKind::ATTENTION_INPUT, reference::enter_layer(config, layer, x), rotary);
    const LayerState exact_first = reference::advance(config, layer, SiteKind::OUTPUT_INPUT, start, rotary);
    const auto target_first = exact_first.residual;
    const auto target = reference::advance(config, layer, SiteKind::MLP_INPUT, exact_first, rotary).site_input;
    const auto candidates = candidates_of(r);
    const auto behind = [&](SiteKind kind, LayerState state, float candidate) {
      ActivationQuantizer quantizer;
      if (r.activation_bits < 16) quantizer = {ActivationGranularity::DYNAMIC_TOKEN, r.activation_bits, 0, 0, 0, candidate};
      state.site_input = reference::quantize_activations(state.site_input, quantizer);
      return reference::advance(config, rounded(layer, kind, r, r.activation_bits < 16 ? 1 : candidate), kind, state, rotary);
    };
    double least_first = INFINITY, sequential = 0, joint = INFINITY;
    for (const float a : candidates) {
      const LayerState first = behind(SiteKind::OUTPUT_INPUT, start, a);
      double least = INFINITY;
      for (const float b : candidates) {
        least = std::min(least, (behind(SiteKind::MLP_INPUT, first, b).site_input - target).square().sum().item<double>());
      }
      joint = std::min(joint, least);
      const double error = (first.residual - target_first).square().sum().item<double>();
      if (error < least_first) {
        least_first = error;
        sequential = least;
      }
    }
    return (sequential - joint) / target.square().sum().item<double>();
  }

 private Q_SLOTS:
  void initTestCase() {
    const std::filesystem::path path = folder_.path().toStdString();
    tiny_vlm::write_checkpoint(path / "model", std::filesystem::path(QVLM_SOURCE_DIR) / "resources/demo/model");
    model_ = open_model(path / "model");
    torch::manual_seed(3);
    for (const int64_t tokens : {9, 4, 12, 7, 5}) samples_.push_back(torch::randn({1, tokens, tiny_vlm::kHidden}));
    batches_ = calibration::make_batches(samples_, 2);
  }

  void differenceEqualsPlainLoops() {
    const torch::NoGradGuard no_gradients;
    for (const int bits : {16, 4}) {
      const Recipe r = recipe(bits);
      const std::vector<int> pairs{Site{0, SiteKind::OUTPUT_INPUT}.index(), Site{1, SiteKind::OUTPUT_INPUT}.index()};
      std::vector<ProxyValidated> events;
      validate_proxies(*model_, batches_, r, pairs, reference::Workers(2), [&](const ProxyValidated& event) { events.push_back(event); });
      QCOMPARE(events.size(), size_t{2});
      double most = 0;
      for (int layer = 0; layer < 2; ++layer) {
        const ProxyValidated& event = events[static_cast<size_t>(layer)];
        QCOMPARE(event.site, pairs[static_cast<size_t>(layer)]);
        QCOMPARE(event.difference.size(), samples_.size());
        for (size_t i = 0; i < samples_.size(); ++i) {
          const double expected = difference_by_loops(samples_[i], layer, r);
          QVERIFY2(std::abs(event.difference[i] - expected) <= 1e-6, qPrintable(QString("%1 %2").arg(event.difference[i]).arg(expected)));
          QVERIFY(event.difference[i] >= 0);
          QVERIFY(event.dependency[i] > 0 && event.dependency[i] <= 1);
          QVERIFY(event.entropy[i] > 0 && event.entropy[i] <= 1);
          QVERIFY(event.quantization_error[i] > 0 && event.quantization_error[i] < 1);
          most = std::max(most, expected);
        }
      }
      QVERIFY(most > 0);
    }
  }

  void hessianErrorsEqualPlainLoops() {
    const torch::NoGradGuard no_gradients;
    const Recipe r = recipe(4);
    const auto measured = calibration::float_pass(*model_, batches_, r, {}, reference::Workers(1));
    const auto errors = hessian_errors(*model_, r, measured.statistics);
    QCOMPARE(errors.size(), size_t{8});
    const auto layer = DecoderLayer::load(*model_, 1, torch::kFloat32);
    double expected = 0;
    for (const auto suffix : {"mlp.gate", "mlp.up"}) {
      const auto w = layer.linear(suffix);
      const auto q = round_to_nearest(w, {3, 32, false}, "w").dequantize();
      for (int64_t row = 0; row < w.size(0); ++row) {
        for (int64_t column = 0; column < w.size(1); ++column) expected += std::pow((w[row][column] - q[row][column]).item<double>(), 2);
      }
    }
    expected *= measured.statistics[6].mean_square.sum().item<double>() / tiny_vlm::kHidden;
    QVERIFY(std::abs(errors[6] - expected) <= 1e-4 * expected);
    // Each proxy scores the seven pairs.
    Recipe other = r;
    for (const auto proxy : {PartitionProxy::DEPENDENCY, PartitionProxy::ENTROPY, PartitionProxy::QUANTIZATION_ERROR, PartitionProxy::HESSIAN_ERROR}) {
      other.partition_proxy = proxy;
      const auto scores = partition_scores(*model_, other, measured);
      QCOMPARE(scores.size(), size_t{7});
      for (const double score : scores) QVERIFY(score > 0);
    }
    QCOMPARE(partition_scores(*model_, other, measured)[5], errors[6]);
  }
};

QTEST_GUILESS_MAIN(TestProxies)
#include "test_proxies.moc"
