// The block ribbon by real mouse and key events: drag, split, merge, lock, undo, redo, and what a screen reader gets.
#include <QAccessible>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

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

  void four_hundred_sites_are_drawn_within_a_frame() {
    RunState state;
    state.sites.resize(400);
    for (int i = 0; i < 400; ++i) state.sites[size_t(i)].entropy = EntropyMeasured{i, 0.5 + 0.001 * i, 0.3, {}};
    for (int i = 0; i < 400; i += 2) state.partition.blocks.push_back({i, i + 1, false, 0});
    RibbonModel model;
    model.show(state);
    RibbonView view(model, *theme_);
    view.resize(3600, 120);
    QImage image(view.size(), QImage::Format_ARGB32_Premultiplied);
    view.render(&image);  // once for caches
    QElapsedTimer clock;
    clock.start();
    for (int i = 0; i < 5; ++i) view.render(&image);
    qInfo("ribbon of 400 sites: %.1f ms a redraw", double(clock.nsecsElapsed()) / 5e6);
    QVERIFY(image.pixelColor(view.site_rect(10).center()).isValid());
  }
};

QTEST_MAIN(TestRibbon)
#include "test_ribbon.moc"
