// Answers as Markdown: cut into prose and code, harmless HTML, and code blocks that can be copied.
#include <QClipboard>
#include <QGuiApplication>
#include <QPushButton>
#include <QTest>

#include "app/studio/models/markdown_parts.h"
#include "app/studio/views/answer_text.h"

using namespace qvlm::studio;

class TestMarkdown : public QObject {
  Q_OBJECT

 private slots:
  void fences_cut_prose_from_code_data() {
    QTest::addColumn<QString>("text");
    QTest::addColumn<QStringList>("parts");  // prose as it is, code as "<language>code"
    QTest::newRow("prose only") << "one\ntwo" << QStringList{"one\ntwo"};
    QTest::newRow("between") << "see:\n```python\nx = 1\n\ny = 2\n```\ndone"
                             << QStringList{"see:", "<python>x = 1\n\ny = 2", "done"};
    QTest::newRow("not closed yet") << "```c++\nint a" << QStringList{"<c++>int a"};
    QTest::newRow("just opened") << "so\n```" << QStringList{"so", "<>"};
    QTest::newRow("longer fences hold shorter ones") << "````\n```\n````" << QStringList{"<>```"};
    QTest::newRow("tildes") << "~~~ sh\nls `x`\n~~~" << QStringList{"<sh>ls `x`"};
    QTest::newRow("four spaces are no fence") << "    ```\nx" << QStringList{"    ```\nx"};
    QTest::newRow("backticks in a line") << "a ```b``` c" << QStringList{"a ```b``` c"};
    QTest::newRow("inline on the fence's line") << "```not a fence```" << QStringList{"```not a fence```"};
    QTest::newRow("nothing") << "" << QStringList{};
  }
  void fences_cut_prose_from_code() {
    QFETCH(QString, text);
    QStringList parts;
    for (const MarkdownPart& part : split_markdown(text))
      parts << (part.code ? QStringLiteral("<%1>%2").arg(part.language, part.text) : part.text);
    QTEST(parts, "parts");
  }

  void prose_is_formatted_and_harmless() {
    const QString html = prose_to_html(
        QStringLiteral(
            "A **bold** word\nand a line\n\n- item\n\n![a cat](file:///etc/passwd) <img src=\"/x.png\"> <b>b</b>"),
        QStringLiteral("Sans"), 10);
    QVERIFY(html.contains(QLatin1String("font-weight")));
    QVERIFY(html.contains(QLatin1String(">and a line")));  // the single line break stays
    QVERIFY(html.contains(QLatin1String("<li")));
    QVERIFY2(!html.contains(QLatin1String("<img")), qPrintable(html));
    QVERIFY(!html.contains(QLatin1String("passwd")));
    QVERIFY(html.contains(QLatin1String("[a cat]")));
    QVERIFY(html.contains(QLatin1String("&lt;b&gt;")));  // shown as it was written
  }

  void a_growing_answer_keeps_its_finished_parts() {
    AnswerText view(AnswerText::Kind::MARKDOWN);
    view.show();
    view.set_text(QStringLiteral("Look:\n```python\nprint(1)\n```\nand"));
    const auto blocks = view.findChildren<CodeBlock*>();
    QCOMPARE(blocks.size(), 1);
    view.set_text(QStringLiteral("Look:\n```python\nprint(1)\n```\nand more\n```sh\nls\n```"));
    QCOMPARE(view.findChildren<CodeBlock*>().size(), 2);
    QCOMPARE(view.findChildren<CodeBlock*>().first(), blocks.first());
    QTest::mouseClick(view.findChildren<CodeBlock*>().first()->copy_button(), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("print(1)"));
    QCOMPARE(blocks.first()->copy_button()->text(), QStringLiteral("Copied"));
    view.set_text(QStringLiteral("short"));
    QTRY_COMPARE(view.findChildren<CodeBlock*>().size(), 0);
  }

  void what_a_user_typed_stays_as_typed() {
    AnswerText view(AnswerText::Kind::PLAIN);
    view.set_text(QStringLiteral("is **this** <b>bold</b>?"));
    QCOMPARE(view.findChildren<WrappingLabel*>().first()->text(), QStringLiteral("is **this** <b>bold</b>?"));
    QCOMPARE(int(view.findChildren<WrappingLabel*>().first()->textFormat()), int(Qt::PlainText));
  }
};

QTEST_MAIN(TestMarkdown)
#include "test_markdown.moc"
