// The block ribbon by real mouse and key events: drag, split, merge, lock, bits, undo, redo, zoom and pan, forecasts, how long a redraw takes, and
// what a screen reader gets.
#include <QAccessible>
#include <QApplication>
#include <QElapsedTimer>
#include <QMenu>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>
#include <cmath>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/ribbon_view.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

/// 12 sites with entropies, blocks 0-1, 2-4, 5, 6-7, 8-10, 11.
RunState small_run() {
  RunState state;
  state.sites.resize(12);
  for (int i = 0; i < 12; ++i) state.sites[size_t(i)].entropy = EntropyMeasured{i, 0.5 + 0.03 * i, 0.3, {}};
  for (const auto& [first, last] : {std::pair{0, 1}, {2, 4}, {5, 5}, {6, 7}, {8, 10}, {11, 11}})
    state.partition.blocks.push_back({first, last, false, 0});
  return state;
}

RunState many_sites() {
  RunState state;
  state.sites.resize(400);
  for (int i = 0; i < 400; ++i) state.sites[size_t(i)].entropy = EntropyMeasured{i, 0.5 + 0.001 * i, 0.3, {}};
  for (int i = 0; i < 400; i += 2) state.partition.blocks.push_back({i, i + 1, false, i % 6 == 0 ? 5 : 0});
  return state;
}

}  // namespace

class TestRibbon : public QObject {
  Q_OBJECT
  Theme* theme_ = nullptr;

  void drag(RibbonView& view, QPoint from, QPoint to) {
    QTest::mousePress(&view, Qt::LeftButton, {}, from);
    for (int step = 1; step <= 4; ++step) QTest::mouseMove(&view, from + (to - from) * step / 4);
    QTest::mouseRelease(&view, Qt::LeftButton, {}, to);
  }

 private slots:
  void initTestCase() { theme_ = new Theme(*qApp, this); }

  void dragging_a_border_moves_it_and_undo_brings_it_back() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    QSignalSpy edited(&model, &RibbonModel::partition_edited);
    const Partition before = model.partition();
    // From behind site 1 to behind site 0... and the right block would be 4 deep: not legal. To behind site 2 is not
    // either: 3 left, 2 right is.
    drag(view, view.border_point(0), QPoint(view.site_rect(3).left(), view.border_point(0).y()));
    QCOMPARE(model.partition().blocks[0].last, 2);
    QCOMPARE(model.partition().blocks[1].first, 3);
    QCOMPARE(edited.count(), 1);  // one step for the whole way
    QVERIFY(model.edited());
    model.undo_stack().undo();
    QCOMPARE(model.partition(), before);
    QVERIFY(!model.edited());
    model.undo_stack().redo();
    QCOMPARE(model.partition().blocks[0].last, 2);
  }

  void a_drag_stops_where_blocks_would_be_too_deep() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    // Far to the right: block 0 may hold 3 sites at most.
    drag(view, view.border_point(0), QPoint(view.site_rect(9).left(), view.border_point(0).y()));
    QCOMPARE(model.partition().blocks[0].last, 2);
    // The border between 5 and 6-7 to the left: block 5 must keep a site.
    const QPoint at = view.border_point(2);
    drag(view, at, QPoint(view.site_rect(2).left(), at.y()));
    QCOMPARE(model.partition().blocks[2].last, 5);
  }

  void escape_gives_up_a_drag() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    const Partition before = model.partition();
    QTest::mousePress(&view, Qt::LeftButton, {}, view.border_point(0));
    QTest::mouseMove(&view, QPoint(view.site_rect(3).left(), view.border_point(0).y()));
    QVERIFY(model.partition() != before);
    QTest::keyClick(&view, Qt::Key_Escape);
    QCOMPARE(model.partition(), before);
    QCOMPARE(model.undo_stack().count(), 0);
  }

  void a_new_partition_of_the_run_ends_a_drag() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    QTest::mousePress(&view, Qt::LeftButton, {}, view.border_point(4));
    RunState other = small_run();
    other.partition = Partition{{{0, 2}, {3, 5}, {6, 8}, {9, 11}}};
    model.show(other);
    QTest::mouseMove(&view, QPoint(30, 40));
    QTest::mouseRelease(&view, Qt::LeftButton, {}, QPoint(30, 40));
    QCOMPARE(model.partition(), other.partition);
  }

  void keys_select_split_merge_lock_and_move() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    view.setFocus();
    QTest::keyClick(&view, Qt::Key_Right);
    QTest::keyClick(&view, Qt::Key_Right);
    QTest::keyClick(&view, Qt::Key_Right);
    QCOMPARE(model.selected_site(), 3);
    QCOMPARE(model.selected_block(), 1);
    QTest::keyClick(&view, Qt::Key_S);  // 2-4 becomes 2-3 and 4
    QCOMPARE(model.partition().blocks.size(), size_t(7));
    QCOMPARE(model.partition().blocks[1].last, 3);
    QTest::keyClick(&view, Qt::Key_M);
    QCOMPARE(model.partition(), small_run().partition);
    QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);  // 2-4 cannot take a fourth site
    QCOMPARE(model.partition(), small_run().partition);
    QTest::keyClick(&view, Qt::Key_Left, Qt::ControlModifier);  // 2-3 and 4-5
    QCOMPARE(model.partition().blocks[1].last, 3);
    QCOMPARE(model.partition().blocks[2].first, 4);
    QTest::keyClick(&view, Qt::Key_L);
    QVERIFY(model.partition().blocks[1].locked);
    QTest::keyClick(&view, Qt::Key_Right, Qt::ControlModifier);  // locked: stays
    QCOMPARE(model.partition().blocks[1].last, 3);
    QTest::keyClick(&view, Qt::Key_Home);
    QCOMPARE(model.selected_site(), 0);
    QTest::keyClick(&view, Qt::Key_End);
    QCOMPARE(model.selected_site(), 11);
    while (model.undo_stack().canUndo()) model.undo_stack().undo();
    QCOMPARE(model.partition(), small_run().partition);
  }

  void double_clicks_split_and_merge() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    QTest::mouseDClick(&view, Qt::LeftButton, {}, view.site_rect(8).center());
    QCOMPARE(model.partition().blocks[4].last, 8);
    QTest::mouseDClick(&view, Qt::LeftButton, {}, view.border_point(4));
    QCOMPARE(model.partition(), small_run().partition);
  }

  void blocks_say_whether_they_are_searched_edited_or_affected() {
    RunState state = small_run();
    for (const Block& block : state.partition.blocks) {
      BlockSearched found;
      found.first_site = block.first;
      found.last_site = block.last;
      found.joint_error = 0.01;
      found.layerwise_error = 0.012;
      state.blocks[block.first] = found;
    }
    RibbonModel model;
    model.show(state);
    QCOMPARE(int(model.mark(3)), int(BlockMark::SEARCHED));
    QVERIFY(model.merge_with_next(2));  // 5 and 6-7
    QCOMPARE(int(model.mark(1)), int(BlockMark::SEARCHED));
    QCOMPARE(int(model.mark(2)), int(BlockMark::EDITED));
    QCOMPARE(int(model.mark(3)), int(BlockMark::AFFECTED));
    QVERIFY(model.describe_block(2).contains(QLatin1String("Edited")));
  }

  void the_runs_answer_keeps_the_users_undo() {
    RibbonModel model;
    RunState state = small_run();
    model.show(state);
    QVERIFY(model.merge_with_next(2));
    state.partition = model.partition();  // the run took the edit over
    model.show(state);
    QVERIFY(!model.edited());
    QVERIFY(model.undo_stack().canUndo());
  }

  void screen_readers_get_a_list_of_blocks() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    QAccessibleInterface* list = QAccessible::queryAccessibleInterface(&view);
    QVERIFY(list != nullptr);
    QCOMPARE(list->role(), QAccessible::List);
    QVERIFY(!list->text(QAccessible::Name).isEmpty());
    QCOMPARE(list->childCount(), 6);
    QCOMPARE(list->child(1)->role(), QAccessible::ListItem);
    QCOMPARE(list->child(1)->text(QAccessible::Name), QStringLiteral("Block 2: sites 2 to 4"));
    QCOMPARE(list->indexOfChild(list->child(3)), 3);
    model.select(3);
    QVERIFY(list->child(1)->state().selected);
    QVERIFY(model.split_after(3));
    QCOMPARE(list->childCount(), 7);
  }

  void colours_show_entropy_dependency_error_or_bits() {
    RunState state = small_run();
    BlockSearched found;
    found.first_site = 2;
    found.last_site = 4;
    found.joint_error = 0.01;
    found.layerwise_error = 0.012;
    state.blocks[2] = found;
    found.first_site = found.last_site = 5;
    found.joint_error = 0.1;
    state.blocks[5] = found;
    state.partition.blocks[3].bits = 8;
    RibbonModel model;
    model.show(state);
    QCOMPARE(model.value(0), 0.5);
    QCOMPARE(model.shade(0), 0.0);
    QCOMPARE(model.shade(11), 1.0);
    model.set_colour(RibbonColour::DEPENDENCY);
    QCOMPARE(model.value(3), 0.3);
    QVERIFY(std::isnan(model.shade(11)));  // nothing behind the last site
    model.set_colour(RibbonColour::ERROR);
    QVERIFY(std::isnan(model.shade(0)));  // not searched yet
    QCOMPARE(model.shade(3), 0.0);
    QCOMPARE(model.shade(5), 1.0);
    QCOMPARE(model.range(), std::pair(0.01, 0.1));
    model.set_colour(RibbonColour::BITS);
    QCOMPARE(model.value(6), 8.0);
    QCOMPARE(model.value(0), 4.0);  // the recipe's
    QCOMPARE(model.shade(6), 1.0);
  }

  void bits_are_given_by_key_and_undone() {
    RibbonModel model;
    model.show(small_run());
    RibbonView view(model, *theme_);
    view.resize(900, 120);
    view.show();
    QVERIFY(QTest::qWaitForWindowExposed(&view));
    view.setFocus();
    QTest::mouseClick(&view, Qt::LeftButton, {}, view.site_rect(3).center());
    QTest::keyClick(&view, Qt::Key_B);
    auto* menu = view.findChild<QMenu*>();
    QVERIFY(menu != nullptr && menu->isVisible());
    QTest::keyClick(menu, Qt::Key_8);
    QCOMPARE(model.partition().blocks[1].bits, 8);
    QVERIFY(model.edited());
    QVERIFY(model.describe_block(1).contains(QLatin1String("8 bits")));
    QVERIFY(view.table().contains(QLatin1String("\n3,0,down,2,0,8,")));
    model.undo_stack().undo();
    QCOMPARE(model.partition(), small_run().partition);
  }

  void a_lock_alone_changes_no_result() {
    RunState state = small_run();
    BlockSearched found;
    found.first_site = 6;
    found.last_site = 7;
    state.blocks[6] = found;
    RibbonModel model;
    model.show(state);
    QVERIFY(model.set_locked(1, true));
    QVERIFY(!model.edited());
    QCOMPARE(int(model.mark(3)), int(BlockMark::SEARCHED));
    QCOMPARE(model.to_search(), std::pair(0, 0));
  }

  void a_block_that_was_taken_over_is_marked() {
    RunState state = small_run();
    BlockSearched found;
    found.first_site = 6;
    found.last_site = 7;
    state.blocks[6] = found;
    RibbonModel model;
    model.show(state, {6});
    QCOMPARE(int(model.mark(3)), int(BlockMark::REUSED));
    QVERIFY(model.describe_block(3).contains(QLatin1String("Taken over")));
  }

  void a_forecast_counts_cost_and_size_and_predicts_the_error() {
    RunState state = small_run();
    state.started.samples = 16;
    state.recipe = Recipe{};  // W4, groups of 32, A16, five candidates, 8 searched, 8 scored again
    for (const Block& block : state.partition.blocks) {
      BlockSearched found;
      found.first_site = block.first;
      found.last_site = block.last;
      found.layerwise_error = 0.01 * block.depth();
      found.joint_error = found.layerwise_error * (block.depth() == 1 ? 1 : block.depth() == 2 ? 0.9 : 0.8);
      state.blocks[block.first] = found;
    }
    std::array<SiteShape, kSitesPerLayer> shapes;
    for (SiteShape& shape : shapes) shape = {{64}, 64};
    const ForecastGrounds grounds = forecast_grounds(state, *state.recipe, 16, shapes);
    const PartitionForecast before = forecast(state.partition, grounds);
    // Depth 1: 5 on the 8 searched samples, all 5 again on the 8 others. Depth 2: the tree of 30 on 8, layer-wise 2 x 5 on 16, 10 tuples of two
    // sites on the 8 others. Depth 3: 155 on 8, 15 on 16, 10 x 3 on 8.
    const int64_t one = 5 * 8 + 5 * 8, two = 30 * 8 + 10 * 16 + 10 * 2 * 8, three = 155 * 8 + 15 * 16 + 10 * 3 * 8;
    QCOMPARE(before.site_forwards, 2 * one + 2 * two + 2 * three);
    QCOMPARE(before.stored_bytes, int64_t{12} * 64 * (32 + 2 * 3));  // codes, and for each group a scale of two bytes and a zero
    QCOMPARE(before.bits_a_weight, 4.75);
    QVERIFY(qAbs(before.error - (2 * 0.01 + 2 * 0.018 + 2 * 0.024)) < 1e-12);  // what was measured
    Partition edited = state.partition;
    QVERIFY(edited.split_after(2));  // 2-4 becomes 2 and 3-4
    QVERIFY(edited.set_bits(0, 6));
    const PartitionForecast after = forecast(edited, grounds);
    QCOMPARE(after.site_forwards, 3 * one + 3 * two + three);
    QCOMPARE(after.stored_bytes - before.stored_bytes, int64_t{2} * 64 * 16);  // two bits more
    QVERIFY(qAbs(after.error - (3 * 0.01 + 0.018 / 16 + 2 * 0.018 + 0.024)) < 1e-12);  // a sixteenth for two bits
    RibbonModel model;
    model.set_grounds(*state.recipe, shapes);
    model.show(state);
    QVERIFY(model.split_after(2));
    const QString text = model.forecast_text();
    QVERIFY2(text.contains(QLatin1String("2 edited, 4 affected")) && text.contains(QLatin1String("4.75 bits")) && text.contains(QLatin1String("predicted")), qPrintable(text));
  }

  void the_view_zooms_and_pans_over_400_sites() {
    RibbonModel model;
    model.show(many_sites());
    QScrollArea area;
    area.setWidgetResizable(true);
    auto* view = new RibbonView(model, *theme_, &area);
    area.setWidget(view);
    area.resize(900, 160);
    area.show();
    QVERIFY(QTest::qWaitForWindowExposed(&area));
    const auto wheel = [&](int delta, Qt::KeyboardModifiers modifiers, const QPoint& at) {
      QWheelEvent event(QPointF(at), QPointF(view->mapToGlobal(at)), {}, {0, delta}, Qt::NoButton, modifiers, Qt::NoScrollPhase, false);
      QApplication::sendEvent(view, &event);
    };
    QVERIFY(view->width() > 3000);  // cells that can be seen, and more to pan to
    view->setFocus();
    QTest::keyClick(view, Qt::Key_0);
    QTRY_COMPARE(view->width(), area.viewport()->width());  // everything
    QCOMPARE(view->zoom(), 1.0);
    QVERIFY(view->site_rect(399).right() < area.viewport()->width());
    // About the mouse: what is under it stays under it.
    const int site = 250, x = view->site_rect(site).center().x();
    for (int i = 0; i < 12; ++i) wheel(120, Qt::ControlModifier, QPoint(view->site_rect(site).center().x(), 50));
    QVERIFY(view->zoom() > 6);
    QVERIFY2(qAbs(view->site_rect(site).center().x() - area.horizontalScrollBar()->value() - x) < 24, "the place under the mouse moved");
    const int before = area.horizontalScrollBar()->value();
    wheel(-240, {}, QPoint(x, 50));
    QVERIFY(area.horizontalScrollBar()->value() > before);
    // Dragged by the middle button.
    const int at = area.horizontalScrollBar()->value();
    QTest::mousePress(view, Qt::MiddleButton, {}, QPoint(at + 300, 50));
    QTest::mouseMove(view, QPoint(at + 380, 50));
    QTest::mouseRelease(view, Qt::MiddleButton, {}, QPoint(at + 380, 50));
    QVERIFY(area.horizontalScrollBar()->value() < at);
    // The selection stays in sight.
    QTest::keyClick(view, Qt::Key_End);
    QCOMPARE(model.selected_site(), 399);
    QTRY_VERIFY(view->visibleRegion().contains(view->site_rect(399).center()));
    QTest::keyClick(view, Qt::Key_PageUp);
    QVERIFY(model.selected_site() < 399 && model.selected_site() > 300);
    QTest::keyClick(view, Qt::Key_Home);
    QTRY_VERIFY(view->visibleRegion().contains(view->site_rect(0).center()));
    for (int i = 0; i < 60; ++i) QTest::keyClick(view, Qt::Key_Plus);
    QVERIFY(view->site_rect(0).width() <= 80);  // no further
    for (int i = 0; i < 60; ++i) QTest::keyClick(view, Qt::Key_Minus);
    QCOMPARE(view->zoom(), 1.0);
  }

  // The best of some redraws: what the machine does beside them is not the ribbon's.
  void four_hundred_sites_are_drawn_within_16_ms() {
    RibbonModel model;
    model.show(many_sites());
    RibbonView view(model, *theme_);
    for (const int width : {1200, 3600, 28800}) {
      view.resize(width, 120);
      QImage image(std::min(width, 3600), 120, QImage::Format_ARGB32_Premultiplied);
      double best = 1e9;
      for (int i = 0; i < 9; ++i) {
        QElapsedTimer clock;
        clock.start();
        view.render(&image, {}, QRect(0, 0, image.width(), 120));
        best = std::min(best, double(clock.nsecsElapsed()) / 1e6);
      }
      QElapsedTimer clock;
      clock.start();
      QVERIFY(model.merge_with_next(0) || model.split_after(0));  // an edit: marks, ranges and forecast anew
      const double edit = double(clock.nsecsElapsed()) / 1e6;
      qInfo("ribbon of 400 sites, %d pixels wide: %.1f ms a redraw (bar 16), %.2f ms an edit", width, best, edit);
      QVERIFY2(best <= 16, qPrintable(QStringLiteral("%1 ms").arg(best)));
      QVERIFY(image.pixelColor(view.site_rect(10).center()).isValid());
    }
  }
};

QTEST_MAIN(TestRibbon)
#include "test_ribbon.moc"
