// What views draw and pages say, computed without them: clip bounds, the proxies' scatter, devices, requests.
#include <QDir>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "app/studio/models/clip_estimate.h"
#include "app/studio/models/export_choices.h"
#include "app/studio/models/model_summary.h"
#include "app/studio/models/proxy_scatter.h"
#include "app/studio/models/recipe_check.h"
#include "core/run/report.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestDrawnFigures : public QObject {
  Q_OBJECT

  /// Two sites in one block that was searched: site 1 keeps 0.98.
  static RunState searched(ActivationMode mode) {
    RunState state;
    state.sites.resize(2);
    state.partition.blocks = {Block{0, 1}};
    state.recipe.emplace();
    state.recipe->activation_bits = 4;
    state.recipe->activation_mode = mode;
    BlockSearched found;
    found.first_site = 0;
    found.last_site = 1;
    found.joint_parameters = {1.0f, 0.98f};
    state.blocks[0] = found;
    return state;
  }
  static SiteMeasured measured() {
    SiteMeasured site;
    site.site = 1;
    site.histogram_low = -4;
    site.histogram_high = 5;
    site.histogram.assign(9, 1);
    site.percentile_low = {-4, -3.5f, -3, -2.5f, -2};
    site.percentile_high = {5, 4.5f, 4, 3.5f, 3};
    return site;
  }

 private slots:
  void bounds_of_a_static_range_are_the_percentiles() {
    const RunState state = searched(ActivationMode::STATIC_TENSOR);
    QCOMPARE(chosen_bounds(state, 1, measured()), std::pair(-2.0, 3.0));  // the last of 1, .995, .99, .985, .98
    QCOMPARE(chosen_bounds(state, 0, measured()), std::pair(-4.0, 5.0));
  }

  void bounds_of_a_dynamic_range_are_a_share_of_it() {
    const auto [low, high] = chosen_bounds(searched(ActivationMode::DYNAMIC_TOKEN), 1, measured());
    QVERIFY(std::abs(low + 3.92) < 1e-6 && std::abs(high - 4.9) < 1e-6);
  }

  void refined_bounds_stand_over_the_percentiles() {
    RunState state = searched(ActivationMode::STATIC_TENSOR);
    state.blocks[0].refined_bounds = {-1, 1, -2.25f, 2.75f};
    QCOMPARE(chosen_bounds(state, 1, measured()), std::pair(-2.25, 2.75));
  }

  void nothing_is_clipped_before_the_search_and_at_16_bits() {
    RunState state = searched(ActivationMode::STATIC_TENSOR);
    state.recipe->activation_bits = 16;
    QCOMPARE(chosen_bounds(state, 1, measured()), std::pair(-4.0, 5.0));
    state = searched(ActivationMode::STATIC_TENSOR);
    state.blocks.clear();
    QCOMPARE(chosen_bounds(state, 1, measured()), std::pair(-4.0, 5.0));
  }

  void a_scatter_has_its_line() {
    ProxyValidated pair;
    pair.site = 3;
    pair.dependency = {0, 1, 2, 3};
    pair.entropy = {5, 5, 5, 5};
    pair.quantization_error = {1, 2};  // of fewer samples
    pair.difference = {1, 3, 5, 7};
    ProxyValidated other = pair;
    other.site = 8;
    const ProxyScatter one = scatter_of({pair, other}, Proxy::DEPENDENCY, 3);
    QVERIFY(one.one_pair);
    QCOMPARE(one.x, pair.dependency);
    QCOMPARE(one.other_y, other.difference);
    QCOMPARE(one.slope, 2.0);
    QCOMPARE(one.intercept, 1.0);
    QCOMPARE(one.line(10), 21.0);
    QCOMPARE(one.r_squared, r_squared(pair.dependency, pair.difference));
    const ProxyScatter all = scatter_of({pair, other}, Proxy::DEPENDENCY, 4);
    QVERIFY(!all.one_pair && all.other_x.empty());
    QCOMPARE(all.x.size(), size_t(8));
    const ProxyScatter flat = scatter_of({pair}, Proxy::ENTROPY, 3);
    QCOMPARE(flat.slope, 0.0);  // a proxy that does not vary
    QCOMPARE(flat.line(5), 4.0);
    QCOMPARE(scatter_of({pair}, Proxy::QUANTIZATION_ERROR, 3).x.size(), size_t(2));
    QVERIFY(scatter_of({}, Proxy::DEPENDENCY, 0).x.empty());
  }

  void a_device_is_a_name_and_two_numbers() {
    QVERIFY(ExportChoices::is_device(QStringLiteral("My board:16:68.5")));
    QVERIFY(ExportChoices::is_device(QStringLiteral("Board: the second:16:68.5")));
    for (const char* text : {"", "My board", "My board:16", ":16:68.5", "My board:16:", "My board:-1:68", "My board:16:fast", "My board:0:68"})
      QVERIFY2(!ExportChoices::is_device(QString::fromLatin1(text)), text);
  }

  void a_request_says_what_keeps_it() {
    QTemporaryDir folder;
    ModelSummary model;
    model.path = folder.path();
    model.stored_bits = 16;
    model.legal_groups = {{QStringLiteral("mlp.down"), 256, 720, QStringLiteral("row")}};
    QuantizeRequest request;
    request.recipe.weight_group = 32;
    const auto says = [&](const ModelSummary* of, const char* words) { return request_problem(of, request).contains(QLatin1String(words)); };
    QVERIFY(says(nullptr, "Open a model"));
    QVERIFY(says(&model, "Choose a calibration set"));
    request.calibration = QStringLiteral("/nowhere/set.json");
    QVERIFY(says(&model, "/nowhere/set.json"));
    request.calibration = folder.path();
    QVERIFY(says(&model, "must end in .qvlm"));
    request.output = folder.filePath(QStringLiteral("a.qvlm"));
    QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("a.qvlm")));
    QVERIFY(says(&model, "exists already"));
    request.output = folder.filePath(QStringLiteral("b.qvlm"));
    QVERIFY(says(&model, "mlp.down: a group of 32 does not divide its rows of 720"));
    model.legal_groups.front().columns = 704;
    QCOMPARE(request_problem(&model, request), QString());
    model.stored_bits = 4.5;
    QVERIFY(says(&model, "quantized already"));
    model.path = QStringLiteral("/nowhere/model");
    QVERIFY(says(&model, "no longer there"));
  }

  void notes_are_sentences() {
    ModelSummary model;
    model.notes = {QStringLiteral("pictures are cropped"), QStringLiteral("no template")};
    QCOMPARE(notes_text(model), QStringLiteral("Pictures are cropped.\nNo template."));
  }
};

QTEST_GUILESS_MAIN(TestDrawnFigures)
#include "test_drawn_figures.moc"
