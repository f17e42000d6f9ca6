// The fold over events, and the report made of it.
#include <QtTest>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/run/report.h"
#include "core/run/run_state.h"

using namespace qvlm;

namespace {

BlockSearched searched(int block, int first, int last, double layerwise, double joint, double spread) {
  BlockSearched event;
  event.block = block;
  event.first_site = first;
  event.last_site = last;
  event.layerwise_parameters.assign(static_cast<size_t>(last - first + 1), 1.0f);
  event.joint_parameters.assign(static_cast<size_t>(last - first + 1), 0.98f);
  event.layerwise_error = layerwise;
  event.joint_error = joint;
  event.unclipped_error = layerwise * 2;
  event.spread = spread;
  event.search_has_effect = spread >= 0.01;
  event.site_forwards = 100;
  return event;
}

Partition partition_of(std::vector<Block> blocks) { return {std::move(blocks)}; }

RunState started() {
  RunState state;
  state.apply({0, RunStarted{1, "m", "f", "c", "g", to_json(Recipe{}), 2, 8, 4, 1, 1}});
  for (int site = 0; site < 8; ++site) state.apply({0.1, EntropyMeasured{site, 0.5, 0.25 + 0.01 * site, {0.5f, 0.5f}}});
  state.apply({0.2, PartitionChanged{partition_of({{0, 1}, {2, 4}, {5, 5}, {6, 7}}), 0.25, "greedy"}});
  return state;
}

}  // namespace

class TestRunState : public QObject {
  Q_OBJECT
 private slots:
  void foldsAWholeRun() {
    RunState state = started();
    QCOMPARE(state.status, RunStatus::RUNNING);
    QCOMPARE(state.sites.size(), size_t{8});
    QVERIFY(state.recipe.has_value());
    state.apply({1, Progress{"search", 1, 8, 7}});
    QCOMPARE(state.phase_done, 1);
    QCOMPARE(state.eta_seconds, 7.0);
    state.apply({1, CandidateScored{0, {1, 1}, 0.5, 8}});
    state.apply({1, CandidateScored{0, {1, 0.98f}, 0.4, 8}});
    QCOMPARE(state.candidates.size(), size_t{2});
    state.apply({1, BlockSearched(searched(0, 0, 1, 2e-3, 1e-3, 0.5))});
    state.apply({1, CandidateScored{1, {1, 1, 1}, 0.5, 8}});
    QCOMPARE(state.candidates.size(), size_t{1});  // the block in search only
    state.apply({1, RunPaused{}});
    QCOMPARE(state.status, RunStatus::PAUSED);
    state.apply({1, RunResumed{0, 0}});
    state.apply({2, searched(1, 2, 4, 2e-3, 2e-3, 0.001)});
    state.apply({2, LayerQuantized{0, "f", "h", 1, 0.1, 0.2, 1}});
    QCOMPARE(state.layers_done(), 1);
    QCOMPARE(state.dependency_of(1), (0.27 + 0.28) / 2);
    QVERIFY_THROWS_EXCEPTION(Error, make_report(state));  // two blocks have no result
    state.apply({3, searched(2, 5, 5, 1e-3, 1e-3, 0.02)});
    state.apply({4, searched(3, 6, 7, 4e-3, 3e-3, 0.3)});
    state.apply({4, LayerQuantized{1, "f", "h", 1, 0.1, 0.3, 1}});
    state.apply({5, RunFinished{5, 10, 20, 5.0, 400, "out"}});
    QCOMPARE(state.status, RunStatus::FINISHED);

    const RunReport report = make_report(state);
    QCOMPARE(report.blocks_strictly_better, 2);
    QCOMPARE(report.share_strictly_better, 0.5);
    QCOMPARE(report.mean_gain, (0.5 + 0 + 0 + 0.25) / 4);
    QCOMPARE(report.depth_histogram[1], 1);
    QCOMPARE(report.depth_histogram[2], 2);
    QCOMPARE(report.depth_histogram[3], 1);
    QCOMPARE(report.blocks_with_effect, 3);
    QCOMPARE(report.layer_output_error, 0.3);
    QCOMPARE(report.mean_layer_error, (0.2 + 0.3) / 2);
    const std::string text = to_text(report, state);
    QCOMPARE(QString::fromStdString(text).count("search has no effect here"), 1);
    const auto json = nlohmann::json::parse(to_json(report, state));
    QCOMPARE(json.at("blocks").size(), size_t{4});
    QCOMPARE(json.at("blocks")[3].at("joint_error").get<double>(), 3e-3);
    QCOMPARE(json.at("stored_bits").get<double>(), 5.0);
  }

  void editedPartitionKeepsWhatComesBefore() {
    RunState state = started();
    state.apply({1, searched(0, 0, 1, 2e-3, 1e-3, 0.5)});
    state.apply({2, searched(1, 2, 4, 2e-3, 1e-3, 0.5)});
    state.apply({2, LayerQuantized{0, "f", "h", 1, 0.1, 0.2, 1}});
    state.apply({3, searched(2, 5, 5, 2e-3, 1e-3, 0.5)});
    state.apply({4, PartitionChanged{partition_of({{0, 1}, {2, 4}, {5, 6}, {7, 7}}), 0.25, "user"}});
    QVERIFY(state.result_of(0) != nullptr);
    QVERIFY(state.result_of(1) != nullptr);
    QVERIFY(state.result_of(2) == nullptr);
    QCOMPARE(state.layers_done(), 1);
    QCOMPARE(state.partition_origin, std::string("user"));
    state.apply({5, PartitionChanged{partition_of({{0, 0}, {1, 1}, {2, 4}, {5, 6}, {7, 7}}), 0.25, "user"}});
    QCOMPARE(state.blocks.size(), size_t{0});
    QCOMPARE(state.layers_done(), 0);
  }

  void secondsGoOnAfterAResumption() {
    RunState state = started();
    state.apply({10, RunCancelled{}});
    QCOMPARE(state.status, RunStatus::CANCELLED);
    state.apply({0.5, RunResumed{0, 1}});
    QCOMPARE(state.seconds, 10.5);
    state.apply({2, Progress{"search", 1, 2, 3}});
    QCOMPARE(state.seconds, 12.0);
    state.apply({3, RunFailed{"disk full"}});
    QCOMPARE(state.failure, std::string("disk full"));
    QCOMPARE(state.status, RunStatus::FAILED);
  }
};

QTEST_GUILESS_MAIN(TestRunState)
#include "test_run_state.moc"
