// Whole runs with a quantized tower on a tiny random LLaVA: what is stored, read back and run; resumption through the optimisation.
#include <QtTest>

#include <fstream>

#include "core/base/hash.h"
#include "core/inference/generator.h"
#include "core/lab/reference/reference_generator.h"
#include "core/run/report.h"
#include "tests/lab_quantization/run_fixture.h"

using namespace qvlm;

class TestVisionRun : public QObject, RunFixture {
  Q_OBJECT

  QuantizeRequest request(const std::string& output, const std::string& text) const {
    Recipe recipe = small_recipe(text);
    recipe.search = SearchMode::NONE;
    return replacing(output, recipe);
  }

  // Logits behind a picture and two tokens.
  std::vector<float> answer(const std::shared_ptr<const Model>& model, bool as_a16 = false, GeneratorInfo* info = nullptr) const {
    PixelTensor pixels;
    pixels.size = tiny_vlm::kImage;
    for (int i = 0; i < 3 * tiny_vlm::kImage * tiny_vlm::kImage; ++i) pixels.values.push_back(static_cast<float>(i % 17) / 9.0f - 1);
    pixels.hash = hash64(std::as_bytes(std::span(pixels.values)));
    const auto generator = reference::make_reference_generator(model, {.activations_as_a16 = as_a16});
    const std::vector<PromptPart> parts{std::vector<int32_t>{1, 30}, pixels, std::vector<int32_t>{40}};
    generator->append(parts);
    if (info != nullptr) *info = generator->info();
    return generator->logits();
  }

 private Q_SLOTS:
  void initTestCase() { make_model(); }

  void runs_data() {
    QTest::addColumn<QString>("recipe");
    QTest::addColumn<double>("bits");
    QTest::addColumn<int>("activations");
    QTest::newRow("w8") << R"({"vision_bits": 8})" << 8 + 16.0 / 51 << 16;  // a scale a row of 48, or of 64
    QTest::newRow("w8a8") << R"({"vision_bits": 8, "vision_activation_bits": 8, "projector_bits": 8})" << 8 + 16.0 / 51 << 8;
    QTest::newRow("w8a6 static") << R"({"vision_bits": 8, "vision_activation_bits": 6, "vision_activation_mode": "static-position"})" << 8 + 16.0 / 51 << 6;
    QTest::newRow("w4a4") << R"({"vision_bits": 4, "vision_group": 0, "vision_activation_bits": 4, "activation_bits": 4})" << 4 + 24.0 / 51 << 4;
    QTest::newRow("projector") << R"({"projector_bits": 8})" << 16.0 << 16;
  }
  void runs() {
    QFETCH(QString, recipe);
    QFETCH(double, bits);
    QFETCH(int, activations);
    const QuantizeRequest r = request(std::string(QTest::currentDataTag()) + ".qvlm", recipe.toStdString());
    const RunState state = run(r);
    QCOMPARE(state.status, RunStatus::FINISHED);
    QVERIFY(state.vision.has_value());
    QVERIFY(state.vision->projected_error > 0 && state.vision->projected_error < 0.5);
    QVERIFY(std::abs(state.vision->stored_bits - bits) < 0.05);
    const RunReport report = make_report(state);
    QVERIFY(to_text(report, state).find("vision tower") != std::string::npos);
    QVERIFY(to_json(report, state).find("\"projected_error\"") != std::string::npos);

    const std::shared_ptr<const Model> opened = open_model(r.output);
    QVERIFY(std::abs(vision_stored_bits(*opened) - state.vision->stored_bits) < 1e-9);
    QVERIFY(std::abs(projector_stored_bits(*opened) - state.vision->projector_stored_bits) < 1e-9);
    QCOMPARE(opened->vision_activations().size(), activations < 16 ? size_t{8} : size_t{0});
    for (const VisionQuantizer& q : opened->vision_activations()) {
      QCOMPARE(q.bits, activations);
      QCOMPARE(q.low.size(), q.range == VisionRange::STATIC_POSITION ? size_t{5} : size_t{1});
    }
    GeneratorInfo info, plain_info;
    const auto as_asked = answer(opened, false, &info), as_a16 = answer(opened, true, &plain_info);
    QCOMPARE(info.vision_activation_bits, activations);
    QCOMPARE(plain_info.vision_activation_bits, 16);
    if (activations < 16) {
      QVERIFY(as_asked != as_a16);  // the tower's quantizers run
      QVERIFY(plain_info.activation_note.find("tower's activations run as A16") != std::string::npos);
      verify_refused([&] { QuantizeRequest again = request("again.qvlm", "{}"); again.model = opened; run(again); }, "quantized already");
    } else {
      QVERIFY(as_asked == as_a16);
    }
  }

  // The decoder's search sees the quantized tower's pictures: its own input is off the float stream before any of its layers.
  void searchBeginsWithTheQuantizedTower() {
    const auto error_of = [&](const char* recipe) { return run(request("stream.qvlm", recipe)).layers.front()->output_error; };
    const double sixteen = error_of(R"({"weight_bits": 8, "weight_group": 32})");
    const double four = error_of(R"({"weight_bits": 8, "weight_group": 32, "vision_bits": 4, "vision_group": 0, "vision_activation_bits": 4})");
    QVERIFY2(four > 5 * sixteen, qPrintable(QString("%1 against %2").arg(four).arg(sixteen)));
  }

  void optimisesAndResumes_data() {
    QTest::addColumn<int>("steps");  // of the optimisation, then stopped
    for (const int steps : {-1, 0, 1, 3}) QTest::addRow("%d steps", steps) << steps;
  }
  void optimisesAndResumes() {
    QFETCH(int, steps);
    const std::string recipe = R"({"vision_bits": 8, "vision_activation_bits": 4, "veo": true, "veo_epochs": 3})";
    const fs::path whole = path("veo.qvlm");
    if (!fs::exists(whole)) {
      const RunState state = run(request("veo.qvlm", recipe));
      QVERIFY(state.veo.has_value() && !state.veo_steps.empty() && state.veo_epochs.size() >= 2);
      QVERIFY(to_text(make_report(state), state).find("visual-encoder optimisation") != std::string::npos);
    }
    QuantizeRequest r = request("resumed.qvlm", recipe);
    Recorder listener;
    QVERIFY(run_until(r, listener, [&](const Event& event) {
      if (steps < 0) return is<VisionQuantized>(event);
      return listener.count<VeoStep>() == steps + 1 || (steps == 3 && is<VeoFinished>(event));
    }));
    Recorder second;
    RunControl free;
    r.resume = true;
    r.recipe.reset();
    QCOMPARE(quantize(r, second, free).status, RunStatus::FINISHED);
    QCOMPARE(second.count<VisionQuantized>(), 0);  // taken up
    QCOMPARE(second.count<VeoFinished>(), listener.count<VeoFinished>() > 0 ? 0 : 1);
    for (const char* file : {"model.gguf", "vision.gguf"}) QVERIFY(bytes_of(r.output / file) == bytes_of(whole / file));
    QVERIFY(!fs::exists(r.output / "work"));
  }

  void refuses() {
    const auto recipe = [](const char* text) { return [text] { recipe_from_json(text, "recipe"); }; };
    verify_refused(recipe(R"({"vision_bits": 5})"), "16, 8 or 4");
    verify_refused(recipe(R"({"vision_activation_bits": 8})"), "while vision_bits is 16");
    verify_refused(recipe(R"({"veo": true})"), "nothing to optimise");
    verify_refused(recipe(R"({"vision_bits": 8, "veo": true, "veo_lambda1": -1})"), "veo_lambda1");
    verify_refused(recipe(R"({"projector_bits": 4})"), "projector_bits");
    verify_refused(recipe(R"({"vision_bits": 8, "vision_activation_bits": 8, "vision_activation_mode": "dynamic"})"), "static-position");
    verify_refused([&] { run(request("x.qvlm", R"({"vision_bits": 4})")); }, "vision.0.attention.query.weight: group");
    // Texts have no pictures to quantize the tower by.
    std::ofstream(path("text.txt")) << "Some words.\n\nAnd some more words.\n";
    QuantizeRequest text = request("x.qvlm", R"({"vision_bits": 8})");
    text.calibration = path("text.txt");
    verify_refused([&] { run(text); }, "expected pictures");
  }
};

QTEST_GUILESS_MAIN(TestVisionRun)
#include "test_vision_run.moc"
