// Workspace Quantize with scripted runs, by mouse and keys: edits after a run, previews, forecasts, the views that explain a site, and the whole
// recipe.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <cmath>
#include <functional>

#include "app/studio/models/clip_estimate.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_more.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"
#include "core/run/presets.h"
#include "core/run/report.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

class TestTuning : public QObject {
  Q_OBJECT

 private slots:
  void an_edit_after_a_run_takes_over_what_came_before_it() {
    Studio studio;
    const QString first = studio.run_demo();
    QVERIFY(!first.isEmpty());
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    RibbonModel& model = page.ribbon_model();
    // A block of two or more in the second half is split by a double click on its first site.
    int block = int(model.partition().blocks.size()) / 2;
    while (model.partition().blocks[size_t(block)].depth() == 1) ++block;
    const Block whole = model.partition().blocks[size_t(block)];
    page.ribbon()->setFocus();
    QTest::mouseDClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(whole.first).center());
    QCOMPARE(int(model.mark(block)), int(BlockMark::EDITED));
    QCOMPARE(int(model.mark(block + 1)), int(BlockMark::EDITED));
    QCOMPARE(int(model.mark(block + 2)), int(BlockMark::AFFECTED));
    QCOMPARE(int(model.mark(block - 1)), int(BlockMark::SEARCHED));
    QVERIFY2(page.forecast_label()->text().startsWith(QLatin1String("2 edited, ")), qPrintable(page.forecast_label()->text()));
    QVERIFY(page.forecast_label()->text().contains(QLatin1String("predicted")));
    // A preview first: it searches what was edited and nothing else.
    click(page.preview_button());
    QVERIFY(page.run().busy());
    QTRY_VERIFY(!page.run().busy());
    QVERIFY(studio.heard_line(QStringLiteral("--reuse ") + first));
    QCOMPARE(studio.heard().filter(QStringLiteral("--preview")).size(), 1);
    QVERIFY2(page.banner()->text().contains(QLatin1String("Approximate preview")), qPrintable(page.banner()->text()));
    QVERIFY(page.resume_button()->isVisible());  // the whole result from here
    QCOMPARE(int(model.mark(block - 1)), int(BlockMark::REUSED));
    QCOMPARE(int(model.mark(block)), int(BlockMark::SEARCHED));
    QCOMPARE(int(model.mark(block + 1)), int(BlockMark::SEARCHED));
    QVERIFY(model.result(block + 2) == nullptr);
    QVERIFY(page.error_plot()->table().contains(QLatin1String("joint before the edit,")));
    // The whole: back to the first run, the same edit, run again.
    page.open_run(first);
    QTRY_COMPARE(int(page.run().state().status), int(RunStatus::FINISHED));
    QTest::mouseDClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(whole.first).center());
    const Partition edited = model.partition();
    click(page.again_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(page.run().state().partition == edited);
    QCOMPARE(page.run().state().partition_origin, std::string("user"));
    QVERIFY(finished.first().first().toString() != first && QFile::exists(first));
    QCOMPARE(int(model.mark(0)), int(BlockMark::REUSED));
    QCOMPARE(int(model.mark(block + 2)), int(BlockMark::SEARCHED));
    QCOMPARE(studio.heard().filter(QStringLiteral("--preview")).size(), 1);
    // Every block has its tuples, those that were taken over too.
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(0).center());
    QVERIFY(page.candidate_plot()->points() >= 5);
  }

  void between_two_edits_a_preview_searches_nothing() {
    Studio studio;
    QVERIFY(!studio.run_demo().isEmpty());
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    RibbonModel& model = page.ribbon_model();
    const auto split_from = [&](int block) {
      while (model.partition().blocks[size_t(block)].depth() == 1) ++block;
      const int first = model.partition().blocks[size_t(block)].first;
      QTest::mouseDClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(first).center());
      return block;
    };
    const int near = split_from(2), far = split_from(int(model.partition().blocks.size()) - 6);
    QVERIFY(far > near + 3);
    click(page.preview_button());
    QTRY_VERIFY(!page.run().busy());
    for (int block = 0; block < int(model.partition().blocks.size()); ++block) {
      const bool edited = block == near || block == near + 1 || block == far || block == far + 1;
      QCOMPARE(int(model.mark(block)), int(block < near ? BlockMark::REUSED : edited ? BlockMark::SEARCHED : BlockMark::NONE));
    }
    QVERIFY2(page.banner()->text().contains(QLatin1String("(blocks: 4)")), qPrintable(page.banner()->text()));
    // Taken up, the whole is searched.
    click(page.resume_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(model.result(far - 1) != nullptr);
  }

  void what_a_run_would_take_is_told_before_it() {
    Studio studio;
    QVERIFY(studio.open_demo());
    QuantizePage& page = *studio.window->quantize_page();
    RecipePanel& panel = *page.recipe_panel();
    QTest::qWait(400);
    QVERIFY(!studio.heard_line(QStringLiteral("--plan")));  // nobody looks
    studio.window->show_workspace(Workspace::QUANTIZE);
    QTRY_COMPARE(panel.plan_label()->text(), QStringLiteral("Planned: 32 s, 400.0 MB of memory"));
    // A moment after the last of several changes, once.
    const auto asked = [&] { return studio.heard().filter(QStringLiteral("--plan")).size(); };
    QCOMPARE(asked(), 1);
    panel.samples()->setFocus();
    panel.samples()->selectAll();
    QTest::keyClicks(panel.samples(), QStringLiteral("100"));
    QTRY_COMPARE(panel.plan_label()->text(), QStringLiteral("Planned: 50 s, 400.0 MB of memory"));
    QCOMPARE(asked(), 2);
    // The partition that was shaped by hand belongs to it.
    QTest::keyClick(page.ribbon(), Qt::Key_M);
    QTRY_COMPARE(asked(), 3);
    QVERIFY(studio.heard().filter(QStringLiteral("--plan")).last().contains(QLatin1String("--partition")));
    // What only the command can know: the budget is too small for this model.
    panel.budget()->setValue(1);
    QTRY_VERIFY2(panel.plan_label()->text().startsWith(QLatin1String("Would be refused: recipe: budget_bits_per_weight")),
                 qPrintable(panel.plan_label()->text()));
    panel.budget()->setValue(0);
    QTRY_VERIFY(panel.plan_label()->text().startsWith(QLatin1String("Planned:")));
    // Never beside a run, not again for what is known, and not for a recipe that cannot be.
    const qsizetype before = asked();
    qputenv("FAKE_QVLM_PACE", "1000");
    panel.samples()->setValue(20);
    click(page.start_button());
    QTest::qWait(400);
    QVERIFY(page.run().busy());
    QCOMPARE(asked(), before);
    page.run().cancel();
    QTRY_VERIFY(!page.run().busy());
    QTRY_COMPARE(panel.plan_label()->text(), QStringLiteral("Planned: 10 s, 400.0 MB of memory"));
    QCOMPARE(asked(), before + 1);
    studio.window->show_workspace(Workspace::CHAT);
    studio.window->show_workspace(Workspace::QUANTIZE);
    QTest::qWait(400);
    QCOMPARE(asked(), before + 1);
    panel.calibration()->set_path(QStringLiteral("/nowhere/set.json"));
    QVERIFY(panel.plan_label()->text().isEmpty());
  }

  void dragging_says_what_the_change_would_cost() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    RibbonModel& model = page.ribbon_model();
    QTest::keyClick(page.ribbon(), Qt::Key_M);  // 0-1
    QTest::keyClick(page.ribbon(), Qt::Key_Right);
    QTest::keyClick(page.ribbon(), Qt::Key_Right);
    QTest::keyClick(page.ribbon(), Qt::Key_M);  // 2-3; to be dragged to 0 and 1-3
    const QString still = page.forecast_label()->text();
    QVERIFY2(still.contains(QLatin1String("site forwards")) && still.contains(QLatin1String("bits a weight")), qPrintable(still));
    const QPoint from = page.ribbon()->border_point(0), to(page.ribbon()->site_rect(1).left(), from.y());
    QTest::mousePress(page.ribbon(), Qt::LeftButton, {}, from);
    QTest::mouseMove(page.ribbon(), (from + to) / 2);
    QTest::mouseMove(page.ribbon(), to);
    QVERIFY(model.dragging());
    QVERIFY(page.forecast_label()->text() != still);  // while the button is down
    QTest::keyClick(page.ribbon(), Qt::Key_Escape);
    QTest::mouseRelease(page.ribbon(), Qt::LeftButton, {}, to);
    QVERIFY(model.partition().blocks[0].depth() == 2);
  }

  void the_selection_follows_the_search_until_the_user_looks_elsewhere() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "1500");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    click(page.start_button());
    QTRY_VERIFY(page.run().state().blocks.size() >= 3);
    QTRY_VERIFY(page.ribbon_model().selected_block() >= 3);
    QVERIFY(page.follow_button()->isChecked());
    QVERIFY(page.resources_label()->text().contains(QLatin1String("planned")));
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(0).center());
    QVERIFY(!page.follow_button()->isChecked());
    const size_t searched = page.run().state().blocks.size();
    QTRY_VERIFY(page.run().state().blocks.size() > searched + 1);
    QCOMPARE(page.ribbon_model().selected_site(), 0);
    // The first block's tuples, though another one is being searched.
    const int tuples = int(std::pow(5, page.run().state().partition.blocks[0].depth()));
    QCOMPARE(page.candidate_plot()->points(), tuples);
    click(page.follow_button());
    QTRY_VERIFY(page.ribbon_model().selected_block() > 2);
    page.run().cancel();
    QTRY_VERIFY(!page.run().busy());
  }

  void clip_bounds_are_dragged_and_become_a_candidate() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    Recipe recipe;
    recipe.activation_bits = 8;
    recipe.activation_mode = ActivationMode::STATIC_TENSOR;
    page.recipe_panel()->set_recipe(recipe);
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    HistogramPlot& plot = *page.histogram_plot();
    QTest::qWait(50);  // drawn, so that places are known
    const auto [low, high] = plot.bounds();
    const SiteMeasured& site = *page.run().state().sites[size_t(page.ribbon_model().selected_site())].statistics;
    QVERIFY(qAbs(high - double(site.percentile_high[1])) < 1e-6);  // the run chose 0.995
    QVERIFY(!page.candidate_button()->isVisible());
    QWidget* canvas = plot.findChild<QWidget*>(QString(), Qt::FindDirectChildrenOnly);
    for (QWidget* child : plot.findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
      if (child->inherits("QCustomPlot")) canvas = child;
    }
    const QPoint at = plot.bound_point(true), to = at - QPoint(25, 0);
    QTest::mousePress(canvas, Qt::LeftButton, {}, at);
    QTest::mouseMove(canvas, (at + to) / 2);
    QTest::mouseMove(canvas, to);
    QTest::mouseRelease(canvas, Qt::LeftButton, {}, to);
    QVERIFY(plot.moved());
    QVERIFY(plot.bounds().second < high);
    QCOMPARE(plot.bounds().first, low);
    QVERIFY(plot.legend()->text().contains(QLatin1String("clips")));
    QVERIFY(page.candidate_button()->isVisible());
    const float wanted = float(plot.candidate());
    QVERIFY(wanted < 0.995f);
    plot.setFocus();
    QTest::keyClick(&plot, Qt::Key_Escape);
    QCOMPARE(plot.bounds().second, high);
    QTest::keyClick(&plot, Qt::Key_Left);  // a bin inwards
    QTest::keyClick(&plot, Qt::Key_Right, Qt::ShiftModifier);
    QVERIFY(plot.bounds().second < high && plot.bounds().first > low);
    const float candidate = float(plot.candidate());
    click(page.candidate_button());
    const std::vector<float> listed = page.recipe_panel()->recipe().candidates;
    QCOMPARE(listed.size(), size_t{6});
    QVERIFY(std::find(listed.begin(), listed.end(), candidate) != listed.end());
    QVERIFY(std::is_sorted(listed.begin(), listed.end(), std::greater<>()));
    QVERIFY(!plot.moved());
  }

  void the_estimate_of_clipping_is_that_of_the_histogram() {
    SiteMeasured site;
    site.histogram_low = -2;
    site.histogram_high = 2;
    site.histogram = {1, 4, 4, 1};  // at -1.5, -0.5, 0.5, 1.5
    const ClipEstimate all = estimate_clip(site, -2, 2, 2);
    const double energy = 2 * 2.25 + 8 * 0.25, step = 4.0 / 3;
    QCOMPARE(all.share, 0.0);
    QCOMPARE(all.clipping, 0.0);
    QVERIFY(qAbs(all.rounding - 10 * step * step / 12 / energy) < 1e-12);
    const ClipEstimate half = estimate_clip(site, -1, 1, 2);
    QCOMPARE(half.share, 0.2);
    QVERIFY(qAbs(half.clipping - 2 * 0.25 / energy) < 1e-12);
    QVERIFY(half.rounding < all.rounding);
    site.minimum = -2;
    site.maximum = 2;
    Recipe dynamic;
    dynamic.activation_bits = 8;
    QCOMPARE(candidate_of(site, dynamic, -1.6, 1.6), 0.8);
    Recipe fixed = dynamic;
    fixed.activation_mode = ActivationMode::STATIC_TENSOR;  // 1, .995, .99, ...
    site.percentile_low = {-2, -1};
    site.percentile_high = {2, 1};
    QCOMPARE(candidate_of(site, fixed, -1.5, 1.5), 0.998);  // half-way, to three decimals
    QCOMPARE(candidate_of(site, fixed, -2, 2), 1.0);
  }

  void proxies_are_scattered_with_their_r_squared() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QCOMPARE(page.proxy_plot()->points(), 0);
    click(page.recipe_panel()->more_button());
    auto* depths = qobject_cast<QDoubleSpinBox*>(page.recipe_panel()->more()->field(QStringLiteral("validated_depths")));
    QVERIFY(depths != nullptr && depths->isVisible());
    depths->setFocus();
    depths->selectAll();
    QTest::keyClicks(depths, QStringLiteral("3"));
    QCOMPARE(page.recipe_panel()->recipe().validated_depths, 3);
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    QCOMPARE(page.proxy_plot()->points(), 3 * 24);
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(5).center());
    const ProxyValidated& pair = page.run().state().validated[1];
    QCOMPARE(pair.site, 5);
    QCOMPARE(page.proxy_plot()->r_squared(), r_squared(pair.dependency, pair.difference));
    QVERIFY(page.proxy_plot()->r_squared() > 0.9);
    page.proxy_plot()->set_proxy(Proxy::ENTROPY);
    QCOMPARE(page.proxy_plot()->r_squared(), r_squared(pair.entropy, pair.difference));
    QCOMPARE(page.proxy_plot()->table().count(QLatin1String("\nselected pair,")), 24);
  }

  void every_key_of_the_recipe_has_a_field_or_comes_through() {
    Studio studio;
    QVERIFY(studio.open_demo());
    RecipePanel& panel = *studio.window->quantize_page()->recipe_panel();
    Recipe all;
    all.weight_method = WeightMethod::GPTAQ;
    all.gptaq_validated = true;
    all.gptaq_alpha = 0.123456;  // finer than the field shows
    all.token_weighting = TokenWeighting::RELATIVE;
    all.weight_symmetric = true;
    all.residual_rank = 8;
    all.activation_bits = 4;
    all.activation_mode = ActivationMode::DYNAMIC_GROUP;
    all.activation_group = 64;
    all.vision_bits = 8;
    all.veo = true;
    all.veo_eta = 0.5;  // without a field
    all.clip_refinement = ClipRefinement::GRADIENT;
    all.partition_rule = PartitionRule::EXACT;
    all.partition_proxy = PartitionProxy::HESSIAN_ERROR;
    all.threshold_quantile = 0.25;
    all.candidates = {1.0f, 0.9f, 0.7f};
    all.seed = 7;
    all.budget_megabytes = 4.5;
    panel.set_recipe(all);
    QCOMPARE(panel.recipe(), all);
    QVERIFY(!panel.more()->field(QStringLiteral("awq_clip"))->isEnabled());  // does not count with GPTAQ
    QVERIFY(panel.more()->field(QStringLiteral("gptaq_validated"))->isEnabled());
    QVERIFY2(panel.problem().isEmpty(), qPrintable(panel.problem()));
    all.budget_bits_per_weight = 4;  // two budgets
    panel.set_recipe(all);
    QVERIFY2(panel.problem().contains(QLatin1String("budget")), qPrintable(panel.problem()));
    for (const Preset& preset : presets()) {
      panel.set_recipe(preset.recipe);
      QCOMPARE(panel.recipe(), preset.recipe);
      QCOMPARE(panel.preset()->currentData().toInt(), int(&preset - presets().data()));
    }
  }

  void a_model_folder_that_vanishes_is_said_and_comes_back() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QVERIFY(page.start_button()->isEnabled());
    const QString model = studio.workbench->model()->path;
    QVERIFY(QDir().rename(model, model + QStringLiteral(" gone")));
    QTRY_VERIFY(!page.start_button()->isEnabled());  // told by the system, not by a click
    QVERIFY2(page.start_button()->toolTip().contains(QLatin1String("no longer there")), qPrintable(page.start_button()->toolTip()));
    QVERIFY(page.start_button()->toolTip().contains(model));
    QVERIFY(QDir().rename(model + QStringLiteral(" gone"), model));
    QTRY_VERIFY(page.start_button()->isEnabled());
  }

  void the_recipe_makes_room_for_the_plots() {
    Studio studio({1024, 768});
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    const int before = page.entropy_plot()->width();
    QVERIFY(page.recipe_panel()->isVisible());
    click(page.recipe_button());
    QTRY_VERIFY(page.entropy_plot()->width() > before + 60);
    QVERIFY(!page.recipe_panel()->isVisible());
    click(page.recipe_button());
    QVERIFY(page.recipe_panel()->isVisible());
  }
};

QTEST_MAIN(TestTuning)
#include "test_tuning.moc"
