// Mixed precision on a tiny random LLaVA: measured losses against plain loops, runs under a budget, and the ranking of proxies.
#include <ATen/CPUGeneratorImpl.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#undef slots
#include <QtTest>

#include "core/lab/calibration/float_pass.h"
#include "core/lab/quantization/assignment_errors.h"
#include "core/lab/quantization/proxy_bench.h"
#include "core/lab/quantization/site_proxies.h"
#include "core/lab/quantization/weight_quantizer.h"
#include "core/lab/reference/decoder.h"
#include "core/run/bit_budget.h"
#include "core/run/rank_correlation.h"
#include "tests/lab_quantization/run_fixture.h"

using namespace qvlm;
using namespace qvlm::quantization;
using reference::DecoderLayer;

namespace {

constexpr int kSites = 4 * tiny_vlm::kLayers;

}  // namespace

class TestMixedPrecision : public QObject, RunFixture {
  Q_OBJECT
  std::vector<torch::Tensor> samples_;
  calibration::Batches batches_;

  ProxyBenchRequest bench(int assignments, double budget) const {
    ProxyBenchRequest r;
    r.model = model_;
    r.calibration = calibration_folder();
    r.recipe = small_recipe();
    r.recipe.budget_bits_per_weight = budget;
    r.assignments = assignments;
    return r;
  }

  // The decoder's last hidden states of one sample with linears rounded as the assignment says. [1, tokens, hidden]
  torch::Tensor through(const torch::Tensor& hidden, const BitAssignment& bits) const {
    const auto& config = model_->config().decoder;
    const auto rotary = reference::RotaryTable::make(config, hidden.size(1));
    torch::Tensor x = hidden;
    for (int l = 0; l < config.layers; ++l) {
      DecoderLayer layer = DecoderLayer::load(*model_, l, torch::kFloat32);
      for (int kind = 0; kind < kSitesPerLayer; ++kind) {
        const int width = bits[static_cast<size_t>(l * kSitesPerLayer + kind)];
        if (width == 0) continue;
        for (const auto suffix : linears_of(static_cast<SiteKind>(kind))) layer.linear(suffix) = round_to_nearest(layer.linear(suffix), {width, 32, false}, "w").dequantize();
      }
      x = reference::decoder_layer(config, layer, x, rotary, l);
    }
    return x;
  }

  // {relative squared error of the hidden states, mean KL of the next token behind `answers`, or behind every row} over the first `count`
  // samples, by plain loops.
  OutputError errors_by_loops(const BitAssignment& bits, size_t count, const AnswerRows& answers = {}) const {
    const auto& config = model_->config().decoder;
    const auto ends = reference::DecoderEnds::load(*model_, torch::kFloat32);
    double error = 0, energy = 0, divergence = 0;
    int64_t rows = 0;
    for (size_t i = 0; i < count; ++i) {
      const auto exact = through(samples_[i], BitAssignment(kSites, 0)).squeeze(0), rounded = through(samples_[i], bits).squeeze(0);
      error += (rounded - exact).square().sum().item<double>();
      energy += exact.square().sum().item<double>();
      const auto p = reference::decoder_logits(config, ends, exact).softmax(-1).to(torch::kFloat64), q = reference::decoder_logits(config, ends, rounded).softmax(-1).to(torch::kFloat64);
      for (int64_t row = 0; row < p.size(0); ++row) {
        if (!answers.empty() && std::find(answers[i].begin(), answers[i].end(), row) == answers[i].end()) continue;
        ++rows;
        const auto a = p.accessor<double, 2>()[row], b = q.accessor<double, 2>()[row];
        for (int64_t v = 0; v < p.size(1); ++v) divergence += a[v] > 0 ? a[v] * std::log(a[v] / b[v]) : 0;
      }
    }
    return {error / energy, divergence / static_cast<double>(rows)};
  }

 private Q_SLOTS:
  void initTestCase() {
    make_model();
    torch::manual_seed(3);
    for (const int64_t tokens : {9, 4, 12, 7, 5}) samples_.push_back(torch::randn({1, tokens, tiny_vlm::kHidden}));
    batches_ = calibration::make_batches(samples_, 3);
  }

  void assignmentErrorsEqualPlainLoops() {
    const torch::NoGradGuard no_gradients;
    std::vector<BitAssignment> assignments{BitAssignment(kSites, 0), BitAssignment(kSites, 3), {3, 4, 5, 6, 8, 3, 4, 5}, BitAssignment(kSites, 0), {0, 0, 0, 0, 0, 0, 0, 3}};
    assignments[3][2] = 4;
    const reference::Workers one(1), two(2);
    int steps = 0;
    const auto errors = assignment_errors(*model_, batches_, Recipe{}, assignments, {}, two, [&](int done) { steps = done; });
    QCOMPARE(steps, steps_of_assignments(*model_, batches_, assignments.size()));
    QCOMPARE(errors[0].hidden, 0.0);
    QCOMPARE(errors[0].divergence, 0.0);
    for (size_t i = 1; i < assignments.size(); ++i) {
      const OutputError expected = errors_by_loops(assignments[i], 3);
      QVERIFY2(std::abs(errors[i].hidden - expected.hidden) <= 1e-4 * expected.hidden, qPrintable(QString("%1 %2").arg(errors[i].hidden).arg(expected.hidden)));
      QVERIFY2(std::abs(errors[i].divergence - expected.divergence) <= 1e-3 * expected.divergence + 1e-7, qPrintable(QString("%1 %2").arg(errors[i].divergence).arg(expected.divergence)));
      QVERIFY(expected.divergence > 0);
    }
    // One by one, with another number of workers: the same numbers.
    for (size_t i = 0; i < assignments.size(); ++i) {
      const auto alone = assignment_errors(*model_, batches_, Recipe{}, std::span(assignments).subspan(i, 1), {}, one);
      QCOMPARE(alone[0].hidden, errors[i].hidden);
      QCOMPARE(alone[0].divergence, errors[i].divergence);
    }
    // Rows that answers follow count alone, where there are any; what other samples of the set have does not matter.
    const AnswerRows answers{{2, 8}, {}, {0, 10, 11}, {1}, {}};
    const auto answered = assignment_errors(*model_, batches_, Recipe{}, std::span(assignments).subspan(2, 1), answers, two);
    const OutputError behind = errors_by_loops(assignments[2], 3, answers);
    QVERIFY(std::abs(answered[0].divergence - behind.divergence) <= 1e-3 * behind.divergence + 1e-7);
    QVERIFY(std::abs(answered[0].divergence - errors[2].divergence) > 1e-3 * behind.divergence);
    QCOMPARE(answered[0].hidden, errors[2].hidden);
    const AnswerRows none(5);
    QCOMPARE(assignment_errors(*model_, batches_, Recipe{}, std::span(assignments).subspan(2, 1), none, two)[0].divergence, errors[2].divergence);
    const std::vector<BitAssignment> wrong{BitAssignment(3, 4)};
    verify_refused([&] { assignment_errors(*model_, batches_, Recipe{}, wrong, {}, one); }, "8 sites");
  }

  void blockLossesAreThoseOfEachBlockAlone() {
    Partition partition{{{0, 1}, {2, 4}, {5, 5}, {6, 7}}};
    partition.blocks[2].bits = 8;
    const reference::Workers workers(1);
    Recipe recipe;
    recipe.weight_bits = 3;
    const auto modelled = block_losses(*model_, batches_, recipe, partition, {}, workers);
    recipe.budget_losses = BudgetLosses::MEASURED;
    const auto measured = block_losses(*model_, batches_, recipe, partition, {}, workers);
    QCOMPARE(modelled.size(), size_t{3});  // one is the user's
    const std::vector<BitAssignment> alone{{3, 3, 0, 0, 0, 0, 0, 0}, {0, 0, 5, 5, 5, 0, 0, 0}};
    const auto errors = assignment_errors(*model_, batches_, recipe, alone, {}, workers);
    QCOMPARE(measured[0][0], errors[0].divergence);
    QCOMPARE(measured[1][2], errors[1].divergence);
    for (size_t b = 0; b < 3; ++b) {
      QCOMPARE(modelled[b][0], measured[b][0]);  // the width that is measured
      QCOMPARE(modelled[b][1], modelled[b][0] / 4);
      QCOMPARE(modelled[b][4], modelled[b][0] / 1024);
      for (size_t w = 1; w < 5; ++w) QVERIFY(measured[b][w] < measured[b][w - 1]);
    }
  }

  void roundingCostsEqualPlainLoops() {
    Recipe recipe;
    recipe.seed = 11;
    const auto measured = calibration::float_pass(*model_, batches_, recipe, {}, reference::Workers(1));
    const auto costs = rounding_costs(*model_, batches_, recipe, measured.statistics, {3, 8}, reference::Workers(2), [] {});
    QCOMPARE(costs.size(), size_t{kSites});
    // The whole decoder as one graph, the same labels.
    const auto& config = model_->config().decoder;
    const auto rotary = reference::RotaryTable::make(config, batches_.longest);
    const auto ends = reference::DecoderEnds::load(*model_, torch::kFloat32);
    const auto down = DecoderLayer::load(*model_, 0, torch::kFloat32).down.detach().clone().requires_grad_();
    auto fisher = torch::zeros_like(down);
    const at::Generator generator = at::detail::createCPUGenerator(recipe.seed);
    double rows = 0;
    for (size_t b = 0; b < batches_.search_batches; ++b) {
      const calibration::Batch& batch = batches_.all[b];
      torch::Tensor x = batch.hidden;
      for (int l = 0; l < config.layers; ++l) {
        DecoderLayer layer = DecoderLayer::load(*model_, l, torch::kFloat32);
        if (l == 0) layer.down = down;
        x = reference::decoder_layer(config, layer, x, rotary, l);
      }
      const auto logarithms = reference::decoder_logits(config, ends, calibration::real_rows(batch, x)).log_softmax(-1);
      const auto labels = logarithms.detach().exp().multinomial(1, false, generator);
      fisher += torch::autograd::grad({-logarithms.gather(1, labels).sum()}, {down}).front().square();
      rows += static_cast<double>(batch.tokens());
    }
    const int site = Site{0, SiteKind::DOWN_INPUT}.index();
    const auto& channels = measured.statistics[static_cast<size_t>(site)].mean_square;
    const auto q = round_to_nearest(down.detach(), {3, 32, false}, "w").dequantize();
    double weight = 0, energy = 0, activation = 0, expected_fisher = 0, trace = 0;
    for (int64_t c = 0; c < down.size(1); ++c) trace += channels[c].item<double>();
    for (int64_t r = 0; r < down.size(0); ++r) {
      for (int64_t c = 0; c < down.size(1); ++c) {
        const double error = std::pow(q[r][c].item<double>() - down[r][c].item<double>(), 2);
        weight += error;
        energy += std::pow(down[r][c].item<double>(), 2);
        activation += error * channels[c].item<double>();
        expected_fisher += error * fisher[r][c].item<double>() / rows;
      }
    }
    const RoundingCost& cost = costs[static_cast<size_t>(site)][0];
    const auto close = [](double a, double b) { return std::abs(a - b) <= 1e-3 * b && b > 0; };
    QVERIFY(close(cost.weight_error, weight));
    QVERIFY(close(cost.relative_error, weight / energy));
    QVERIFY(close(cost.hessian_error, weight * trace / static_cast<double>(down.size(1))));
    QVERIFY(close(cost.activation_error, activation));
    QVERIFY2(close(cost.fisher_error, expected_fisher), qPrintable(QString("%1 %2").arg(cost.fisher_error).arg(expected_fisher)));
    for (const auto& of_site : costs) QVERIFY(of_site[1].fisher_error < of_site[0].fisher_error && of_site[1].weight_error < of_site[0].weight_error);
  }

  void runsKeepTheirBudget_data() {
    QTest::addColumn<QString>("recipe");
    QTest::addColumn<double>("bits");
    QTest::newRow("bits, modelled") << R"({"budget_bits_per_weight": 4.5})" << 4.5;
    QTest::newRow("bits, measured") << R"({"budget_bits_per_weight": 5.25, "budget_losses": "measured", "weight_method": "gptq"})" << 5.25;
    QTest::newRow("symmetric, layer-wise") << R"({"budget_bits_per_weight": 4.25, "weight_symmetric": true, "search": "layerwise"})" << 4.25;
    QTest::newRow("the smallest") << R"({"budget_bits_per_weight": 3.75, "search": "none"})" << 3.75;
    QTest::newRow("megabytes") << R"({"budget_megabytes": 0.035, "search": "none", "weight_method": "awq"})" << 0.0;
    QTest::newRow("with a residual") << R"({"budget_bits_per_weight": 6.5, "residual_rank": 2, "search": "none", "weight_method": "opt-rtn"})" << 6.5;
  }
  void runsKeepTheirBudget() {
    QFETCH(QString, recipe);
    QFETCH(double, bits);
    const Recipe wanted = small_recipe(recipe.toStdString());
    const QuantizeRequest r = replacing("budget.qvlm", wanted);
    const RunState state = run(r);
    QCOMPARE(state.status, RunStatus::FINISHED);
    QCOMPARE(open_blocks(state.partition).size(), size_t{0});
    QCOMPARE(state.notices.size(), size_t{1});
    QVERIFY2(QString::fromStdString(state.notices[0]).startsWith("bits by budget:"), state.notices[0].c_str());
    // What the file holds, not what was planned.
    const auto opened = open_model(r.output);
    if (bits > 0) QVERIFY2(opened->stored_bits() <= bits + 1e-9, qPrintable(QString::number(opened->stored_bits())));
    double bytes = 0;
    for (int site = 0; site < kSites; ++site) {
      const Site at = Site::at(site);
      for (const auto suffix : linears_of(at.kind)) {
        const Weight weight = opened->load(reference::decoder_weight_name(at.layer, suffix));
        const auto& matrix = std::get<QuantizedMatrix>(weight);
        QCOMPARE(matrix.bits, state.partition.blocks[static_cast<size_t>(state.partition.block_of(site))].bits);
        bytes += matrix.bits_per_weight() * static_cast<double>(matrix.codes.size()) / 8;
      }
    }
    if (wanted.budget_megabytes > 0) QVERIFY(bytes <= wanted.budget_megabytes * 1e6);
    const Allocation counted = allocate_bits(model_->config().decoder, wanted, state.partition, {});
    QVERIFY(std::abs(static_cast<double>(counted.bytes) - bytes) < 0.5);
  }

  // Stopped before and after the allocation, then resumed: the same bytes, and the widths are not measured again.
  void resumesWithItsBits() {
    Recipe recipe = small_recipe();
    recipe.budget_bits_per_weight = 4.5;
    run(request("whole.qvlm", recipe));
    for (const bool after : {false, true}) {
      QuantizeRequest r = replacing("resumed.qvlm", recipe);
      Recorder listener;
      QVERIFY(run_until(r, listener, [&](const Event& event) {
        const auto* phase = std::get_if<PhaseStarted>(&event);
        return after ? is<PartitionChanged>(event) : phase != nullptr && phase->phase == "bits";
      }));
      r.resume = true;
      r.replace = false;
      r.recipe.reset();
      Recorder second;
      RunControl free;
      quantize(r, second, free);
      int measured_again = 0;
      for (const TimedEvent& timed : second.events) {
        const auto* phase = std::get_if<PhaseStarted>(&timed.event);
        measured_again += phase != nullptr && phase->phase == "bits" ? 1 : 0;
      }
      QCOMPARE(measured_again, after ? 0 : 1);
      QVERIFY(bytes_of(r.output / "model.gguf") == bytes_of(path("whole.qvlm") / "model.gguf"));
      fs::remove_all(r.output);
    }
  }

  void aPartitionsOwnBitsStay() {
    Recipe recipe = small_recipe();
    recipe.budget_bits_per_weight = 5;
    recipe.search = SearchMode::NONE;
    QuantizeRequest r = request("own.qvlm", recipe);
    Partition partition{{{0, 1}, {2, 4}, {5, 5}, {6, 7}}};
    partition.blocks[0].bits = 8;
    r.partition = partition;
    const RunState state = run(r);
    QCOMPARE(state.partition.blocks[0].bits, 8);
    QVERIFY(state.finished->stored_bits <= 5 + 1e-9);
    QCOMPARE(open_blocks(state.partition).size(), size_t{0});
  }

  void budgetsThatCannotBeKeptAreRefusedBeforeTheWork() {
    Recipe recipe = small_recipe();
    recipe.budget_bits_per_weight = 3.5;
    verify_refused([&] { run(request("x.qvlm", recipe)); }, "budget_bits_per_weight: expected at least 3.75, the smallest assignment of this partition, found 3.5");
    recipe.budget_bits_per_weight = 4;
    QuantizeRequest r = request("x.qvlm", recipe);
    r.partition = Partition{{{0, 1, false, 8}, {2, 4}, {5, 5}, {6, 7, false, 8}}};
    verify_refused([&] { run(r); }, "budget_bits_per_weight: expected at least 6.25");
    recipe.budget_bits_per_weight = 0;
    recipe.budget_milliseconds = 1;
    recipe.latency_table = {"a device", 0, {{8, 32, 4, 32, false, 1}}};
    verify_refused([&] { run(request("x.qvlm", recipe)); }, "latency_table: expected rows for the shapes of 0.qkv");
    QVERIFY(!fs::exists(path("x.qvlm.partial")));
  }

  void aBudgetOfMilliseconds() {
    Recipe recipe = small_recipe();
    recipe.search = SearchMode::NONE;
    recipe.latency_table = {"a device", 1, {}};
    for (int kind = 0; kind < kSitesPerLayer; ++kind) {
      const SiteShape shape = shape_of(model_->config().decoder, static_cast<SiteKind>(kind));
      for (const int bits : {4, 8}) recipe.latency_table.rows.push_back({shape.all_rows(), shape.columns, bits, 32, false, bits * 0.25});
    }
    recipe.budget_milliseconds = 1 + 8 + 3;  // all at 4 bits, three sites' worth more
    const RunState state = run(request("time.qvlm", recipe));
    int wide = 0;
    for (int site = 0; site < kSites; ++site) {
      const int bits = state.partition.blocks[static_cast<size_t>(state.partition.block_of(site))].bits;
      QVERIFY(bits == 4 || bits == 8);  // the others have no row
      wide += bits == 8 ? 1 : 0;
    }
    QVERIFY(wide >= 1 && wide <= 3);
    QVERIFY(read_recipe(path("time.qvlm") / "recipe.json").latency_table == recipe.latency_table);
  }

  void proxiesAreRankedByMeasuredLoss() {
    const ProxyBenchResult result = rank_proxies(bench(24, 0));
    QCOMPARE(result.samples, 4);
    QCOMPARE(result.assignments.size(), size_t{24});
    QCOMPARE(result.names.size(), size_t{8});
    std::vector<double> divergences, hidden;
    for (const RankedAssignment& row : result.assignments) {
      divergences.push_back(row.divergence);
      hidden.push_back(row.hidden);
      QVERIFY(row.divergence > 0 && row.hidden > 0);
      double mean = 0, weights = 0;
      for (int site = 0; site < kSites; ++site) {
        const auto count = static_cast<double>(shape_of(model_->config().decoder, Site::at(site).kind).weights());
        mean += count * row.bits[static_cast<size_t>(site)];
        weights += count;
      }
      QVERIFY(std::abs(-row.predicted[0] - mean / weights) < 1e-9);
      QVERIFY(std::abs(row.bits_per_weight - (mean / weights + 0.75)) < 1e-9);
    }
    for (const RankedProxy& proxy : result.proxies) {
      const auto p = static_cast<size_t>(std::find(result.names.begin(), result.names.end(), proxy.name) - result.names.begin());
      std::vector<double> predicted;
      for (const RankedAssignment& row : result.assignments) predicted.push_back(row.predicted[p]);
      QCOMPARE(proxy.rho_divergence, rank_correlation(predicted, divergences));
      QCOMPARE(proxy.rho_hidden, rank_correlation(predicted, hidden));
      qInfo("%-18s %.3f %.3f", proxy.name.c_str(), proxy.rho_divergence, proxy.rho_hidden);
    }
    // The same again.
    const ProxyBenchResult again = rank_proxies(bench(24, 0));
    for (size_t i = 0; i < 24; ++i) {
      QCOMPARE(again.assignments[i].bits, result.assignments[i].bits);
      QCOMPARE(again.assignments[i].predicted, result.assignments[i].predicted);
      QCOMPARE(again.assignments[i].divergence, result.assignments[i].divergence);
    }
  }

  void assignmentsOfOneSize() {
    const ProxyBenchResult result = rank_proxies(bench(12, 4.75));
    for (const RankedAssignment& row : result.assignments) QVERIFY(row.bits_per_weight <= 4.75 && row.bits_per_weight > 4.6);
    verify_refused([&] { rank_proxies(bench(12, 3.5)); }, "at least 3.75");
    verify_refused([&] { rank_proxies(bench(2, 0)); }, "3 or more");
  }
};

QTEST_GUILESS_MAIN(TestMixedPrecision)
#include "test_mixed_precision.moc"
