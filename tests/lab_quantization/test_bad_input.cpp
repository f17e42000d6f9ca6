// What a run must survive (channels that say nothing, one calibration pair) and what it must refuse by name.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/lab/calibration/entropy.h"
#include "core/lab/calibration/statistics.h"
#include "core/lab/reference/activation.h"
#include "core/model/safetensors.h"
#include "core/run/report.h"
#include "tests/lab_quantization/run_fixture.h"
#include "tests/lab_quantization/site_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using site_fixture::SiteFixture;

namespace {

const std::string kLayer = "model.language_model.layers.";

/// Element `index` of a float16 tensor in a checkpoint that lies in one file.
void patch(const fs::path& folder, const std::string& tensor, std::initializer_list<int64_t> indices, uint16_t bits) {
  const fs::path path = folder / "model.safetensors";
  std::string bytes = bytes_of(path);
  {
    const SafetensorsFile file(path);
    const auto begin = static_cast<size_t>(file.tensor(tensor).bytes.data() - file.file().bytes().data());
    for (const int64_t index : indices) std::memcpy(bytes.data() + begin + 2 * static_cast<size_t>(index), &bits, 2);
  }
  std::ofstream(path, std::ios::binary) << bytes;
}

std::vector<int64_t> range(int64_t first, int64_t count, int64_t stride = 1) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(first + i * stride);
  return result;
}

void patch_all(const fs::path& folder, const std::string& tensor, const std::vector<int64_t>& indices, uint16_t bits) {
  for (const int64_t index : indices) patch(folder, tensor, {index}, bits);
}

constexpr uint16_t kNaN = 0x7e00, kInfinity = 0x7c00, kZero = 0;

}  // namespace

class TestBadInput : public QObject, RunFixture {
  Q_OBJECT

  QuantizeRequest request_on(const std::string& model, const std::string& output, const Recipe& recipe) const {
    QuantizeRequest request = replacing(output, recipe);
    request.model = open_model(path(model));
    return request;
  }

 private Q_SLOTS:
  void initTestCase() {
    make_model();
    // All-zero channels before attention, behind it, before and in the MLP; a row and a column of zeros.
    write_model("silent");
    const fs::path folder = path("silent");
    patch(folder, kLayer + "0.input_layernorm.weight", {5, 40}, kZero);
    patch(folder, kLayer + "1.post_attention_layernorm.weight", {0}, kZero);
    patch_all(folder, kLayer + "0.self_attn.v_proj.weight", range(3 * 64, 64), kZero);
    patch_all(folder, kLayer + "1.mlp.up_proj.weight", range(7 * 64, 64), kZero);
    patch_all(folder, kLayer + "0.mlp.down_proj.weight", range(9, 64, 96), kZero);
    patch_all(folder, kLayer + "0.self_attn.q_proj.weight", range(0, 64), kZero);
  }

  void silentChannels_data() {
    QTest::addColumn<QString>("keys");
    for (const char* method : {"rtn", "awq", "opt-rtn", "gptq", "gptaq", "nf4"}) QTest::newRow(method) << QString(R"("weight_method": "%1")").arg(method);
    QTest::newRow("autoround") << R"("weight_method": "autoround", "autoround_iterations": 2, "search": "none")";
    QTest::newRow("smoothquant") << R"("weight_method": "smoothquant")";
    QTest::newRow("duo, residual") << R"("weight_method": "awq", "awq_duo": true, "residual_rank": 4)";
    QTest::newRow("A16") << R"("activation_bits": 16)";
    QTest::newRow("static") << R"("activation_mode": "static-tensor")";
    QTest::newRow("group, refined") << R"("activation_mode": "dynamic-group", "clip_refinement": "coordinate", "refinement_epochs": 2)";
    for (const char* method : {"rtn", "awq", "gptq", "nf4"}) {
      QTest::addRow("channel, %s", method) << QString(R"("activation_mode": "static-channel", "weight_method": "%1")").arg(method);
    }
    QTest::newRow("rotated") << R"("rotation": "r1r2r4")";
  }
  void silentChannels() {
    QFETCH(QString, keys);
    const QString a4 = keys.contains("activation_bits") ? "" : R"("activation_bits": 4, )";
    const auto request = request_on("silent", "silent.qvlm", small_recipe(("{" + a4 + keys + "}").toStdString()));
    const RunState state = run(request);
    QCOMPARE(state.status, RunStatus::FINISHED);
    for (const BlockReport& block : make_report(state).blocks) QVERIFY(std::isfinite(block.joint_error) && block.joint_error < 1);
    const auto opened = open_model(request.output);
    for (const std::string& name : opened->names()) {
      const Weight weight = opened->load(name);
      if (const auto* matrix = std::get_if<QuantizedMatrix>(&weight)) {
        for (const float value : matrix->dequantize()) QVERIFY2(std::isfinite(value), name.c_str());
      }
    }
  }

  // A site that reads the same number for every token in some channel, and zero in another.
  void constantChannelsUnderEveryMethod_data() {
    QTest::addColumn<QString>("keys");
    for (const char* method : {"rtn", "opt-rtn", "gptq", "gptaq", "nf4"}) QTest::newRow(method) << QString(R"({"weight_method": "%1"})").arg(method);
    QTest::newRow("residual") << R"({"residual_rank": 3})";
    QTest::newRow("autoround") << R"({"weight_method": "autoround", "autoround_iterations": 3})";
  }
  void constantChannelsUnderEveryMethod() {
    QFETCH(QString, keys);
    SiteFixture f;
    for (auto* path : {&f.exact, &f.rounded}) {
      for (auto& states : *path) {
        for (auto& state : states) {
          state.site_input.select(2, 3).fill_(2.5);
          state.site_input.select(2, 4).zero_();
        }
      }
    }
    const Recipe recipe = recipe_from_json(keys.toStdString(), "test");
    const auto method = make_weight_method(recipe);
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const RoundedSite site = method->round(f.prepared, f.inputs(static_cast<SiteKind>(kind), {4, 32, false}), std::vector<float>{1})[0];
      for (const auto& [suffix, weight] : site) {
        validate(weight.matrix(), suffix);
        QVERIFY(torch::isfinite(weight.dequantize()).all().item<bool>());
      }
    }
    QVERIFY(f.notices.empty());
  }

  // All values of a site alike: statistics, bounds, entropies and quantizers still say something finite.
  void aConstantSite() {
    const SiteFixture f;
    for (const float value : {0.0f, 2.5f, -1.0f}) {
      std::vector<torch::Tensor> inputs;
      for (const auto& state : f.exact[0]) inputs.push_back(torch::full_like(state.site_input, value));
      const auto statistics = calibration::measure_site(f.batches, inputs, std::vector<float>{1, 0.98f}, reference::Workers(1));
      QCOMPARE(statistics.minimum, value);
      QCOMPARE(statistics.percentile_high[1], value);
      QCOMPARE(statistics.histogram.front(), statistics.values);
      for (const auto granularity : {ActivationGranularity::STATIC_TENSOR, ActivationGranularity::DYNAMIC_TOKEN}) {
        const auto rounded = reference::quantize_activations(inputs[0], {granularity, 4, 0, value, value, 1});
        QVERIFY(torch::allclose(rounded, inputs[0], 1e-5, 1e-6));
      }
    }
    // Infinity has no histogram; the search names it.
    std::vector<torch::Tensor> inputs;
    for (const auto& state : f.exact[0]) inputs.push_back(state.site_input.clone());
    inputs[0][0][0][0] = INFINITY;
    const auto statistics = calibration::measure_site(f.batches, inputs, std::vector<float>{1}, reference::Workers(1));
    QVERIFY(std::isinf(statistics.maximum));
  }

  void notFiniteIsNamed_data() {
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<int>("bits");
    QTest::addColumn<QString>("named");
    const auto row = [](const std::string& tensor, uint16_t bits, const char* named) { QTest::newRow(named) << QString::fromStdString(tensor) << int{bits} << named; };
    row("model.language_model.embed_tokens.weight", kNaN, "decoder.embedding.weight");
    row("lm_head.weight", kInfinity, "decoder.head.weight");
    row("model.language_model.norm.weight", kNaN, "decoder.norm.weight");
    row("model.vision_tower.vision_model.encoder.layers.1.mlp.fc1.weight", kNaN, "vision.1.mlp.up.weight");
    row("model.multi_modal_projector.linear_2.bias", kInfinity, "projector.2.bias");
    row(kLayer + "0.input_layernorm.weight", kNaN, "decoder.0.attention_norm.weight");
    row(kLayer + "1.self_attn.o_proj.weight", kInfinity, "decoder.1.attention.output.weight");
  }
  void notFiniteIsNamed() {
    QFETCH(QString, tensor);
    QFETCH(int, bits);
    QFETCH(QString, named);
    write_model("broken");
    patch(path("broken"), tensor.toStdString(), {7}, static_cast<uint16_t>(bits));
    for (const char* keys : {"{}", R"({"activation_bits": 4, "activation_mode": "static-channel"})"}) {
      const auto request = request_on("broken", "broken.qvlm", small_recipe(keys));
      verify_refused([&] { run(request); }, named.toStdString(), "not finite");
      QVERIFY(!fs::exists(request.output));
    }
  }

  // Fewer tokens than channels: every Hessian is singular.
  void onePair_data() {
    QTest::addColumn<QString>("keys");
    for (const char* method : {"awq", "gptq", "smoothquant"}) QTest::newRow(method) << QString(R"("weight_method": "%1")").arg(method);
    QTest::newRow("GPTAQ with a residual") << R"("weight_method": "gptaq", "residual_rank": 4)";
    QTest::newRow("channel, refined") << R"("activation_mode": "static-channel", "clip_refinement": "gradient", "refinement_epochs": 2)";
    QTest::newRow("A16") << R"("activation_bits": 16)";
  }
  void onePair() {
    QFETCH(QString, keys);
    const QString a4 = keys.contains("activation_bits") ? "" : R"("activation_bits": 4, )";
    Recipe recipe = small_recipe(("{" + a4 + keys + "}").toStdString());
    recipe.samples = 1;
    recipe.search_samples = 8;
    const RunState state = run(replacing("one.qvlm", recipe));
    QCOMPARE(state.status, RunStatus::FINISHED);
    QCOMPARE(state.started.samples, 1);
    QVERIFY(state.notices.empty());
  }

  void aChangedModelUnderAResumedRun() {
    write_model("changing");
    QuantizeRequest request = request_on("changing", "changing.qvlm", small_recipe("{}"));
    Recorder listener;
    QVERIFY(run_until(request, listener, is<LayerQuantized>));
    const std::string whole = bytes_of(path("changing") / "model.safetensors");
    patch(path("changing"), kLayer + "1.mlp.up_proj.weight", {17}, 0x3c00);  // one weight
    request.resume = true;
    request.recipe.reset();
    request.model = open_model(path("changing"));
    verify_refused([&] { run(request); }, "cannot be resumed: another model (fingerprint ");
    std::ofstream(path("changing") / "model.safetensors", std::ios::binary) << whole;
    request.model = open_model(path("changing"));
    QCOMPARE(run(request).status, RunStatus::FINISHED);
  }

  void brokenCalibrationPictures() {
    const fs::path pictures = path("pictures");
    fs::create_directories(pictures);
    const fs::path whole = fs::path(QVLM_SOURCE_DIR) / "resources/demo/images/sample-1.png";
    fs::copy_file(whole, pictures / "a.png", fs::copy_options::overwrite_existing);
    for (const std::string& content : {std::string("no picture"), std::string(), bytes_of(whole).substr(0, 200)}) {
      std::ofstream(pictures / "b.png", std::ios::binary) << content;
      QuantizeRequest request = replacing("pictures.qvlm", small_recipe("{}"));
      request.calibration = pictures;
      verify_refused([&] { run(request); }, (pictures / "b.png").string());
    }
  }
};

QTEST_GUILESS_MAIN(TestBadInput)
#include "test_bad_input.moc"
