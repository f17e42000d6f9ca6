// What keeps memory small: tensors that spill, candidates that are kept as codes; and the plan that says how much is needed.
#define QT_NO_KEYWORDS  // libtorch has members named slots
#include <QtTest>

#include <QTemporaryDir>

#include "core/base/error.h"
#include "core/lab/calibration/batch_tensors.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/quantization/candidate_layers.h"
#include "core/lab/quantization/machine_speed.h"
#include "core/lab/quantization/plan.h"

using namespace qvlm;
using namespace qvlm::quantization;
using calibration::ActivationSpill;
using calibration::BatchStates;
using calibration::KeptTensor;
namespace fs = std::filesystem;

namespace {

size_t files_in(const fs::path& folder) {
  return fs::exists(folder) ? static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator())) : 0;
}

VlmConfig small_model() {
  VlmConfig config;
  config.decoder.hidden = 64;
  config.decoder.ffn = 160;
  config.decoder.layers = 6;
  config.decoder.heads = 4;
  config.decoder.kv_heads = 2;
  config.decoder.head_dim = 16;
  config.decoder.vocabulary = 100;
  return config;
}

PlannedRun eight_samples() {
  PlannedRun run;
  run.lengths.assign(8, 50);
  run.activation_bytes = int64_t{1} << 40;
  return run;
}

Recipe plain_recipe() {
  Recipe recipe;
  recipe.search = SearchMode::NONE;
  recipe.search_samples = 4;
  recipe.threads = 1;
  return recipe;
}

}  // namespace

class TestStreaming : public QObject {
  Q_OBJECT

  QTemporaryDir folder_;
  fs::path path(const char* name) const { return fs::path(folder_.path().toStdString()) / name; }

 private Q_SLOTS:
  void keptTensorsGoWithTheirLastHandle() {
    const auto small = torch::randn({2, 3}), large = torch::randn({4, 5, 6});
    ActivationSpill spill(path("kept"), 100);
    KeptTensor first = spill.keep(small), second = spill.keep(large);
    QVERIFY(first.get().data_ptr() == small.data_ptr());  // in memory: the values themselves
    QVERIFY(second.get().data_ptr() != large.data_ptr() && torch::equal(second.get(), large));
    QCOMPARE(second.size(-1), int64_t{6});
    QCOMPARE(second.size(0), int64_t{4});
    QCOMPARE(files_in(path("kept")), size_t{1});
    const KeptTensor copy = second;
    second = {};
    QVERIFY(torch::equal(copy.get(), large));
    QCOMPARE(files_in(path("kept")), size_t{1});
    first = {};
    QCOMPARE(spill.resident_bytes(), int64_t{0});
    QVERIFY(!spill.keep(torch::Tensor()).defined());
    QCOMPARE(KeptTensor(small).size(-1), int64_t{3});
  }

  void whatAStepLeavesIsNotKeptTwice() {
    const auto residual = torch::randn({1, 4, 8}), input = torch::randn({1, 4, 8}), next = torch::randn({1, 4, 12});
    ActivationSpill spill(path("shared"), 0);
    BatchStates states(1);
    states.set(0, {residual, input}, states, {}, spill);
    QCOMPARE(spill.spilled_bytes(), int64_t{4 * 64});
    const reference::LayerState before = states[0];
    BatchStates behind(1);
    behind.set(0, {before.residual, next}, states, before, spill);
    QCOMPARE(spill.spilled_bytes(), int64_t{4 * (64 + 48)});
    QVERIFY(torch::equal(behind[0].residual, residual) && torch::equal(behind[0].site_input, next));
    QCOMPARE(behind.site_inputs.width(), int64_t{12});
    states = BatchStates();
    QCOMPARE(spill.spilled_bytes(), int64_t{4 * (32 + 48)});
    QCOMPARE(spill.most_spilled_bytes(), int64_t{4 * (64 + 48)});
  }

  void candidatesStayAsFloatsWithinTheBudget() {
    reference::DecoderLayer frame;
    frame.attention_norm = torch::ones({64});
    frame.down = torch::ones({64, 64});  // not of this site
    std::vector<std::map<std::string, GridWeight>> weights;
    std::vector<torch::Tensor> expected;
    for (int c = 0; c < 3; ++c) {
      const auto rounded = round_to_nearest(torch::randn({64, 64}), WeightGrid{4, 32, false}, "w");
      expected.push_back(rounded.dequantize());
      weights.push_back({{"attention.output", rounded}});
    }
    const auto budget = std::make_shared<WeightBudget>(2 * 64 * 64 * 4 + 100);
    {
      const CandidateLayers layers(frame, weights, budget);
      for (const size_t c : {0u, 2u, 1u}) QVERIFY(torch::equal(layers.at(c)->output, expected[c]));
      QVERIFY(layers.at(0) == layers.at(0) && layers.at(2) == layers.at(2));  // kept
      const std::weak_ptr<const reference::DecoderLayer> third = layers.at(1);
      QVERIFY(third.expired());  // made again at each use
      const auto held = layers.at(1);
      QVERIFY(held == layers.at(1));  // but shared by those who use it at the same time
      QVERIFY(!held->down.defined() && torch::equal(held->attention_norm, frame.attention_norm));
      QVERIFY(!budget->take(64 * 64 * 4));
    }
    QVERIFY(budget->take(2 * 64 * 64 * 4));  // given back
    reference::DecoderLayer turned = frame;
    turned.transforms[1] = {torch::eye(2), torch::eye(3)};
    const CandidateLayers shared(turned, {weights.front()});
    QVERIFY(shared.at(0)->transforms[1].active() && !shared.at(0)->transforms[0].active());  // all that is not a linear of the layer
    QVERIFY(shared.at(0) == shared.at(4));  // one for all candidates
  }

  // The layout that make_batches follows, without tensors.
  void batchesAsPlanned() {
    const std::vector<int64_t> lengths{9, 5, 7, 30, 4, 8};
    std::vector<torch::Tensor> embedded;
    for (const int64_t length : lengths) embedded.push_back(torch::zeros({1, length, 2}));
    const auto batches = calibration::make_batches(embedded, 3, 2, 200);
    const auto layout = calibration::batch_layout(lengths, 3, 2, 200);
    const std::vector<std::vector<int>> expected{{1, 2}, {0}, {4, 5}, {3}};
    QVERIFY(layout.samples == expected);
    QCOMPARE(layout.search_batches, size_t{2});
    QCOMPARE(batches.search_batches, size_t{2});
    for (size_t b = 0; b < expected.size(); ++b) QVERIFY(batches.all[b].samples == expected[b]);
  }

  // Where nothing but products costs anything: three walks over all rows (statistics, targets, commit) and the score of what is chosen.
  void planCountsProducts() {
    MachineSpeed speed;
    speed.product = 1e-9;
    const VlmConfig config = small_model();
    const double weights = 64.0 * (64 + 2 * 32) + 64 * 64 + 3 * 64 * 160;
    const double expected = 4 * 400 * weights * 1e-9 * 6;
    const double planned = plan_run(config, plain_recipe(), eight_samples(), speed).seconds;
    QVERIFY2(planned > 1.0 * expected && planned < 1.3 * expected, qPrintable(QString("%1 against %2").arg(planned).arg(expected)));
  }

  void planFollowsTheRun() {
    const MachineSpeed speed{1e-11, 1e-9, 1e-10, 1e-9, 1e-9, 1e-8, 1e-9, 1e-9, 1e-8, 1e-9};
    const VlmConfig config = small_model();
    Recipe recipe = plain_recipe();
    recipe.search = SearchMode::JOINT;
    PlannedRun run = eight_samples();
    const RunPlan whole = plan_run(config, recipe, run, speed);
    // A part of the layers: the statistics of all, the search of these.
    run.layers = 3;
    const double half = plan_run(config, recipe, run, speed).seconds;
    run.layers = 2;
    const double third = plan_run(config, recipe, run, speed).seconds;
    run.layers = 1;
    const double sixth = plan_run(config, recipe, run, speed).seconds;
    QVERIFY(std::abs((half - third) - (third - sixth)) < 1e-9 * half);
    QVERIFY(whole.seconds > half && half > third && third - sixth < sixth);
    // Deeper blocks search longer; a layer-wise search is the shortest.
    run = eight_samples();
    Partition pairs, single = layerwise_partition(24);
    for (int site = 0; site < 24; site += 2) pairs.blocks.push_back({site, site + 1});
    run.partition = &pairs;
    const double deep = plan_run(config, recipe, run, speed).seconds;
    run.partition = &single;
    const double flat = plan_run(config, recipe, run, speed).seconds;
    run.partition = nullptr;
    recipe.search = SearchMode::LAYERWISE;
    const double layerwise = plan_run(config, recipe, run, speed).seconds;
    QVERIFY(deep > flat);
    // A joint search of single sites also carries what leaves them to the residual: of every second site, a product per candidate.
    QVERIFY2(flat > layerwise && flat < 1.1 * layerwise, qPrintable(QString("%1 against %2").arg(flat).arg(layerwise)));
    QVERIFY(flat < whole.seconds);
    // Two threads that share even batches take half the time of one.
    recipe.threads = 2;
    QVERIFY(plan_run(config, recipe, run, speed).seconds < 0.65 * layerwise);
  }

  void planOfMemoryFollowsTheBudget() {
    const MachineSpeed speed{};
    VlmConfig config = small_model();
    Recipe recipe = plain_recipe();
    recipe.search = SearchMode::JOINT;
    PlannedRun run = eight_samples();
    run.lengths.assign(512, 100);
    const int64_t all = plan_run(config, recipe, run, speed).bytes;
    run.activation_bytes = 1 << 20;
    const int64_t bounded = plan_run(config, recipe, run, speed).bytes;
    run.activation_bytes = 0;
    const int64_t least = plan_run(config, recipe, run, speed).bytes;
    const int64_t state = int64_t{4} * 512 * 100 * (64 + 160);
    QVERIFY(all - bounded > 3 * state && bounded - least <= 2 << 20 && least > int64_t{4} * 512 * 100 * 64);
    run.resident_bytes = 12345678;
    QCOMPARE(plan_run(config, recipe, run, speed).bytes, least + 12345678);
  }

  void speedIsMeasured() {
    const MachineSpeed speed = measure_speed(small_model().decoder, 200, 50, 32, 2);
    for (const double value : {speed.product, speed.attention, speed.element, speed.round_activation, speed.round_weight, speed.sort_weight, speed.column,
                               speed.level, speed.sort_value, speed.bin}) {
      QVERIFY(value > 1e-13 && value < 1e-4);
    }
    QVERIFY(speed.product < speed.sort_weight);
    QVERIFY(resident_memory() > 1 << 20 && peak_memory() > 1 << 20);
  }
};

QTEST_GUILESS_MAIN(TestStreaming)
#include "test_streaming.moc"
