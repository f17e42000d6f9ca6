// Modality ratios of the streamed backward pass against one graph over the whole decoder.
#include <torch/types.h>
#include <torch/utils.h>
#include <torch/csrc/autograd/autograd.h>

#undef slots
#include <QtTest>

#include <QTemporaryDir>

#include "core/base/error.h"
#include "core/lab/quantization/modality_weights.h"
#include "core/lab/reference/decoder.h"
#include "tests/lab_quantization/tiny_vlm.h"

using namespace qvlm;
using namespace qvlm::quantization;
namespace fs = std::filesystem;

class TestModalityWeights : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::unique_ptr<Model> model_;
  calibration::Batches batches_;
  std::vector<RowTokens> tokens_;

 private Q_SLOTS:
  // Three samples: text, a picture of 5 rows, text; of 14, 17 and 20 rows.
  void initTestCase() {
    const fs::path folder = fs::path(folder_.path().toStdString()) / "model";
    tiny_vlm::write_checkpoint(folder, fs::path(QVLM_SOURCE_DIR) / "resources/demo/model");
    model_ = open_model(folder);
    torch::manual_seed(4);
    std::vector<torch::Tensor> hidden;
    for (int i = 0; i < 3; ++i) {
      const int64_t rows = 14 + 3 * i;
      hidden.push_back(torch::randn({1, rows, tiny_vlm::kHidden}));
      RowTokens tokens;
      for (int64_t row = 0; row < rows; ++row) tokens.push_back(row >= 3 && row < 8 ? -1 : 10 * (i + 1) + row);
      tokens_.push_back(tokens);
    }
    batches_ = calibration::make_batches(hidden, 3, 2);
  }

  void equalOneGraph() {
    const auto got = modality_ratios(*model_, batches_, tokens_, [] {});
    QCOMPARE(got.size(), size_t{2 * tiny_vlm::kLayers});
    const DecoderConfig& config = model_->config().decoder;
    const auto rotary = reference::RotaryTable::make(config, 32);
    const auto ends = reference::DecoderEnds::load(*model_, torch::kFloat32);
    std::vector<double> sum_picture(4, 0), sum_text(4, 0);
    double pictures = 0, texts = 0;
    for (const auto& batch : batches_.all) {
      for (int64_t i = 0; i < batch.size(); ++i) {
        const auto sample = static_cast<size_t>(batch.samples[static_cast<size_t>(i)]);
        const RowTokens& ids = tokens_[sample];
        const auto rows = static_cast<int64_t>(ids.size());
        torch::Tensor h = batch.hidden[i].narrow(0, 0, rows).unsqueeze(0).clone().requires_grad_();
        std::vector<torch::Tensor> outputs;  // of every sublayer
        for (int l = 0; l < tiny_vlm::kLayers; ++l) {
          const auto layer = reference::DecoderLayer::load(*model_, l, torch::kFloat32);
          auto state = reference::enter_layer(config, layer, h);
          for (int kind = 0; kind < kSitesPerLayer; ++kind) {
            state = reference::advance(config, layer, static_cast<SiteKind>(kind), state, rotary);
            if (kind % 2 == 1) outputs.push_back(state.residual);
          }
          h = state.residual;
        }
        const auto logarithms = reference::decoder_logits(config, ends, h).log_softmax(-1)[0];
        torch::Tensor loss = torch::zeros({});
        for (int64_t row = 0; row + 1 < rows; ++row) {
          if (const int64_t next = ids[static_cast<size_t>(row + 1)]; next >= 0) loss = loss - logarithms[row][next];
        }
        const auto gradients = torch::autograd::grad({loss}, outputs);
        for (size_t s = 0; s < 4; ++s) {
          for (int64_t row = 0; row < rows; ++row) {
            (ids[static_cast<size_t>(row)] < 0 ? sum_picture : sum_text)[s] += gradients[s][0][row].abs().mean().item<double>();
          }
        }
        for (const int64_t id : ids) (id < 0 ? pictures : texts) += 1;
      }
    }
    for (size_t s = 0; s < 4; ++s) {
      const auto ratio = [&](size_t at) { return sum_picture[at] / pictures / (sum_text[at] / texts); };
      const double expected = std::max(ratio(s % 2), ratio(2 + s % 2));  // of two layers the median is the larger
      QVERIFY2(std::abs(got[s] - expected) < 1e-3 * expected, qPrintable(QString("%1 %2").arg(got[s]).arg(expected)));
    }
  }

  void weightsFollowTheRows() {
    const auto weights = modality_weights({0.5, 2, 3, 4}, batches_, tokens_);
    QCOMPARE(weights.size(), size_t{4});
    const auto& batch = batches_.all[0];
    const auto& w = weights[1][0];
    for (int64_t i = 0; i < batch.size(); ++i) {
      for (int64_t row = 0; row < w.size(1); ++row) {
        const float expected = row >= batch.lengths[static_cast<size_t>(i)] ? 0.0f : row >= 3 && row < 8 ? 2.0f : 1.0f;
        QCOMPARE(w[i][row].item<float>(), expected);
      }
    }
  }

  void withoutPicturesAllCountTheSame() {
    auto texts = tokens_;
    for (RowTokens& rows : texts) std::replace(rows.begin(), rows.end(), int64_t{-1}, int64_t{7});
    for (const double ratio : modality_ratios(*model_, batches_, texts, [] {})) QCOMPARE(ratio, 1.0);
    texts[0].pop_back();
    QVERIFY_THROWS_EXCEPTION(Error, modality_ratios(*model_, batches_, texts, [] {}));
  }
};

QTEST_GUILESS_MAIN(TestModalityWeights)
#include "test_modality_weights.moc"
