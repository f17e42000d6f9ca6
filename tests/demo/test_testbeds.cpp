// Testbeds on a tiny random LLaVA: the written checkpoint opens, answers as the source does, and is harder to round.
#include <torch/types.h>

#undef slots
#include <QtTest>

#include <QTemporaryDir>

#include "app/demo/checkpoint_folder.h"
#include "app/demo/testbed.h"
#include "core/base/error.h"
#include "core/lab/reference/tensors.h"
#include "core/model/families/saved_names.h"
#include "core/model/qvlm_folder.h"
#include "tests/lab_quantization/tiny_vlm.h"

using namespace qvlm;
using namespace qvlm::demo;
namespace fs = std::filesystem;

class TestTestbeds : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  std::shared_ptr<const Model> model_;

  fs::path path(const char* name) const { return fs::path(folder_.path().toStdString()) / name; }

  static double row_norm(const Model& model, const char* name, int64_t row) {
    return reference::load_tensor(model, name, torch::kFloat32)[row].norm().item<double>();
  }

 private Q_SLOTS:
  void initTestCase() {
    tiny_vlm::write_checkpoint(path("model"), fs::path(QVLM_SOURCE_DIR) / "resources/demo/model");
    model_ = open_model(path("model"));
  }

  void rotated() {
    const TestbedCheck check = make_rotated_testbed({model_, path("rotated"), 3});
    QVERIFY(check.tokens > 10);
    QVERIFY(check.logits_difference < 1e-3);
    QVERIFY(check.same_choices >= check.tokens - 1);
    const auto written = open_model(path("rotated"));
    QCOMPARE(written->config().vision->layers, model_->config().vision->layers);
    QCOMPARE(written->config().decoder.down_hadamard, 0);  // an ordinary model
    QCOMPARE(written->stored_bits(), 32.0);
    QVERIFY(written->unmatched().empty());
    QVERIFY_THROWS_EXCEPTION(Error, make_rotated_testbed({model_, path("rotated"), 3}));  // not empty
    QVERIFY_THROWS_EXCEPTION(Error, make_rotated_testbed({model_, path("model") / "config.json", 3}));
  }

  // A few channels hold most of every normalised token, and the planted channels stand out of the MLP.
  void outliers() {
    OutlierTestbed wanted;
    wanted.model = model_;
    wanted.folder = path("outliers");
    wanted.calibration = fs::path(QVLM_SOURCE_DIR) / "resources/demo/calibration";
    wanted.samples = 4;
    wanted.scale = 32;
    wanted.channels = 2;
    wanted.value_channels = 3;
    const TestbedCheck check = make_outlier_testbed(wanted);
    QVERIFY(check.logits_difference < 1e-3);
    const auto written = open_model(path("outliers"));
    const char* up = "decoder.1.mlp.up.weight";
    int planted = 0;
    for (int64_t row = 0; row < tiny_vlm::kFfn; ++row) {
      const double ratio = row_norm(*written, up, row) / row_norm(*model_, up, row);
      planted += ratio > 16 ? 1 : 0;
      QVERIFY(ratio < 64);
    }
    QCOMPARE(planted, 2);
    wanted.folder = path("none");
    wanted.channels = tiny_vlm::kFfn + 1;
    QVERIFY_THROWS_EXCEPTION(Error, make_outlier_testbed(wanted));
    wanted.channels = 1;
    wanted.scale = 0.5;
    QVERIFY_THROWS_EXCEPTION(Error, make_outlier_testbed(wanted));
  }

  // A GGUF file has its tokenizer inside, so its testbed is a GGUF file again.
  void fromGguf() {
    fs::create_directories(path("gguf"));
    QvlmDescription description;
    description.config = model_->config();
    description.tokenizer = model_->tokenizer();
    QvlmWriter writer(path("gguf"), description);
    for (const ExpectedTensor& expected : expected_tensors(model_->config()))
      if (model_->has(expected.name)) writer.add(expected.name, model_->load(expected.name));
    writer.finish();
    OpenOptions options;
    options.vision = path("gguf") / kVisionFile;
    const std::shared_ptr<const Model> file = open_model(path("gguf") / kDecoderFile, options);
    const TestbedCheck check = make_rotated_testbed({file, path("rotated-gguf"), 1, DType::F16});
    QVERIFY(check.logits_difference < 1e-2);
    QVERIFY(fs::exists(path("rotated-gguf") / kDecoderFile));
    QCOMPARE(open_model(path("rotated-gguf"))->stored_bits(), 16.0);
  }

  void names() {
    VlmConfig config = model_->config();
    QCOMPARE(hugging_face_name(config, "decoder.3.mlp.up.weight"),
             std::string("language_model.model.layers.3.mlp.up_proj.weight"));
    QCOMPARE(hugging_face_name(config, "vision.0.attention.output.bias"),
             std::string("vision_tower.vision_model.encoder.layers.0.self_attn.out_proj.bias"));
    config.vision.reset();
    QCOMPARE(hugging_face_name(config, "decoder.head.weight"), std::string("lm_head.weight"));
    QVERIFY_THROWS_EXCEPTION(Error, hugging_face_name(config, "vision.class"));
  }
};

QTEST_GUILESS_MAIN(TestTestbeds)
#include "test_testbeds.moc"
