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

#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/heatmap_view.h"
#include "app/studio/views/ribbon_view.h"
#include "app/studio/views/run_plots.h"
#include "app/studio/views/saved_view.h"
#include "app/studio/views/site_plots.h"
#include "app/studio/views/widgets.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

using Activity = RunController::Activity;

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
    QVERIFY(!studio.run_demo().isEmpty());
    QuantizePage& page = *studio.window->quantize_page();
    QTest::mouseClick(page.ribbon(), Qt::LeftButton, {}, page.ribbon()->site_rect(17).center());
    QCOMPARE(page.ribbon_model().selected_site(), 17);
    QTest::mouseClick(page.heatmap(), Qt::LeftButton, {}, page.heatmap()->rect().center());
    const int site = page.ribbon_model().selected_site();
    QCOMPARE(site, page.heatmap()->cell_at(page.heatmap()->rect().center()).first);
    QVERIFY(page.histogram_plot()->accessibleDescription().contains(QString::number(site)));
  }

  void what_a_view_shows_is_saved_as_picture_drawing_and_table() {
    Studio studio;
    QVERIFY(!studio.run_demo().isEmpty());
    QuantizePage& page = *studio.window->quantize_page();
    QToolButton* save = nullptr;
    for (QToolButton* button : page.findChildren<QToolButton*>()) {
      if (button->accessibleName() == QLatin1String("Save Entropy")) save = button;
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
    const QString first = studio.run_demo();
    QVERIFY(!first.isEmpty());
    QuantizePage& page = *studio.window->quantize_page();
    QSignalSpy finished(&page, &QuantizePage::run_finished);
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
    QVERIFY(finished.first().first().toString() != first);  // the first result stands
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
