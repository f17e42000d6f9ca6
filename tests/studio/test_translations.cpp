// Every text of the studio is there in German and in Simplified Chinese: in the files, and in the running window.
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QXmlStreamReader>
#include <set>

#include "app/studio/language.h"
#include "tests/studio/studio_fixture.h"

using namespace qvlm::studio;

namespace {

struct Text {
  QString context, source, translation;
  bool unfinished = false;
};

/// The messages of a .ts file.
std::vector<Text> read_texts(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return {};
  QXmlStreamReader xml(&file);
  std::vector<Text> texts;
  QString context;
  while (!xml.atEnd()) {
    if (xml.readNext() != QXmlStreamReader::StartElement) continue;
    if (xml.name() == QLatin1String("name")) context = xml.readElementText();
    if (xml.name() == QLatin1String("message")) texts.push_back({context, {}, {}, false});
    if (xml.name() == QLatin1String("source")) texts.back().source = xml.readElementText();
    if (xml.name() == QLatin1String("translation")) {
      texts.back().unfinished = xml.attributes().hasAttribute(QLatin1String("type"));
      texts.back().translation = xml.readElementText();
    }
  }
  return texts;
}

/// Runs lupdate over `sources` on a copy of `file`; the texts afterwards: what the sources have, with what is translated of it.
std::vector<Text> texts_of_sources(const QString& sources, const QString& file, const QString& folder) {
  const QString copy = QDir(folder).filePath(QFileInfo(file).fileName());
  QFile::remove(copy);
  if (!QFile::copy(file, copy)) return {};
  QFile::setPermissions(copy, QFile::ReadOwner | QFile::WriteOwner);
  QProcess update;
  update.start(QStringLiteral(QVLM_LUPDATE),
               {QStringLiteral("-I"), QStringLiteral(QVLM_SOURCE_DIR), QStringLiteral("-locations"), QStringLiteral("none"), QStringLiteral("-no-obsolete"),
                QStringLiteral("-disable-heuristic"), QStringLiteral("sametext"), QStringLiteral("-disable-heuristic"), QStringLiteral("similartext"), sources,
                QStringLiteral("-ts"), copy});
  if (!update.waitForFinished(120000) || update.exitCode() != 0) return {};
  return read_texts(copy);
}

/// What a translator would have to do, a line a text; and texts outside a class, which the running window does not find again.
QStringList complaints(const std::vector<Text>& texts) {
  static const QRegularExpression place(QStringLiteral("%[1-9n]"));
  QStringList list;
  for (const Text& text : texts) {
    if (text.unfinished || text.translation.isEmpty()) {
      list << QStringLiteral("%1: \"%2\" is not translated").arg(text.context, text.source);
      continue;
    }
    if (text.context == QLatin1String("qvlm::studio")) list << QStringLiteral("\"%1\" has no class").arg(text.source);
    std::set<QString> asked, given;
    for (auto at = place.globalMatch(text.source); at.hasNext();) asked.insert(at.next().captured());
    for (auto at = place.globalMatch(text.translation); at.hasNext();) given.insert(at.next().captured());
    if (asked != given) list << QStringLiteral("%1: \"%2\" has other places than \"%3\"").arg(text.context, text.source, text.translation);
  }
  return list;
}

QString file_of(const QString& code) {
  return QStringLiteral(QVLM_SOURCE_DIR "/resources/translations/qvlm-studio_%1.ts").arg(code);
}

}  // namespace

class TestTranslations : public QObject {
  Q_OBJECT

 private slots:
  void every_text_is_translated_data() {
    QTest::addColumn<QString>("code");
    for (const Language& language : languages()) {
      if (language.code != QLatin1String("en")) QTest::newRow(qPrintable(language.code)) << language.code;
    }
  }
  void every_text_is_translated() {
    QFETCH(QString, code);
    QTemporaryDir folder;
    const auto texts = texts_of_sources(QStringLiteral(QVLM_SOURCE_DIR "/app/studio"), file_of(code), folder.path());
    QVERIFY2(texts.size() > 500, "lupdate found no texts");
    const QStringList list = complaints(texts);
    QVERIFY2(list.isEmpty(), qPrintable(QStringLiteral("\n%1\n`ninja update_translations`, then fill in resources/translations").arg(list.join(QLatin1Char('\n')))));
  }

  void the_running_studio_has_them_data() { every_text_is_translated_data(); }
  void the_running_studio_has_them() {
    QFETCH(QString, code);
    Translations translations(*qApp);
    QCOMPARE(translations.install(code), code);
    QStringList missing;
    for (const Text& text : read_texts(file_of(code))) {
      if (QCoreApplication::translate(text.context.toUtf8(), text.source.toUtf8()) != text.translation) missing << text.context + QStringLiteral(": ") + text.source;
    }
    QVERIFY2(missing.isEmpty(), qPrintable(missing.join(QLatin1Char('\n'))));
    // The contexts are those that the classes ask in.
    QCOMPARE(MainWindow::tr("Quit"), code == QLatin1String("de") ? QStringLiteral("Beenden") : QStringLiteral("退出"));
    QCOMPARE(name_of(Workspace::EVALUATE), code == QLatin1String("de") ? QStringLiteral("Bewerten") : QStringLiteral("评估"));
    Studio studio;
    QCOMPARE(studio.window->rail()->button(Workspace::QUANTIZE)->text(), code == QLatin1String("de") ? QStringLiteral("Quantisieren") : QStringLiteral("量化"));
  }

  void what_is_missing_is_named() {
    QTemporaryDir folder;
    QDir(folder.path()).mkdir(QStringLiteral("sources"));
    QFile source(folder.filePath(QStringLiteral("sources/a.cpp")));
    QVERIFY(source.open(QIODevice::WriteOnly));
    source.write("void f() { QCoreApplication::translate(\"main\", \"A new text %1\"); QCoreApplication::translate(\"main\", \"Known %1\"); }\n");
    source.close();
    QFile file(folder.filePath(QStringLiteral("x_de.ts")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("<?xml version=\"1.0\"?><!DOCTYPE TS><TS version=\"2.1\" language=\"de_DE\"><context><name>main</name><message><source>Known %1</source>"
               "<translation>Bekannt %2</translation></message></context></TS>");
    file.close();
    QDir(folder.path()).mkdir(QStringLiteral("out"));
    const QStringList list = complaints(texts_of_sources(folder.filePath(QStringLiteral("sources")), file.fileName(), folder.filePath(QStringLiteral("out"))));
    QCOMPARE(list.size(), 2);
    QVERIFY(list.filter(QStringLiteral("\"A new text %1\" is not translated")).size() == 1);
    QVERIFY(list.filter(QStringLiteral("\"Known %1\" has other places")).size() == 1);
  }

  void the_system_chooses_at_first() {
    QCOMPARE(language_for({QStringLiteral("de-AT"), QStringLiteral("en-GB")}), QStringLiteral("de"));
    QCOMPARE(language_for({QStringLiteral("fr-FR"), QStringLiteral("zh-Hans-CN")}), QStringLiteral("zh_CN"));
    QCOMPARE(language_for({QStringLiteral("zh-Hant-TW"), QStringLiteral("de")}), QStringLiteral("de"));
    QCOMPARE(language_for({QStringLiteral("fr")}), QStringLiteral("en"));
    QCOMPARE(language_for({}), QStringLiteral("en"));
  }
};

QTEST_MAIN(TestTranslations)
#include "test_translations.moc"
