// A description that is written is read back the same; the shipped checkpoint's is what is written.
#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <functional>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/checkpoint_config.h"
#include "core/model/named_shapes.h"
#include "tests/base/message_of.h"

using namespace qvlm;
namespace fs = std::filesystem;

class TestCheckpointConfig : public QObject {
  Q_OBJECT
  std::unique_ptr<QTemporaryDir> folder_;
  fs::path folder() const { return fs::path(folder_->path().toStdString()); }

  struct Case {
    const char* name;
    const char* shape;
    std::function<void(VlmConfig&)> change;
  };
  static std::vector<Case> cases() {
    return {{"the demo model", "demo", [](VlmConfig&) {}},
            {"LLaVA 7B", "llava-7b", [](VlmConfig&) {}},
            {"a decoder alone", "tinyllama-1.1b", [](VlmConfig&) {}},
            {"the tower's last layer is the feature", "demo", [](VlmConfig& c) { c.vision->file_layers = c.vision->layers; }},
            {"an early layer is the feature", "llava-7b", [](VlmConfig& c) { c.vision->layers = 3; }},
            {"the class token is kept", "demo", [](VlmConfig& c) { c.vision->keep_class_token = true; }},
            {"activations", "demo",
             [](VlmConfig& c) {
               c.vision->activation = Activation::GELU;
               c.projector.activation = Activation::GELU_TANH;
               c.decoder.activation = Activation::GELU_TANH;
             }},
            {"epsilons and theta", "demo",
             [](VlmConfig& c) {
               c.vision->norm_epsilon = 1e-6f;
               c.decoder.norm_epsilon = 3e-6f;
               c.decoder.rope_theta = 1234567;
             }},
            {"a head dimension of its own, a tied head", "demo",
             [](VlmConfig& c) {
               c.decoder.head_dim = 48;
               c.decoder.tied_head = true;
             }},
            {"linear rope scaling", "tinyllama-1.1b",
             [](VlmConfig& c) { c.decoder.rope_scaling = {RopeScaling::Kind::LINEAR, 2.5f, 1, 4, c.decoder.context_length}; }},
            {"rope scaling of Llama 3", "tinyllama-1.1b", [](VlmConfig& c) { c.decoder.rope_scaling = {RopeScaling::Kind::LLAMA3, 32, 1, 4, 8192}; }},
            {"a projector without biases", "demo", [](VlmConfig& c) { c.projector.bias = false; }},
            {"several end tokens, no padding", "demo", [](VlmConfig& c) { c.tokens = {5, {7, 2, 9}, -1, 11, true}; }},
            {"padded pictures", "demo",
             [](VlmConfig& c) {
               PreprocessConfig& p = c.preprocess;
               p.fit = PreprocessConfig::Fit::PAD_SQUARE, p.resample = PreprocessConfig::Resample::BILINEAR;
               p.mean = {0.5f, 0.25f, 0.1f}, p.std = {0.5f, 1.0f / 3, 0.2f}, p.rescale = 1.0f / 127.5f;
             }},
            {"pictures as they are", "demo", [](VlmConfig& c) {
               c.preprocess.resize = c.preprocess.crop = c.preprocess.normalize = false;
               c.preprocess.rescale = 1;
             }}};
  }

  VlmConfig read() const {
    const fs::path path = folder() / "config.json";
    const Json json = read_json(path);
    const Family& family = family_of(json.at("model_type").get<std::string>(), path.string());
    return describe_checkpoint(family, folder(), json, {}, [](std::string_view) { return false; }, std::nullopt).config;
  }

 private slots:
  void init() { folder_ = std::make_unique<QTemporaryDir>(); }

  void what_is_written_is_read_back_data() {
    QTest::addColumn<int>("number");
    for (size_t i = 0; i < cases().size(); ++i) QTest::newRow(cases()[i].name) << static_cast<int>(i);
  }
  void what_is_written_is_read_back() {
    QFETCH(int, number);
    const Case one = cases().at(static_cast<size_t>(number));
    VlmConfig expected = shape_named(one.shape);
    expected.tokens = {1, {2}, 3, expected.vision ? 32 : -1, true};
    one.change(expected);
    write_checkpoint_config(expected, "<image>", Json::object(), folder());
    QCOMPARE(fs::exists(folder() / "preprocessor_config.json"), expected.vision.has_value());
    VlmConfig found = read();
    QCOMPARE(found.name, folder().filename().string());
    found.name = expected.name;
    QCOMPARE(QString::fromStdString(to_json(found)), QString::fromStdString(to_json(expected)));
  }

  // The files that training wrote, and transformers opened, member by member.
  void the_demo_checkpoint_is_what_is_written() {
    const fs::path demo = fs::path(QVLM_SOURCE_DIR) / "resources/demo/model";
    write_checkpoint_config(open_model(demo)->config(), "<image>", Json::object(), folder());
    int files = 0;
    for (const auto& file : fs::directory_iterator(folder())) {
      const fs::path name = file.path().filename();
      QCOMPARE(QString::fromStdString(read_json(file.path()).dump(1)), QString::fromStdString(read_json(demo / name).dump(1)));
      ++files;
    }
    QCOMPARE(files, 4);
  }

  void further_members_stand_beside_the_description() {
    const VlmConfig config = shape_named("demo");
    write_checkpoint_config(config, "<image>", {{"quantization_config", {{"bits", 4}}}}, folder());
    const Json json = read_json(folder() / "config.json");
    QCOMPARE(json.at("quantization_config").at("bits").get<int>(), 4);
    QCOMPARE(json.at("model_type").get<std::string>(), std::string("llava"));
  }

  void a_folder_that_is_not_there_is_named() {
    const std::string message = message_of([&] { write_checkpoint_config(shape_named("demo"), "<image>", Json::object(), folder() / "absent"); });
    QVERIFY2(message.find("absent") != std::string::npos, message.c_str());
  }
};

QTEST_GUILESS_MAIN(TestCheckpointConfig)
#include "test_checkpoint_config.moc"
