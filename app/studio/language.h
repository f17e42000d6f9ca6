// The language of the studio: which there are, which one the system asks for, and installing its texts.
#pragma once

#include <QLocale>
#include <QString>
#include <QStringList>
#include <QTranslator>
#include <vector>

class QCoreApplication;

namespace qvlm::studio {

struct Language {
  QString code;  // "en", "de", "zh_CN"
  QString name;  // in the language itself
};

/// English first; every other one has a file resources/translations/qvlm-studio_CODE.ts.
const std::vector<Language>& languages();

/// The code of the first of `wanted` (names as QLocale::uiLanguages() has them, "zh-Hans-CN") that the studio speaks; "en" where there is none.
QString language_for(const QStringList& wanted);

/// Installs texts while it lives. Windows that were made before keep theirs.
class Translations {
 public:
  /// `application` outlives it.
  explicit Translations(QCoreApplication& application) : application_(application) {}
  ~Translations();
  /// `choice`: a code, or empty: by the system's choice. Numbers and dates follow. Returns the code that is spoken now.
  QString install(const QString& choice);

 private:
  void remove();
  QCoreApplication& application_;
  QLocale system_ = QLocale::system();
  QTranslator studio_, qt_;
};

}  // namespace qvlm::studio
