// Workspace Compare: one question to two models, the token where they part, and a model that dies meanwhile.
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QTest>
#include <QToolButton>

#include "app/studio/models/compare_controller.h"
#include "app/studio/pages/compare_page.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm;
using namespace qvlm::studio;

namespace {

using Activity = CompareSide::Activity;

std::vector<AnswerToken> words(const QStringList& texts) {
  std::vector<AnswerToken> tokens;
  for (const QString& text : texts) tokens.push_back({int32_t(tokens.size()), text});
  return tokens;
}

}  // namespace

class TestComparePage : public QObject {
  Q_OBJECT

  /// The demo model against a quantized one.
  static ComparePage& opened(Studio& studio) {
    studio.open_demo();
    const QString quantized = studio.path(QStringLiteral("data/quantized/demo-w4.qvlm"));
    QDir().mkpath(quantized);
    studio.workbench->add_quantized(quantized);
    QTest::mouseClick(studio.window->rail()->button(Workspace::COMPARE), Qt::LeftButton);
    return *studio.window->compare_page();
  }
  static void type(ComparePage& page, const QString& text) {
    page.composer()->edit()->setFocus();
    QTest::keyClicks(page.composer()->edit(), text);
    QTest::keyClick(page.composer()->edit(), Qt::Key_Return);
  }
  static bool whole(ComparePage& page) {
    return !page.controller().busy() && page.controller().side(0).finished() && page.controller().side(1).finished();
  }

 private slots:
  void tokens_part_where_they_differ() {
    const auto a = words({"a", " red", " circle"}), b = words({"a", " blue", " circle"});
    TokenComparison found = compare_tokens(a, false, b, false);
    QCOMPARE(found.common, 1);
    QCOMPARE(found.parted.value(), 1);
    QCOMPARE(found.agreement(), 1.0 / 3);
    // One answer is only behind: nothing is known yet; once it has ended, the other one's next token is the difference.
    found = compare_tokens(words({"a"}), false, a, false);
    QVERIFY(!found.parted);
    found = compare_tokens(words({"a"}), true, a, false);
    QCOMPARE(found.parted.value(), 1);
    found = compare_tokens(a, true, a, true);
    QVERIFY(!found.parted);
    QCOMPARE(found.agreement(), 1.0);
    QVERIFY(!compare_tokens({}, true, {}, true).parted);
    // The same word under another number is the same word; parts of a character are told by their numbers.
    QVERIFY(!compare_tokens({{7, "x"}}, true, {{9, "x"}}, true).parted);
    QCOMPARE(compare_tokens({{7, ""}}, true, {{9, ""}}, true).parted.value(), 0);
  }

  void two_models_answer_side_by_side() {
    Studio studio;
    ComparePage& page = opened(studio);
    // Full precision against quantized stands there from the start.
    QVERIFY(!page.picker(0)->choice().path.endsWith(QLatin1String(".qvlm")));
    QVERIFY(page.picker(1)->choice().path.endsWith(QLatin1String("demo-w4.qvlm")));
    page.composer()->attach({studio.path(QStringLiteral("demo/images/scene.png"))});
    type(page, QStringLiteral("Do they part ways?"));
    QVERIFY(page.composer()->text().isEmpty());
    QTRY_VERIFY(whole(page));
    QVERIFY(page.controller().side(0).text() != page.controller().side(1).text());
    QTRY_VERIFY(page.verdict()->isVisible());
    QTRY_COMPARE(page.verdict()->text(),
                 QStringLiteral("The first 5 of 17 tokens agree (29 %); token 6 is “ red” against “ blue”"));
    // Marked in both answers.
    QTRY_VERIFY(page.answer(0)->text().contains(QRegularExpression(QStringLiteral("font-weight:600\"> red<"))));
    QTRY_VERIFY(page.answer(1)->text().contains(QRegularExpression(QStringLiteral("font-weight:600\"> blue<"))));
    QTRY_VERIFY2(page.note(1)->text().contains(QLatin1String("63.5 tokens/s")), qPrintable(page.note(1)->text()));
    QVERIFY(page.note(1)->text().contains(QLatin1String("Example GPU")));
    QCOMPARE(studio.heard().filter(QStringLiteral("$ chat")).size(), 2);
    QCOMPARE(studio.heard().filter(QStringLiteral("scene.png")).size(), 2);
    // The models stay loaded for the next question, and the same answer is said to be the same.
    type(page, QStringLiteral("And now?"));
    QTRY_VERIFY(whole(page));
    QTRY_COMPARE(page.verdict()->text(), QStringLiteral("The answers are the same, token by token (17)."));
    QCOMPARE(studio.heard().filter(QStringLiteral("$ chat")).size(), 2);
  }

  void one_after_the_other() {
    Studio studio;
    ComparePage& page = opened(studio);
    QTest::mouseClick(page.in_turn(), Qt::LeftButton, {}, QPoint(8, page.in_turn()->height() / 2));
    QVERIFY(page.in_turn()->isChecked());
    bool together = false;
    connect(&page.controller().side(1), &CompareSide::changed, this,
            [&] { together |= page.controller().side(1).busy() && page.controller().side(0).busy(); });
    type(page, QStringLiteral("Slowly"));
    QTRY_VERIFY(whole(page));
    QVERIFY(!together);
  }

  void stop_ends_both() {
    Studio studio;
    ComparePage& page = opened(studio);
    type(page, QStringLiteral("a long story"));
    QTRY_VERIFY(page.controller().side(0).tokens().size() > 3 && page.controller().side(1).tokens().size() > 3);
    QTest::mouseClick(page.composer()->send_button(), Qt::LeftButton);  // is Stop now
    QTRY_VERIFY(whole(page));
    QTRY_VERIFY(page.note(0)->text().contains(QLatin1String("stopped")));
    QTest::mouseClick(page.unload_button(), Qt::LeftButton);
    QTRY_COMPARE(int(page.controller().side(1).activity()), int(Activity::EMPTY));
  }

  void a_model_that_dies_leaves_the_other() {
    Studio studio;
    ComparePage& page = opened(studio);
    type(page, QStringLiteral("B should crash"));
    QTRY_COMPARE(int(page.controller().side(1).activity()), int(Activity::BROKEN));
    QTRY_VERIFY(!page.controller().busy());
    QVERIFY2(!page.controller().side(1).failure().isEmpty(), "says why");
    QTRY_VERIFY(page.note(1)->text().contains(page.controller().side(1).failure()));
    // Asked again, it is loaded again.
    type(page, QStringLiteral("Once more"));
    QTRY_VERIFY(whole(page));
  }
};

QTEST_MAIN(TestComparePage)
#include "test_compare_page.moc"
