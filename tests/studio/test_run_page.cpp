// Workspace Quantize with scripted runs: start, watch, pause, cancel, edit, and what happens when the child dies.
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QFileDialog>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSet>
#include <QSignalSpy>
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
#include "app/studio/views/heatmap_view.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"
#include "core/run/presets.h"
#include "core/run/report.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

using Activity = RunController::Activity;

void click(QWidget* widget) {
  QTest::mouseClick(widget, Qt::LeftButton);
}

}  // namespace

class TestRunPage : public QObject {
  Q_OBJECT

 private slots:
  void a_run_fills_every_view() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QCOMPARE(page.ribbon_model().sites(), 48);  // there before the run
    QVERIFY2(page.start_button()->isEnabled(), qPrintable(page.recipe_panel()->problem()));
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(!page.start_button()->isVisible());
    QVERIFY(page.cancel_button()->isVisible());
    QVERIFY(!page.recipe_panel()->isEnabled());
    QVERIFY(finished.wait(30000));
    const RunState& state = page.run().state();
    QCOMPARE(int(state.status), int(RunStatus::FINISHED));
    QCOMPARE(page.entropy_plot()->points(), 48);
    QCOMPARE(page.error_plot()->points(), int(state.partition.blocks.size()));
    QVERIFY(page.candidate_plot()->points() >= 5);
    QCOMPARE(page.histogram_plot()->points(), 64);
    QVERIFY(page.heatmap()->cell_at(page.heatmap()->rect().center()).first > 0);
    QVERIFY(page.ribbon_model().partition() == state.partition);
    QVERIFY(page.banner()->isVisible());
    QVERIFY(page.banner()->text().contains(QLatin1String("5.00 bits")));
    QVERIFY(page.start_button()->isVisible());
    QVERIFY(studio.settings->quantized_models().contains(finished.first().first().toString()));
    // The recipe went as a file, the sets as they stood in the form.
    QVERIFY(studio.heard_line(QStringLiteral("$ quantize ") + studio.workbench->places().demo_model +
                              QStringLiteral(" --calibration ") + studio.workbench->places().demo_calibration));
  }

  void selecting_anywhere_moves_every_view() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(17).center());
    QCOMPARE(page.ribbon_model().selected_site(), 17);
    QTest::mouseClick(page.heatmap(), Qt::LeftButton, {}, page.heatmap()->rect().center());
    const int site = page.ribbon_model().selected_site();
    QCOMPARE(site, page.heatmap()->cell_at(page.heatmap()->rect().center()).first);
    QVERIFY(page.histogram_plot()->accessibleDescription().contains(QString::number(site)));
  }

  void what_a_view_shows_is_saved_as_picture_drawing_and_table() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    QToolButton* save = nullptr;
    for (QToolButton* button : page.findChildren<QToolButton*>()) {
      if (button->accessibleName() == QLatin1String("Save Entropy by site")) save = button;
    }
    QVERIFY(save != nullptr);
    const auto save_as = [&](const QString& file) {
      click(save);
      auto* dialog = studio.window->findChild<QFileDialog*>();
      QVERIFY(dialog != nullptr);
      auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
      name->setText(file);  // typed, the completer's popup would stand before the button
      click(dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Save));
      QTRY_VERIFY(studio.window->findChild<QFileDialog*>() == nullptr);
    };
    save_as(studio.path(QStringLiteral("entropy.csv")));
    QFile table(studio.path(QStringLiteral("entropy.csv")));
    QVERIFY(table.open(QIODevice::ReadOnly));
    const QStringList lines = QString::fromUtf8(table.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.first(), QStringLiteral("series,site,value"));
    QCOMPARE(lines.size(), 1 + 48 + 47 + 2);  // entropies, dependencies, both ends of the threshold
    const QStringList third = lines.at(3).split(QLatin1Char(','));
    QCOMPARE(third.mid(0, 2), QStringList({"entropy", "2"}));
    QVERIFY(qAbs(third.at(2).toDouble() - page.run().state().sites[2].entropy->entropy) < 1e-6);
    save_as(studio.path(QStringLiteral("entropy.png")));
    const QImage picture(studio.path(QStringLiteral("entropy.png")));
    QVERIFY(picture.width() >= 2 * page.entropy_plot()->width());
    QSet<QRgb> colours;
    for (int x = 0; x < picture.width(); ++x) colours << picture.pixel(x, picture.height() / 2);
    QVERIFY(colours.size() > 3);  // a drawing, not a ground
    save_as(studio.path(QStringLiteral("entropy.svg")));
    QFile drawing(studio.path(QStringLiteral("entropy.svg")));
    QVERIFY(drawing.open(QIODevice::ReadOnly));
    const QByteArray svg = drawing.readAll();
    QVERIFY(svg.contains("<svg") && svg.count("<path") + svg.count("<polyline") > 4);
    // The other views' tables.
    QVERIFY(page.heatmap()->table().startsWith(QLatin1String("site,sample,entropy\n0,1,")));
    QCOMPARE(page.ribbon()->table().count(QLatin1Char('\n')), 49);
    QCOMPARE(page.error_plot()->table().count(QLatin1String("\njoint,")), page.error_plot()->points());
    QVERIFY_EXCEPTION_THROWN(save_view(*page.heatmap(), studio.theme.colors(), QStringLiteral("/nowhere/x.png")),
                             std::runtime_error);
    QVERIFY_EXCEPTION_THROWN(save_view(*page.heatmap(), studio.theme.colors(), studio.path(QStringLiteral("x.bmp"))),
                             std::runtime_error);
  }

  void pause_resume_and_cancel_are_said_to_the_child() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "2000");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    click(page.start_button());
    QTRY_COMPARE(int(page.run().activity()), int(Activity::RUNNING));
    click(page.pause_button());
    QTRY_COMPARE(int(page.run().activity()), int(Activity::PAUSED));
    QCOMPARE(page.pause_button()->text(), QStringLiteral("Resume"));
    QVERIFY(studio.heard_line(QStringLiteral("{\"pause\":true}")));
    click(page.pause_button());
    QTRY_COMPARE(int(page.run().activity()), int(Activity::RUNNING));
    QVERIFY(studio.heard_line(QStringLiteral("{\"resume\":true}")));
    // A line that the run does not take is said, and harms nothing.
    page.run().child().process().send(QByteArray("{\"nonsense\":true}"));
    QTRY_VERIFY(page.banner()->isVisible());
    QVERIFY(page.banner()->text().contains(QLatin1String("nonsense")));
    page.banner()->hide();
    click(page.cancel_button());
    QTRY_COMPARE(int(page.run().activity()), int(Activity::IDLE));
    QVERIFY(studio.heard_line(QStringLiteral("{\"cancel\":true}")));
    QCOMPARE(int(page.run().state().status), int(RunStatus::CANCELLED));
    QVERIFY(!page.banner()->isVisible());  // a wish is no error
    // The folder is kept, and the button offers to go on.
    QVERIFY(page.run().resumable());
    QVERIFY(page.resume_button()->isVisible());
    QVERIFY(page.start_button()->isEnabled());  // or anew, beside it
    QVERIFY(page.recipe_panel()->request().output != page.run().request().output);
    qunsetenv("FAKE_QVLM_PACE");
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.resume_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(studio.heard_line(QStringLiteral("--resume")));
  }

  void an_edit_in_the_middle_of_a_run_reaches_it() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_PACE", "1000");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    click(page.start_button());
    QTRY_VERIFY_WITH_TIMEOUT(page.run().state().blocks.size() >= 2, 30000);
    page.ribbon()->setFocus();
    QTest::keyClick(page.ribbon(), Qt::Key_End);
    const size_t before = page.ribbon_model().partition().blocks.size();
    const Block last = page.ribbon_model().partition().blocks.back();
    QTest::keyClick(page.ribbon(), Qt::Key_Left);
    if (last.depth() > 1) {
      QTest::keyClick(page.ribbon(), Qt::Key_S);
    } else {
      QTest::keyClick(page.ribbon(), Qt::Key_M);
    }
    QVERIFY(page.ribbon_model().partition().blocks.size() != before);
    QTRY_VERIFY_WITH_TIMEOUT(page.run().state().partition_origin == "user", 30000);
    QTRY_VERIFY(!page.ribbon_model().edited());  // the run has it now; views follow within 50 ms
    QVERIFY(page.ribbon_model().undo_stack().canUndo());
    QVERIFY(studio.heard_line(QStringLiteral("{\"partition\":")));
    page.run().cancel();
    QTRY_VERIFY(!page.run().busy());
  }

  void after_a_run_a_dragged_border_offers_to_run_again() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(!page.again_button()->isVisible());
    // The first border that may move.
    RibbonModel& model = page.ribbon_model();
    int border = 0;
    while (model.border_range(border).first == model.border_range(border).second) ++border;
    const auto [low, high] = model.border_range(border);
    const int target = model.partition().blocks[size_t(border)].last == low ? high : low;
    const QPoint from = page.ribbon()->border_point(border), to(page.ribbon()->site_rect(target + 1).left(), from.y());
    QTest::mousePress(page.ribbon(), Qt::LeftButton, {}, from);
    QTest::mouseMove(page.ribbon(), (from + to) / 2);
    QTest::mouseMove(page.ribbon(), to);
    QTest::mouseRelease(page.ribbon(), Qt::LeftButton, {}, to);
    QCOMPARE(model.partition().blocks[size_t(border)].last, target);
    QVERIFY(page.again_button()->isVisible());
    const Partition edited = model.partition();
    click(page.again_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(page.run().state().partition == edited);
    QVERIFY(studio.heard_line(QStringLiteral("--partition")));
    QVERIFY(finished.at(0).first() != finished.at(1).first());  // the first result stands
  }

  void an_edit_after_a_run_takes_over_what_came_before_it() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    const QString first = finished.first().first().toString();
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
    // A preview first: it stops behind the edit.
    click(page.preview_button());
    QVERIFY(page.run().busy());
    QTRY_VERIFY(!page.run().busy());
    const int layers = (whole.last) / 4 + 1;
    QVERIFY(studio.heard_line(QStringLiteral("--reuse ") + first));
    QVERIFY(studio.heard_line(QStringLiteral("--stop-after-layers %1").arg(layers)));
    QVERIFY2(page.banner()->text().contains(QLatin1String("Approximate preview")), qPrintable(page.banner()->text()));
    QVERIFY(page.resume_button()->isVisible());  // the whole result from here
    QCOMPARE(int(model.mark(block - 1)), int(BlockMark::REUSED));
    QCOMPARE(int(model.mark(block)), int(BlockMark::SEARCHED));
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
    QVERIFY(finished.at(1).first().toString() != first && QFile::exists(first));
    QCOMPARE(int(model.mark(0)), int(BlockMark::REUSED));
    QCOMPARE(int(model.mark(block + 2)), int(BlockMark::SEARCHED));
    QVERIFY(studio.heard().filter(QStringLiteral("--reuse")).filter(QStringLiteral("--stop-after-layers")).size() == 1);
    // Every block has its tuples, those that were taken over too.
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(0).center());
    QVERIFY(page.candidate_plot()->points() >= 5);
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
    page.proxy_plot()->set_proxy(ProxyPlot::Proxy::ENTROPY);
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

  void the_buttons_undo_and_redo_the_edit_that_was_just_made() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    RibbonModel& model = page.ribbon_model();
    const Partition before = model.partition();
    QVERIFY(!page.undo_button()->isEnabled());
    // By key, and nothing after it: no run and no selection refreshes the buttons.
    page.ribbon()->setFocus();
    QTest::keyClick(page.ribbon(), Qt::Key_M);
    QVERIFY(model.edited());
    QVERIFY(page.undo_button()->isEnabled());
    click(page.undo_button());
    QCOMPARE(model.partition(), before);
    QVERIFY(!model.edited());
    QVERIFY(!page.undo_button()->isEnabled());
    QVERIFY(page.redo_button()->isEnabled());
    click(page.redo_button());
    QVERIFY(model.edited());
    // By mouse: the first block holds sites 0 and 1 now, its border may go back behind site 0.
    const QPoint from = page.ribbon()->border_point(0);
    const QPoint to(page.ribbon()->site_rect(1).left(), from.y());
    const Partition merged = model.partition();
    QVERIFY(model.merge_with_next(1));  // room to the right
    QTest::mousePress(page.ribbon(), Qt::LeftButton, {}, from);
    QTest::mouseMove(page.ribbon(), (from + to) / 2);
    QTest::mouseMove(page.ribbon(), to);
    QTest::mouseRelease(page.ribbon(), Qt::LeftButton, {}, to);
    QCOMPARE(model.partition().blocks[0].last, 0);
    click(page.undo_button());
    click(page.undo_button());
    QCOMPARE(model.partition(), merged);
    click(page.undo_button());
    QCOMPARE(model.partition(), before);
  }

  void an_old_run_is_opened_from_its_journal() {
    Studio studio;
    QVERIFY(studio.open_demo());
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    // A journal as a run that was killed leaves it: an unfinished folder, a torn last line.
    QStringList lines;
    connect(&page.run().child(), &QuantizeChild::event, this, [&](const TimedEvent& event) {
      if (!std::holds_alternative<Progress>(event.event)) lines << QString::fromStdString(to_json_line(event));
    });
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    const size_t blocks = page.run().state().blocks.size();
    lines = lines.mid(0, lines.size() - 14);  // without the layers and the end
    QDir(studio.folder.path()).mkpath(QStringLiteral("old.qvlm.partial"));
    studio.write(QStringLiteral("old.qvlm.partial/journal.jsonl"),
                 lines.join(QLatin1Char('\n')).toUtf8() + "\n{\"event\":\"Cand");
    page.run().open(studio.path(QStringLiteral("old.qvlm.partial")));
    QTRY_COMPARE(page.run().request().output, studio.path(QStringLiteral("old.qvlm")));
    QVERIFY2(page.run().failure().isEmpty(), qPrintable(page.run().failure()));
    QVERIFY(page.run().state().blocks.size() + 1 >= blocks);
    QCOMPARE(page.entropy_plot()->points(), 48);
    QVERIFY(page.run().resumable());
    QVERIFY(page.resume_button()->isVisible());
  }

  void a_partition_goes_to_a_file_and_back() {
    Studio studio;
    QVERIFY(studio.open_demo());
    QuantizePage& page = *studio.window->quantize_page();
    QVERIFY(page.ribbon_model().merge_with_next(3));
    const Partition shaped = page.ribbon_model().partition();
    page.save_partition(studio.path(QStringLiteral("p.json")));
    page.ribbon_model().undo_stack().undo();
    page.load_partition(studio.path(QStringLiteral("p.json")));
    QVERIFY(page.ribbon_model().partition() == shaped);
    // Shaped before any run: the run starts from it.
    studio.window->show_workspace(Workspace::QUANTIZE);
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.start_button());
    QVERIFY(finished.wait(30000));
    QVERIFY(page.run().state().partition == shaped);
    studio.write(QStringLiteral("short.json"), QByteArray::fromStdString(to_json(layerwise_partition(12))));
    page.load_partition(studio.path(QStringLiteral("short.json")));
    QVERIFY(page.banner()->text().contains(QLatin1String("short.json")));
  }

  void a_child_killed_in_the_middle_leaves_message_and_window() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "run");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy failed(&page.run(), &RunController::failed);
    click(page.start_button());
    QVERIFY(failed.wait(30000));
    QVERIFY(page.banner()->isVisible());
    QVERIFY2(page.banner()->text().contains(QLatin1String("unexpectedly")), qPrintable(page.banner()->text()));
    QVERIFY(page.banner()->text().contains(QLatin1String("resumed")));
    QCOMPARE(page.entropy_plot()->points(), 48);  // what was measured is still there
    QVERIFY(page.start_button()->isEnabled());
    qunsetenv("FAKE_QVLM_DIE");
    QSignalSpy finished(&page, &QuantizePage::run_finished);
    click(page.resume_button());
    QVERIFY(finished.wait(30000));
  }

  void a_run_of_a_later_version_is_ended_and_says_why() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "later");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    click(page.start_button());
    QTRY_VERIFY(page.banner()->isVisible());
    QVERIFY2(page.banner()->text().contains(QLatin1String("dreamed")), qPrintable(page.banner()->text()));
    QVERIFY(!page.run().busy());
  }

  void a_model_that_cannot_be_opened_is_the_childs_message() {
    Studio studio;
    QVERIFY(studio.open_demo());
    qputenv("FAKE_QVLM_DIE", "load");
    studio.window->show_workspace(Workspace::QUANTIZE);
    QuantizePage& page = *studio.window->quantize_page();
    click(page.start_button());
    QTRY_VERIFY(page.banner()->isVisible());
    QVERIFY2(page.banner()->text().contains(QLatin1String("model_type")), qPrintable(page.banner()->text()));
  }

  void a_budget_is_part_of_the_recipe() {
    Studio studio;
    QVERIFY(studio.open_demo());
    RecipePanel& panel = *studio.window->quantize_page()->recipe_panel();
    QCOMPARE(panel.recipe().budget_bits_per_weight, 0.0);
    panel.budget()->setValue(4.25);
    QCOMPARE(panel.recipe().budget_bits_per_weight, 4.25);
    QCOMPARE(panel.preset()->currentData().toInt(), -1);  // none of the presets has one
    Recipe loaded;
    loaded.budget_bits_per_weight = 4.125;  // finer than the field shows
    panel.set_recipe(loaded);
    QCOMPARE(panel.recipe().budget_bits_per_weight, 4.125);
    panel.budget()->setValue(0);
    QCOMPARE(panel.recipe(), Recipe{});
  }

  void illegal_choices_are_explained_before_the_run() {
    Studio studio;
    QuantizePage& page = *studio.window->quantize_page();
    QVERIFY(!page.start_button()->isEnabled());  // no model
    QDir(studio.folder.path()).mkpath(QStringLiteral("odd"));
    studio.workbench->open(studio.path(QStringLiteral("odd")));
    QTRY_VERIFY(studio.workbench->model().has_value());
    QVERIFY2(page.recipe_panel()->problem().contains(QLatin1String("mlp.down: a group of 32 does not divide its rows of 720")),
             qPrintable(page.recipe_panel()->problem()));
    QVERIFY(!page.recipe_panel()->problem().contains(QLatin1String("mlp.gate")));
    QVERIFY(!page.start_button()->isEnabled());
    QVERIFY(studio.open_demo());
    studio.workbench->open(studio.workbench->places().demo_model);
    QTRY_VERIFY(page.recipe_panel()->problem().isEmpty());
    page.recipe_panel()->calibration()->set_path(QStringLiteral("/nowhere/set.json"));
    QVERIFY(page.recipe_panel()->problem().contains(QLatin1String("/nowhere/set.json")));
  }
};

QTEST_MAIN(TestRunPage)
#include "test_run_page.moc"
