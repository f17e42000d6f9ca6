// Child processes: lines, endings, and last words, whatever the child does.
#include <QSignalSpy>
#include <QTest>

#include "app/studio/children/child_process.h"
#include "app/studio/children/result_child.h"

using namespace qvlm::studio;

class TestChildren : public QObject {
  Q_OBJECT
 private slots:
  void lines_arrive_whole_and_before_the_end() {
    ChildProcess child;
    QList<QByteArray> lines;
    ChildEnd end;
    connect(&child, &ChildProcess::line, this, [&](const QByteArray& line) { lines << line; });
    QSignalSpy finished(&child, &ChildProcess::finished);
    connect(&child, &ChildProcess::finished, this, [&](const ChildEnd& e) { end = e; });
    // A line in two pieces, an empty one, and a last one without a newline.
    child.start(QStringLiteral("/bin/sh"),
                {QStringLiteral("-c"), QStringLiteral("printf '{\"a\"'; sleep 0.05; printf ':1}\\n\\n{\"b\":2}'")});
    QVERIFY(finished.wait(30000));
    QCOMPARE(lines, (QList<QByteArray>{"{\"a\":1}", "{\"b\":2}"}));
    QVERIFY(end.ok);
    QVERIFY(end.message.isEmpty());
  }

  void many_lines_do_not_hold_up_the_event_loop() {
    ChildProcess child;
    int lines = 0;
    connect(&child, &ChildProcess::line, this, [&] { ++lines; });
    QSignalSpy finished(&child, &ChildProcess::finished);
    int beats = 0;
    QTimer heart;
    connect(&heart, &QTimer::timeout, this, [&] { ++beats; });
    heart.start(0);
    child.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("seq 1 60000")});
    QVERIFY(finished.wait(30000));
    QCOMPARE(lines, 60000);
    QVERIFY(beats > 5);
  }

  void a_failure_brings_its_last_words() {
    ChildProcess child;
    ChildEnd end;
    connect(&child, &ChildProcess::finished, this, [&](const ChildEnd& e) { end = e; });
    QSignalSpy finished(&child, &ChildProcess::finished);
    child.start(QStringLiteral("/bin/sh"),
                {QStringLiteral("-c"), QStringLiteral("echo 'config.json: no such file' >&2; exit 1")});
    QVERIFY(finished.wait(30000));
    QVERIFY(!end.ok);
    QCOMPARE(end.exit_code, 1);
    QVERIFY2(end.message.contains(QLatin1String("config.json: no such file")), qPrintable(end.message));
  }

  void a_killed_child_is_reported_as_such() {
    ChildProcess child;
    ChildEnd end;
    connect(&child, &ChildProcess::finished, this, [&](const ChildEnd& e) { end = e; });
    QSignalSpy finished(&child, &ChildProcess::finished);
    child.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("kill -9 $$")});
    QVERIFY(finished.wait(30000));
    QVERIFY(end.crashed);
    QVERIFY(end.message.contains(QLatin1String("unexpectedly")));
  }

  void an_absent_program_is_a_message() {
    ChildProcess child;
    ChildEnd end;
    connect(&child, &ChildProcess::finished, this, [&](const ChildEnd& e) { end = e; });
    child.start(QStringLiteral("/nowhere/qvlm"), {QStringLiteral("chat")});
    QTRY_VERIFY(!child.running());
    QVERIFY(!end.ok);
    QVERIFY(end.message.contains(QLatin1String("/nowhere/qvlm")));
  }

  void what_is_sent_is_heard() {
    ChildProcess child;
    QList<QByteArray> lines;
    connect(&child, &ChildProcess::line, this, [&](const QByteArray& line) { lines << line; });
    child.start(QStringLiteral("/bin/cat"), {});
    QVERIFY(child.send(QJsonObject{{QStringLiteral("pause"), true}}));
    QTRY_COMPARE(lines.size(), 1);
    QCOMPARE(lines.first(), QByteArray("{\"pause\":true}"));
    child.end();
    QTRY_VERIFY(!child.running());
    QVERIFY(!child.send(QByteArray("late")));
  }

  void children_run_at_low_priority() {
    ChildProcess child;
    QByteArray nice;
    connect(&child, &ChildProcess::line, this, [&](const QByteArray& line) { nice = line; });
    QSignalSpy finished(&child, &ChildProcess::finished);
    child.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("nice")});
    QVERIFY(finished.wait(30000));
    QVERIFY(nice.toInt() >= 10);
  }

  void a_result_is_the_last_line() {
    ResultChild child(QStringLiteral("/bin/echo"));
    QSignalSpy succeeded(&child, &ResultChild::succeeded), failed(&child, &ResultChild::failed);
    child.start({QStringLiteral("working\n{\"family\":\"llava\"}")});
    QVERIFY(succeeded.wait(30000));
    QCOMPARE(succeeded.first().first().toJsonObject().value(QLatin1String("family")).toString(),
             QStringLiteral("llava"));
    child.start({QStringLiteral("no JSON at all")});
    QVERIFY(failed.wait(30000));
  }

  void a_failures_own_words_are_told() {
    ResultChild child(QStringLiteral("/bin/sh"));
    QSignalSpy failed(&child, &ResultChild::failed);
    child.start({QStringLiteral("-c"), QStringLiteral("echo '{\"event\":\"Failed\",\"message\":\"config.json: no such file\"}';"
                                                      " echo other words >&2; exit 1")});
    QVERIFY(failed.wait(30000));
    QCOMPARE(failed.first().first().toString(), QStringLiteral("config.json: no such file"));
  }

  void a_dropped_result_is_not_told() {
    ResultChild child(QStringLiteral("/bin/sh"));
    QSignalSpy succeeded(&child, &ResultChild::succeeded), failed(&child, &ResultChild::failed);
    child.start({QStringLiteral("-c"), QStringLiteral("echo '{\"first\":1}'; exec sleep 60")});
    child.drop();
    QVERIFY(!child.running());
    child.start({QStringLiteral("-c"), QStringLiteral("echo '{\"second\":2}'")});
    QVERIFY(succeeded.wait(30000));
    QVERIFY(succeeded.first().first().toJsonObject().contains(QLatin1String("second")));
    QCOMPARE(succeeded.size() + failed.size(), qsizetype{1});
  }
};

QTEST_GUILESS_MAIN(TestChildren)
#include "test_children.moc"
