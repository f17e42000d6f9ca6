// Whole runs whose activations have a folded range a channel, or refined clip bounds: with every weight method, resumed, and edited.
#include <QtTest>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/run/report.h"
#include "tests/lab_quantization/run_fixture.h"

using namespace qvlm;

namespace {

std::vector<float> values_of(const Model& model, const std::string& name) {
  const Weight weight = model.load(name);
  const auto& view = std::get<TensorView>(weight);
  std::vector<float> values(view.bytes.size() / 4);
  if (view.dtype == DType::F32) std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
  return view.dtype == DType::F32 ? values : std::vector<float>{};
}

}  // namespace

class TestActivationRuns : public QObject, RunFixture {
  Q_OBJECT

  // Stopped behind the event of that number; then resumed. True if it was stopped at all.
  static bool run_in_two(QuantizeRequest r, int stop_after) {
    Recorder listener;
    if (!run_until(r, listener, behind(listener, stop_after))) return false;
    r.resume = true;
    r.recipe.reset();
    run(r);
    return true;
  }

 private Q_SLOTS:
  void initTestCase() { make_model(); }

  void channelsWithEveryMethod_data() {
    QTest::addColumn<QString>("keys");
    for (const char* method : {"rtn", "awq", "opt-rtn", "gptq", "gptaq", "nf4"}) QTest::newRow(method) << QString(R"("weight_method": "%1")").arg(method);
    QTest::newRow("autoround") << R"("weight_method": "autoround", "autoround_iterations": 4, "search": "none")";
    QTest::newRow("residual") << R"("weight_method": "gptq", "weight_bits": 3, "residual_rank": 4)";
    QTest::newRow("rotated") << R"("rotation": "r1r2")";
    QTest::newRow("symmetric, 6 bits") << R"("weight_symmetric": true, "weight_bits": 6, "activation_bits": 6)";
    QTest::newRow("refined") << R"("clip_refinement": "gradient", "refinement_epochs": 3)";
  }
  void channelsWithEveryMethod() {
    QFETCH(QString, keys);
    const QString a4 = keys.contains("activation_bits") ? "" : R"("activation_bits": 4, )";
    const auto recipe = small_recipe(QString(R"({%1"activation_mode": "static-channel", %2})").arg(a4, keys).toStdString());
    const auto request = replacing("channel.qvlm", recipe);
    const RunState state = run(request);
    QCOMPARE(state.status, RunStatus::FINISHED);
    for (const BlockReport& block : make_report(state).blocks) {
      QVERIFY(block.joint_error <= block.layerwise_error && block.joint_error <= block.unclipped_error);
      QVERIFY(block.joint_error > 0 && block.joint_error < 1);
    }
    const auto opened = open_model(request.output);
    QCOMPARE(opened->activations().size(), size_t{8});
    for (const ActivationQuantizer& q : opened->activations()) {
      QCOMPARE(q.granularity, ActivationGranularity::STATIC_TENSOR);  // what any runtime with static ranges knows
      QVERIFY(q.low < 0 && q.high > 0);
    }
    const auto norm = values_of(*opened, "decoder.0.attention_norm.weight");
    QCOMPARE(norm.size(), size_t{tiny_vlm::kHidden});
    const auto [least, most] = std::minmax_element(norm.begin(), norm.end());
    QVERIFY(*most > 1.5f * *least);  // the scales are in it
    QCOMPARE(read_run(request.output).status, RunStatus::FINISHED);
  }

  // Outlier channels take the levels of a tensor's range from all others, not those of a channel's own.
  void channelsAreFinerThanOneRange() {
    const auto error_of = [&](const char* mode) {
      const auto recipe = small_recipe(QString(R"({"weight_bits": 8, "activation_bits": 4, "activation_mode": "%1"})").arg(mode).toStdString());
      return make_report(run(replacing("compared.qvlm", recipe))).layer_output_error;
    };
    const double tensor = error_of("static-tensor"), channel = error_of("static-channel");
    qInfo("output error of the last layer at W8A4: static-tensor %.3e, static-channel %.3e", tensor, channel);
    QVERIFY(channel < tensor);
  }

  void refines_data() {
    QTest::addColumn<QString>("keys");
    for (const char* refinement : {"coordinate", "gradient"}) {
      for (const char* mode : {"dynamic-token", "dynamic-group", "static-tensor", "static-channel"}) {
        QTest::addRow("%s, %s", refinement, mode) << QString(R"("clip_refinement": "%1", "activation_mode": "%2")").arg(QString(refinement), QString(mode));
      }
    }
    QTest::newRow("layer-wise") << R"("clip_refinement": "coordinate", "search": "layerwise")";
    QTest::newRow("GPTAQ, rotated") << R"("clip_refinement": "gradient", "weight_method": "gptaq", "rotation": "r1r2r4")";
  }
  void refines() {
    QFETCH(QString, keys);
    auto recipe = small_recipe(QString(R"({"activation_bits": 4, "refinement_epochs": 4, %1})").arg(keys).toStdString());
    const auto request = replacing("refined.qvlm", recipe);
    Recorder listener;
    RunControl control;
    const RunState state = quantize(request, listener, control);
    const RunReport report = make_report(state);
    qInfo("%d of %zu blocks refined, mean gain %.2f %%", report.blocks_refined, report.blocks.size(), 100 * report.refinement_gain);
    QVERIFY(report.blocks_refined > 0 && report.refinement_gain > 0);
    const auto opened = open_model(request.output);
    int64_t forwards = 0;
    for (const BlockSearched& block : listener.all<BlockSearched>()) {
      forwards += block.site_forwards;
      if (block.refined_bounds.empty()) continue;
      QVERIFY(block.refined_error < block.joint_error);
      // What runs is clipped as the journal says.
      auto bound = block.refined_bounds.begin();
      for (int site = block.first_site; site <= block.last_site; ++site) {
        const ActivationQuantizer& q = opened->activations()[static_cast<size_t>(site)];
        if (is_static(recipe.activation_mode)) {
          QCOMPARE(q.low, *bound++);
          QCOMPARE(q.high, *bound++);
        } else {
          QCOMPARE(q.clip, *bound++);
        }
      }
      QVERIFY(bound == block.refined_bounds.end());
    }
    QCOMPARE(report.site_forwards, forwards);
    QVERIFY(to_text(report, state).find("clip bounds refined") != std::string::npos);

    // The search before it is the same as without.
    recipe.clip_refinement = ClipRefinement::NONE;
    const RunState plain = run(replacing("plain.qvlm", recipe));
    QCOMPARE(plain.result_of(0)->joint_error, state.result_of(0)->joint_error);
    QCOMPARE(plain.result_of(0)->joint_parameters, state.result_of(0)->joint_parameters);
    QVERIFY(to_text(make_report(plain), plain).find("refined") == std::string::npos);
  }

  void resumesToTheSameBytes_data() {
    QTest::addColumn<QString>("keys");
    QTest::newRow("channels, refined") << R"("activation_mode": "static-channel", "clip_refinement": "coordinate")";
    QTest::newRow("token, refined") << R"("clip_refinement": "gradient")";
    QTest::newRow("channels, GPTQ") << R"("activation_mode": "static-channel", "weight_method": "gptq")";
  }
  void resumesToTheSameBytes() {
    QFETCH(QString, keys);
    const auto recipe = small_recipe(QString(R"({"activation_bits": 4, "refinement_epochs": 3, %1})").arg(keys).toStdString());
    run(replacing("whole.qvlm", recipe));
    int stopped = 0;
    for (const int stop : {6, 60, 200, 420}) {
      stopped += run_in_two(replacing("two.qvlm", recipe), stop);
      QVERIFY(bytes_of(path("two.qvlm") / "model.gguf") == bytes_of(path("whole.qvlm") / "model.gguf"));
    }
    QVERIFY(stopped >= 3);
  }

  // A border moved behind the first blocks: what was refined before it stays, and the files are those of a fresh run.
  void editedPartitionEqualsAFreshRun_data() {
    QTest::addColumn<QString>("keys");
    QTest::newRow("token") << R"("clip_refinement": "coordinate")";
    QTest::newRow("channels") << R"("activation_mode": "static-channel", "clip_refinement": "gradient")";
  }
  void editedPartitionEqualsAFreshRun() {
    QFETCH(QString, keys);
    const auto recipe = small_recipe(QString(R"({"activation_bits": 4, "refinement_epochs": 3, %1})").arg(keys).toStdString());
    const Partition before{{{0, 1}, {2, 3}, {4, 5}, {6, 7}}}, after{{{0, 1}, {2, 4}, {5, 5}, {6, 7}}};
    auto request = replacing("edited.qvlm", recipe);
    request.partition = before;
    Recorder listener;
    RunControl control;
    bool edited = false;
    listener.at_event = [&](const Event& event) {
      const auto* block = std::get_if<BlockSearched>(&event);
      if (block == nullptr || block->block != 1 || edited) return;
      edited = true;
      control.partition.put(after);
    };
    const RunState state = quantize(request, listener, control);
    QVERIFY(state.partition == after);
    auto fresh = replacing("fresh.qvlm", recipe);
    fresh.partition = after;
    run(fresh);
    QVERIFY(bytes_of(request.output / "model.gguf") == bytes_of(fresh.output / "model.gguf"));
  }
};

QTEST_GUILESS_MAIN(TestActivationRuns)
#include "test_activation_runs.moc"
