// Help, usage errors, missing files, exit statuses, and machines without Vulkan.
#include <QDir>
#include <QTemporaryDir>

#include "tests/cli/qvlm_process.h"
#include "tests/cli/tiny_model.h"

using namespace qvlm::test;

class TestCliUsage : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString path(const QString& name) const { return folder_.filePath(name); }
  QString model_;

 private slots:
  void initTestCase() { model_ = QString::fromStdString(write_tiny_model(path("model").toStdString()).string()); }

  void every_command_explains_itself_data() {
    QTest::addColumn<QString>("command");
    QTest::addColumn<QString>("option");
    QTest::newRow("devices") << "devices"
                             << "--self-test";
    QTest::newRow("inspect") << "inspect"
                             << "MODEL";
    QTest::newRow("quantize") << "quantize"
                              << "--calibration";
    QTest::newRow("evaluate") << "evaluate"
                              << "--questions";
    QTest::newRow("chat") << "chat"
                          << "--image";
    QTest::newRow("bench") << "bench"
                           << "--device";
    QTest::newRow("export") << "export"
                            << "--to";
    QTest::newRow("fit") << "fit"
                         << "--context";
    QTest::newRow("proxies") << "proxies"
                             << "--assignments";
  }
  void every_command_explains_itself() {
    QFETCH(QString, command);
    QFETCH(QString, option);
    const Ran ran = run_qvlm({command, "--help"});
    QCOMPARE(ran.status, 0);
    QVERIFY2(ran.out.contains(option) && ran.out.contains("--json"), qPrintable(ran.out));
  }

  void wrong_usage_ends_with_2_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("message");
    QTest::newRow("no command") << QStringList{} << "subcommand";
    QTest::newRow("unknown command") << QStringList{"dream"} << "unknown command dream";
    QTest::newRow("unknown option") << QStringList{"inspect", "m", "--dream"} << "--dream";
    QTest::newRow("no model") << QStringList{"inspect"} << "MODEL";
    QTest::newRow("no questions") << QStringList{"evaluate", "m"} << "--questions";
    QTest::newRow("backend") << QStringList{"chat", "m", "--backend", "abacus"} << "abacus";
    QTest::newRow("negative limit") << QStringList{"evaluate", "m", "--questions", "q", "--limit", "-1"} << "--limit";
    QTest::newRow("top-p") << QStringList{"chat", "m", "--prompt", "x", "--top-p", "2"} << "top_p";
    QTest::newRow("weight method") << QStringList{"quantize", "m",      "--calibration",   "c",
                                                  "-o",       "o.qvlm", "--weight-method", "magic"}
                                   << "magic";
    QTest::newRow("bits") << QStringList{"quantize", "m", "--calibration", "c", "-o", "o.qvlm", "--weights", "17"}
                          << "17";
    QTest::newRow("format") << QStringList{"export", "m", "--to", "zip", "-o", "d"} << "zip";
    QTest::newRow("device of the reference")
        << QStringList{"chat", model_, "--prompt", "x", "--backend", "reference", "--device", "0"} << "--device";
  }
  void wrong_usage_ends_with_2() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, message);
    const Ran ran = run_qvlm(arguments);
    VERIFY_FAILED(ran, 2, message);
    QVERIFY(!ran.err.isEmpty());
    QCOMPARE(ran.out, QString());
  }

  void what_is_not_there_ends_with_1_data() {
    QTest::addColumn<QStringList>("arguments");
    const QString absent = path("absent");
    QTest::newRow("inspect") << QStringList{"inspect", absent};
    QTest::newRow("questions") << QStringList{"evaluate", model_, "--questions", absent};
    QTest::newRow("calibration") << QStringList{"quantize", model_, "--calibration", absent, "-o", path("o.qvlm")};
    QTest::newRow("recipe") << QStringList{"quantize", model_,         "--calibration", "c",
                                           "-o",       path("o.qvlm"), "--recipe",      absent};
    QTest::newRow("export") << QStringList{"export", absent, "--to", "gguf", "-o", path("out")};
  }
  void what_is_not_there_ends_with_1() {
    QFETCH(QStringList, arguments);
    const Ran ran = run_qvlm(arguments);
    VERIFY_FAILED(ran, 1, path("absent"));
    QVERIFY(ran.err.startsWith("qvlm: "));
  }

  void with_json_a_failure_is_the_last_line() {
    const Ran inspect = run_qvlm({"inspect", path("absent"), "--json"});
    QCOMPARE(inspect.events(), QStringList{"Failed"});
    QVERIFY(inspect.lines().last()["message"].toString().contains("absent"));
    QCOMPARE(run_qvlm({"evaluate", path("absent"), "--questions", path("absent"), "--json"}).events(),
             QStringList{"EvaluationFailed"});
    QCOMPARE(run_qvlm({"chat", path("absent"), "--json"}).events(), QStringList{"ChatFailed"});
    QCOMPARE(run_qvlm({"quantize", path("absent"), "--calibration", "c", "-o", path("o.qvlm"), "--json"}).events(),
             QStringList{"RunFailed"});
  }

  void an_unknown_model_type_says_which_are_known() {
    QDir().mkpath(path("unknown"));
    tiny::write_text(path("unknown/config.json").toStdString(), R"({"model_type": "perceiver"})");
    const Ran ran = run_qvlm({"inspect", path("unknown")});
    VERIFY_FAILED(ran, 1, "perceiver");
    QVERIFY2(ran.err.contains("llava"), qPrintable(ran.err));
  }

  void inspect_tells_what_a_model_is() {
    const Ran text = run_qvlm({"inspect", model_});
    QCOMPARE(text.status, 0);
    QVERIFY(text.out.contains("family llava") && text.out.contains("attention.query"));
    const Ran json = run_qvlm({"inspect", model_, "--json"});
    QCOMPARE(json.lines().size(), 1);
    const QJsonObject result = json.lines().last();
    QCOMPARE(result["family"].toString(), QString("llava"));
    QCOMPARE(result["layers"].toInt(), tiny::kLayers);
    QCOMPARE(result["sites"].toInt(), 4 * tiny::kLayers);
    QCOMPARE(result["stored_bits"].toDouble(), 16.0);
    QCOMPARE(result["decoder"].toObject()["hidden"].toInt(), tiny::kHidden);
    QCOMPARE(result["vision"].toObject()["image_tokens"].toInt(), 4);
    QVERIFY(result["legal_groups"].toArray().size() == 7);
  }

  void devices_are_listed() {
    const Ran ran = run_qvlm({"devices", "--json"});
    QVERIFY2(ran.status == 0 || ran.err.contains("Vulkan"), qPrintable(ran.err));
    QCOMPARE(ran.events().size(), 1);
  }

  void without_a_vulkan_driver_the_reference_is_proposed() {
    const Variables no_driver{{"VK_ICD_FILENAMES", path("absent.json")}, {"VK_DRIVER_FILES", path("absent.json")}};
    const Ran devices = run_qvlm({"devices"}, {}, no_driver);
    QVERIFY2(devices.out.contains("No Vulkan device") || devices.err.contains("Vulkan"),
             qPrintable(devices.out + devices.err));
    const Ran chat = run_qvlm({"chat", model_, "--prompt", "What?"}, {}, no_driver);
    VERIFY_FAILED(chat, 1, "Vulkan");
    QVERIFY2(chat.err.contains("--backend reference"), qPrintable(chat.err));
  }

  void without_a_vulkan_loader_the_reference_is_proposed() {
    QDir().mkpath(path("no_loader"));
    tiny::write_text(path("no_loader/libvulkan.so.1").toStdString(), "no library");
    tiny::write_text(path("no_loader/libvulkan.so").toStdString(), "no library");
    const Variables no_loader{{"LD_LIBRARY_PATH", path("no_loader")}};
    const Ran chat = run_qvlm({"chat", model_, "--prompt", "What?"}, {}, no_loader);
    VERIFY_FAILED(chat, 1, "Vulkan");
    QVERIFY2(chat.err.contains("--backend reference"), qPrintable(chat.err));
    QCOMPARE(run_qvlm({"devices"}, {}, no_loader).status, 1);
    QCOMPARE(run_qvlm({"inspect", model_}, {}, no_loader).status, 0);
  }
};

QTEST_GUILESS_MAIN(TestCliUsage)
#include "test_cli_usage.moc"
