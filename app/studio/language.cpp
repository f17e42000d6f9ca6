// Compiled texts lie in the resources; those of Qt's own dialogs in Qt's folder.
#include "app/studio/language.h"

#include <QCoreApplication>
#include <QLibraryInfo>

namespace qvlm::studio {

const std::vector<Language>& languages() {
  static const std::vector<Language> all = {{QStringLiteral("en"), QStringLiteral("English")},
                                            {QStringLiteral("de"), QStringLiteral("Deutsch")},
                                            {QStringLiteral("zh_CN"), QStringLiteral("简体中文")}};
  return all;
}

QString language_for(const QStringList& wanted) {
  for (const QString& name : wanted) {
    const QString tongue = name.section(QLatin1Char('-'), 0, 0).section(QLatin1Char('_'), 0, 0).toLower();
    // Traditional characters are another script: whoever asks for them is not given simplified ones unasked.
    const bool traditional = name.contains(QLatin1String("Hant")) || name.endsWith(QLatin1String("TW")) ||
                             name.endsWith(QLatin1String("HK")) || name.endsWith(QLatin1String("MO"));
    if (tongue == QLatin1String("zh") && traditional) continue;
    for (const Language& language : languages()) {
      if (language.code.section(QLatin1Char('_'), 0, 0) == tongue) return language.code;
    }
  }
  return QStringLiteral("en");
}

Translations::~Translations() {
  remove();
}

void Translations::remove() {
  application_.removeTranslator(&studio_);
  application_.removeTranslator(&qt_);
}

QString Translations::install(const QString& choice) {
  remove();
  const QString code = choice.isEmpty() ? language_for(system_.uiLanguages()) : language_for({choice});
  const bool by_system = choice.isEmpty() && code.section(QLatin1Char('_'), 0, 0) == system_.name().section(QLatin1Char('_'), 0, 0);
  QLocale::setDefault(by_system ? system_ : QLocale(code));
  if (code == QLatin1String("en")) return code;
  if (qt_.load(QStringLiteral("qtbase_") + code, QLibraryInfo::path(QLibraryInfo::TranslationsPath))) application_.installTranslator(&qt_);
  if (studio_.load(QStringLiteral(":/translations/qvlm-studio_%1.qm").arg(code))) application_.installTranslator(&studio_);
  return code;
}

}  // namespace qvlm::studio
