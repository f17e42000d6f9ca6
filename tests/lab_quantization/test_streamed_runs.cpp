// Runs whose memory or disk is short: activations that spill, a stop after some layers, a full disk.
#include <QtTest>

#include <csignal>

#include <sys/resource.h>

#include "core/model/sites.h"
#include "tests/lab_quantization/run_fixture.h"

using namespace qvlm;

class TestStreamedRuns : public QObject, RunFixture {
  Q_OBJECT

 private Q_SLOTS:
  // The runs that the tests below compare with, all in memory.
  void initTestCase() {
    make_model();
    const std::pair<const char*, const char*> recipes[] = {
        {"a16", "{}"},
        {"awq", R"({"weight_method": "awq"})"},
        {"a6", R"({"weight_bits": 3, "activation_bits": 6, "activation_mode": "static-tensor"})"},
        {"gptaq", R"({"weight_bits": 3, "weight_method": "gptaq", "activation_bits": 4})"},
        {"residual", R"({"weight_bits": 3, "weight_method": "gptq", "residual_rank": 4, "search": "none"})"},
        {"smooth", R"({"weight_bits": 8, "weight_group": 0, "weight_symmetric": true, "activation_bits": 8, "weight_method": "smoothquant"})"},
        {"rotated", R"({"rotation": "r1r2r4", "activation_bits": 4})"},
        {"learned", R"({"transform": "learned", "transform_epochs": 2, "activation_bits": 4, "search": "none"})"},
        {"channels", R"({"activation_bits": 6, "activation_mode": "static-channel", "clip_refinement": "coordinate", "refinement_epochs": 2})"}};
    for (const auto& [name, text] : recipes) QCOMPARE(run(request(std::string(name) + ".qvlm", small_recipe(text))).status, RunStatus::FINISHED);
  }

  // With room for a few kilobytes of activations nearly all lie on the disk, and candidates' weights are turned into floats at each use.
  void memoryDoesNotChangeTheResult_data() {
    QTest::addColumn<QString>("source");
    QTest::addColumn<qlonglong>("bytes");
    for (const char* source : {"a16", "awq", "a6", "gptaq", "residual", "smooth", "rotated", "learned", "channels"}) {
      QTest::addRow("%s, 40 kB", source) << source << qlonglong{40000};
      QTest::addRow("%s, nothing", source) << source << qlonglong{0};
    }
  }
  void memoryDoesNotChangeTheResult() {
    QFETCH(QString, source);
    QFETCH(qlonglong, bytes);
    const fs::path whole = path(qPrintable(source + ".qvlm"));
    QuantizeRequest r = replacing("spilled.qvlm", read_recipe(whole / "recipe.json"));
    r.memory_bytes = bytes;
    int in_statistics = 0, in_search = 0;
    Recorder listener;
    listener.at_event = [&](const Event& event) {
      const fs::path spilled = partial_of(r.output) / "work" / "activations";
      if (!fs::exists(spilled) || fs::is_empty(spilled)) return;
      if (std::holds_alternative<EntropyMeasured>(event)) ++in_statistics;
      if (std::holds_alternative<BlockSearched>(event)) ++in_search;
    };
    RunControl control;
    QCOMPARE(quantize(r, listener, control).status, RunStatus::FINISHED);
    QVERIFY(in_statistics > 0 && in_search > 0);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(whole / "model.gguf"));
    QVERIFY(bytes_of(r.output / "vision.gguf") == bytes_of(whole / "vision.gguf"));
    QVERIFY(!fs::exists(r.output / "work"));
  }

  void stopsAfterLayers() {
    QuantizeRequest r = request("stopped.qvlm", read_recipe(path("awq.qvlm") / "recipe.json"));
    r.stop_after_layers = 1;
    Recorder listener;
    RunControl control;
    QVERIFY_THROWS_EXCEPTION(Cancelled, quantize(r, listener, control));
    QCOMPARE(listener.count<LayerQuantized>(), 1);
    QVERIFY(std::holds_alternative<RunCancelled>(listener.events.back().event));
    r.resume = true;
    Recorder again;
    QVERIFY_THROWS_EXCEPTION(Cancelled, quantize(r, again, control));  // they are finished
    QCOMPARE(again.count<LayerQuantized>(), 0);
    r.stop_after_layers = tiny_vlm::kLayers;  // all of them: a whole run
    QCOMPARE(run(r).status, RunStatus::FINISHED);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("awq.qvlm") / "model.gguf"));
  }

  // As on a full disk: from some event on no file may grow beyond a size. The message names the file, and the run goes on when there is room.
  void fullDisk_data() {
    QTest::addColumn<bool>("spills");
    QTest::addColumn<QString>("file");
    QTest::newRow("a layer's file") << false << "layer_0.safetensors";
    QTest::newRow("activations") << true << "activations_";
  }
  void fullDisk() {
    QFETCH(bool, spills);
    QFETCH(QString, file);
    std::signal(SIGXFSZ, SIG_IGN);  // so that writing says what is wrong
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    QuantizeRequest r = request("full.qvlm", read_recipe(path("a16.qvlm") / "recipe.json"));
    if (spills) r.memory_bytes = 0;
    Recorder listener;
    listener.at_event = [&](const Event& event) {
      const auto* phase = std::get_if<PhaseStarted>(&event);
      const auto* block = std::get_if<BlockSearched>(&event);
      const bool now = spills ? phase != nullptr && phase->phase == "statistics" : block != nullptr && block->last_site >= kSitesPerLayer - 1;
      const rlimit small{4096, before.rlim_max};
      if (now) setrlimit(RLIMIT_FSIZE, &small);
    };
    RunControl control;
    const QByteArray named = file.toLatin1();
    verify_refused([&] { quantize(r, listener, control); }, named.constData());
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, SIG_DFL);
    r.resume = true;
    QCOMPARE(run(r).status, RunStatus::FINISHED);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("a16.qvlm") / "model.gguf"));
    fs::remove_all(r.output);
  }

  void foldersOfActivationsThatCannotBeMadeAreNamed() {
    QuantizeRequest r = request("blocked.qvlm", read_recipe(path("a16.qvlm") / "recipe.json"));
    r.memory_bytes = 0;
    const fs::path folder = partial_of(r.output) / "work" / "activations";
    Recorder listener;
    listener.at_event = [&](const Event& event) {
      if (std::holds_alternative<PhaseStarted>(event) && !fs::exists(folder)) std::ofstream(folder) << "x";
    };
    RunControl control;
    verify_refused([&] { quantize(r, listener, control); }, "blocked.qvlm.partial/work/activations: cannot be made");
    r.resume = true;
    QCOMPARE(run(r).status, RunStatus::FINISHED);
    QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("a16.qvlm") / "model.gguf"));
  }
};

QTEST_GUILESS_MAIN(TestStreamedRuns)
#include "test_streamed_runs.moc"
