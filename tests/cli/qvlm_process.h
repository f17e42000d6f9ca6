// Runs the built qvlm and reads what it says.
#pragma once

#include <QDir>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QString>
#include <QStringList>
#include <QtTest>

namespace qvlm::test {

inline QString qvlm_path() {
  return QStringLiteral(QVLM_BINARY_DIR "/bin/qvlm");
}

struct Ran {
  int status = -1;
  QString out, err;

  /// The objects of --json, one a line; fails the test where a line is none.
  QList<QJsonObject> lines() const {
    QList<QJsonObject> objects;
    for (const QString& line : out.split('\n', Qt::SkipEmptyParts)) {
      const QJsonDocument document = QJsonDocument::fromJson(line.toUtf8());
      if (!document.isObject()) {
        QTest::qFail(qPrintable("no JSON object: " + line), __FILE__, __LINE__);
        return objects;
      }
      objects.append(document.object());
    }
    return objects;
  }
  QStringList events() const {
    QStringList names;
    for (const QJsonObject& object : lines()) names.append(object["event"].toString());
    return names;
  }
};

using Variables = QList<QPair<QString, QString>>;

inline QProcessEnvironment environment_with(const Variables& variables) {
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.insert("OMP_NUM_THREADS", "2");
  environment.insert("XDG_CACHE_HOME", QDir::tempPath() + "/qvlm-tests-cache");
  for (const auto& [name, value] : variables) environment.insert(name, value);
  return environment;
}

/// To its end, with `input` on its standard input.
inline Ran run_qvlm(const QStringList& arguments, const QByteArray& input = {}, const Variables& variables = {}) {
  QProcess process;
  process.setProcessEnvironment(environment_with(variables));
  process.start(qvlm_path(), arguments);
  process.write(input);
  process.closeWriteChannel();
  Ran ran;
  if (!process.waitForFinished(240000)) {
    process.kill();
    process.waitForFinished();
    ran.err = "did not end; " + process.errorString();
    return ran;
  }
  ran.status = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
  ran.out = QString::fromUtf8(process.readAllStandardOutput());
  ran.err = QString::fromUtf8(process.readAllStandardError());
  return ran;
}

/// Reads lines of a running process until one holds `part`; returns it, or an empty text at the end.
inline QString wait_for_line(QProcess& process, const QString& part) {
  for (;;) {
    while (process.canReadLine()) {
      const QString line = QString::fromUtf8(process.readLine());
      if (line.contains(part)) return line;
    }
    if (!process.waitForReadyRead(120000)) return {};
  }
}

}  // namespace qvlm::test

/// The command failed with this status and a message that holds `part`.
#define VERIFY_FAILED(ran, expected_status, part)              \
  do {                                                         \
    QVERIFY2((ran).err.contains(part), qPrintable((ran).err)); \
    QCOMPARE((ran).status, expected_status);                   \
  } while (false)
