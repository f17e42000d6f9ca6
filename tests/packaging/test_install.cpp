// What `cmake --install` leaves: complete, valid, and running where neither the source nor the build tree is to be found.
#include <QDir>
#include <QDirIterator>
#include <QGuiApplication>
#include <QImage>
#include <QProcess>
#include <QSettings>
#include <QTemporaryDir>
#include <QtTest>

class TestInstall : public QObject {
  Q_OBJECT
  QTemporaryDir folder_;
  QString prefix_ = folder_.filePath("a prefix");

  struct Ran {
    int status;
    QString out, all;
  };
  static Ran run(const QString& program, const QStringList& arguments,
                 const QProcessEnvironment& environment = QProcessEnvironment::systemEnvironment()) {
    QProcess process;
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
    if (!process.waitForFinished(120000)) return {-1, {}, program + ": " + process.errorString()};
    const QString out = QString::fromUtf8(process.readAllStandardOutput());
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, out, out + QString::fromUtf8(process.readAllStandardError())};
  }

  // Without what the developer's environment says, and with home, caches and data of its own.
  QProcessEnvironment clean_environment() const {
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const QString& name : environment.keys())
      if (name.startsWith("QVLM_")) environment.remove(name);
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"}) environment.insert(name, folder_.filePath("home"));
    environment.insert("PATH", "/usr/bin:/bin");
    return environment;
  }

  // Mounts an empty folder over the source tree, with the build tree in it, where this process may: as root, or in a user namespace of its own.
  static QStringList hiding() {
    static const QStringList way = [] {
      for (const QStringList& flags : {QStringList{"-m"}, QStringList{"-r", "-m"}})
        if (run("unshare", flags + QStringList{"mount", "-t", "tmpfs", "none", QVLM_SOURCE_DIR}).status == 0) return flags;
      return QStringList{};
    }();
    return way;
  }
  // The command line that runs a program of the prefix so hidden.
  QStringList hidden(const QString& program, const QStringList& arguments) const {
    const QStringList command = QStringList{prefix_ + "/bin/" + program} + arguments;
    if (hiding().isEmpty()) return command;
    return QStringList{"unshare"} + hiding() + QStringList{"sh", "-c", "mount -t tmpfs none \"$0\" && exec \"$@\"", QVLM_SOURCE_DIR} + command;
  }
  Ran run_hidden(const QString& program, const QStringList& arguments) const {
    const QStringList command = hidden(program, arguments);
    return run(command.first(), command.mid(1), clean_environment());
  }

 private slots:
  void initTestCase() {
    QVERIFY(QDir().mkpath(folder_.filePath("home")));
    const Ran ran = run(QVLM_CMAKE, {"--install", QVLM_BINARY_DIR, "--prefix", prefix_});
    QVERIFY2(ran.status == 0, qPrintable(ran.all));
    if (hiding().isEmpty()) qInfo("no mount namespaces here: the source tree stays visible to what runs");
  }

  void what_was_built_is_all_there() {
    for (const char* file : {"bin/qvlm", "bin/qvlm-studio", "share/applications/qvlm-studio.desktop", "share/metainfo/qvlm-studio.metainfo.xml",
                             "share/icons/hicolor/scalable/apps/qvlm-studio.svg", "share/qvlm-studio/demo/model/config.json",
                             "share/qvlm-studio/demo/questions/questions.jsonl", "share/qvlm-studio/demo/images/sample-1.png",
                             "share/qvlm-studio/demo/calibration/conversations.json", "share/doc/qvlm-studio/LICENSE"})
      QVERIFY2(QFileInfo(prefix_ + "/" + file).size() > 0, file);
    // Nothing besides: a folder that is none of these would be a mistake.
    QCOMPARE(QDir(prefix_).entryList(QDir::AllEntries | QDir::NoDotAndDotDot), (QStringList{"bin", "share"}));
    QCOMPARE(QDir(prefix_ + "/bin").entryList(QDir::Files), (QStringList{"qvlm", "qvlm-studio"}));
  }

  void icons_are_drawn_in_every_size() {
    for (const int size : {16, 22, 24, 32, 48, 64, 128, 256}) {
      const QImage icon(QString("%1/share/icons/hicolor/%2x%2/apps/qvlm-studio.png").arg(prefix_).arg(size));
      QCOMPARE(icon.size(), QSize(size, size));
      QCOMPARE(icon.pixelColor(0, 0).alpha(), 0);  // round corners
      QCOMPARE(icon.pixelColor(size / 2, size / 8).alpha(), 255);
      QSet<QRgb> colours;
      for (int x = 0; x < size; ++x) colours.insert(icon.pixel(x, size / 2));
      QVERIFY2(colours.size() >= 4, qPrintable(QString::number(size)));  // the ground and three blocks
    }
  }

  void desktop_file_and_metadata_are_valid() {
    const QString desktop = prefix_ + "/share/applications/qvlm-studio.desktop", metadata = prefix_ + "/share/metainfo/qvlm-studio.metainfo.xml";
    Ran ran = run("desktop-file-validate", {desktop});
    QVERIFY2(ran.status == 0 && ran.all.isEmpty(), qPrintable(ran.all));
    // An id in reverse-DNS form would need a domain, which the project has not.
    ran = run("appstreamcli", {"validate", "--no-net", "--override", "cid-desktopapp-is-not-rdns=info", metadata});
    QVERIFY2(ran.status == 0, qPrintable(ran.all));
    // What the desktop starts and shows is what is installed.
    const QSettings entry(desktop, QSettings::IniFormat);
    QVERIFY(QFileInfo(prefix_ + "/bin/" + entry.value("Desktop Entry/Exec").toString().section(' ', 0, 0)).isExecutable());
    QVERIFY(QFileInfo::exists(prefix_ + "/share/icons/hicolor/scalable/apps/" + entry.value("Desktop Entry/Icon").toString() + ".svg"));
  }

  void the_command_line_runs_from_there() {
    Ran ran = run_hidden("qvlm", {"--version"});
    QVERIFY2(ran.status == 0 && !ran.out.trimmed().isEmpty(), qPrintable(ran.all));
    const QString demo = prefix_ + "/share/qvlm-studio/demo";
    ran = run_hidden("qvlm", {"chat", demo + "/model", "--image", demo + "/images/sample-1.png", "--prompt", "What number is shown?"});
    QVERIFY2(ran.status == 0 && ran.out.contains("71"), qPrintable(ran.all));
  }

  // The studio starts the qvlm beside it on the demo model beside them: a script in qvlm's place writes down what it is asked.
  void the_studio_finds_command_and_demo() {
    const QString command = prefix_ + "/bin/qvlm", asked = folder_.filePath("asked");
    QVERIFY(QFile::remove(command));
    QFile script(command);
    QVERIFY(script.open(QIODevice::WriteOnly));
    script.write(("#!/bin/sh\necho \"$@\" >>'" + asked + "'\nexec cat\n").toUtf8());
    script.close();
    QVERIFY(script.setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    const QStringList line = hidden("qvlm-studio", {});
    QProcess studio;
    QProcessEnvironment environment = clean_environment();
    environment.insert("QT_QPA_PLATFORM", "offscreen");
    studio.setProcessEnvironment(environment);
    studio.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    studio.start(line.first(), line.mid(1));
    const auto said = [&] {
      QFile file(asked);
      return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    };
    QTRY_VERIFY_WITH_TIMEOUT(said().endsWith('\n') || studio.state() == QProcess::NotRunning, 60000);
    const bool running = studio.state() == QProcess::Running;
    studio.terminate();
    QVERIFY(studio.waitForFinished(60000));
    QVERIFY(running);
    QVERIFY2(said().startsWith("inspect " + prefix_ + "/share/qvlm-studio/demo/model"), qPrintable(said()));
  }
};

QTEST_MAIN(TestInstall)
#include "test_install.moc"
