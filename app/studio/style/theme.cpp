// The palettes, and how they reach Qt's own widgets.
#include "app/studio/style/theme.h"

#include <QApplication>
#include <QFile>
#include <QFont>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QPalette>
#include <QRegularExpression>
#include <QStyleFactory>
#include <QStyleHints>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace qvlm::studio {

Palette light_palette() {
  Palette p;
  p.dark = false;
  p.window = QColor(0xF4, 0xF5, 0xF8);
  p.surface = QColor(0xFF, 0xFF, 0xFF);
  p.raised = QColor(0xEC, 0xEE, 0xF3);
  p.rail = QColor(0xE9, 0xEB, 0xF1);
  p.border = QColor(0xD5, 0xD9, 0xE2);
  p.text = QColor(0x1B, 0x1F, 0x2A);
  p.muted = QColor(0x56, 0x5E, 0x70);
  p.accent = QColor(0x3B, 0x55, 0xC9);
  p.accent_hover = QColor(0x2F, 0x46, 0xAE);
  p.accent_text = QColor(0xFF, 0xFF, 0xFF);
  p.accent_soft = QColor(0xE4, 0xE9, 0xFB);
  p.accent_ink = QColor(0x33, 0x4B, 0xB8);
  p.good = QColor(0x14, 0x6C, 0x43);
  p.warning = QColor(0x87, 0x52, 0x00);
  p.bad = QColor(0xB0, 0x2A, 0x37);
  p.good_soft = QColor(0xDF, 0xF3, 0xE8);
  p.warning_soft = QColor(0xFC, 0xF0, 0xD9);
  p.bad_soft = QColor(0xFB, 0xE5, 0xE7);
  p.grid = QColor(0xE3, 0xE6, 0xEC);
  p.series_a = QColor(0x3B, 0x55, 0xC9);
  p.series_b = QColor(0xC2, 0x5E, 0x1A);
  p.series_c = QColor(0x1B, 0x80, 0x6A);
  return p;
}

Palette dark_palette() {
  Palette p;
  p.dark = true;
  p.window = QColor(0x15, 0x18, 0x1F);
  p.surface = QColor(0x1E, 0x22, 0x2B);
  p.raised = QColor(0x2A, 0x2F, 0x3A);
  p.rail = QColor(0x11, 0x13, 0x19);
  p.border = QColor(0x36, 0x3C, 0x49);
  p.text = QColor(0xE8, 0xEA, 0xF0);
  p.muted = QColor(0xA3, 0xAB, 0xBB);
  p.accent = QColor(0x4C, 0x68, 0xDE);
  p.accent_hover = QColor(0x3F, 0x5A, 0xCE);
  p.accent_text = QColor(0xFF, 0xFF, 0xFF);
  p.accent_soft = QColor(0x29, 0x31, 0x52);
  p.accent_ink = QColor(0x9D, 0xB0, 0xFF);
  p.good = QColor(0x6F, 0xD3, 0xA0);
  p.warning = QColor(0xEB, 0xB8, 0x60);
  p.bad = QColor(0xFF, 0x96, 0x9F);
  p.good_soft = QColor(0x1B, 0x3A, 0x2C);
  p.warning_soft = QColor(0x40, 0x32, 0x17);
  p.bad_soft = QColor(0x47, 0x23, 0x29);
  p.grid = QColor(0x31, 0x37, 0x43);
  p.series_a = QColor(0x8F, 0xA6, 0xFF);
  p.series_b = QColor(0xF0, 0xA0, 0x5E);
  p.series_c = QColor(0x63, 0xC9, 0xB0);
  return p;
}

Palette high_contrast_palette() {
  Palette p;
  p.dark = true;
  p.window = QColor(0x00, 0x00, 0x00);
  p.surface = QColor(0x00, 0x00, 0x00);
  p.raised = QColor(0x1F, 0x1F, 0x1F);
  p.rail = QColor(0x00, 0x00, 0x00);
  p.border = QColor(0xFF, 0xFF, 0xFF);
  p.text = QColor(0xFF, 0xFF, 0xFF);
  p.muted = QColor(0xE2, 0xE2, 0xE2);
  p.accent = QColor(0xFF, 0xE0, 0x3D);
  p.accent_hover = QColor(0xFF, 0xF0, 0x99);
  p.accent_text = QColor(0x00, 0x00, 0x00);
  p.accent_soft = QColor(0x33, 0x2C, 0x00);
  p.accent_ink = QColor(0xFF, 0xE0, 0x3D);
  p.good = QColor(0x7D, 0xFF, 0xA8);
  p.warning = QColor(0xFF, 0xC8, 0x57);
  p.bad = QColor(0xFF, 0xA8, 0xA8);
  p.good_soft = QColor(0x00, 0x2E, 0x14);
  p.warning_soft = QColor(0x38, 0x26, 0x00);
  p.bad_soft = QColor(0x3D, 0x00, 0x08);
  p.grid = QColor(0x5A, 0x5A, 0x5A);
  p.series_a = QColor(0x9C, 0xC4, 0xFF);
  p.series_b = QColor(0xFF, 0xB0, 0x5C);
  p.series_c = QColor(0x7D, 0xFF, 0xD0);
  return p;
}

QString name_of(ThemeChoice choice) {
  switch (choice) {
    case ThemeChoice::LIGHT:
      return QStringLiteral("light");
    case ThemeChoice::DARK:
      return QStringLiteral("dark");
    case ThemeChoice::HIGH_CONTRAST:
      return QStringLiteral("high-contrast");
    case ThemeChoice::SYSTEM:
      break;
  }
  return QStringLiteral("system");
}

ThemeChoice theme_choice_of(const QString& name) {
  if (name == QLatin1String("light")) return ThemeChoice::LIGHT;
  if (name == QLatin1String("dark")) return ThemeChoice::DARK;
  if (name == QLatin1String("high-contrast")) return ThemeChoice::HIGH_CONTRAST;
  return ThemeChoice::SYSTEM;
}

namespace {

constexpr double kPoints = 10;  // the usual text

double relative_luminance(const QColor& color) {
  const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

}  // namespace

double contrast_ratio(const QColor& a, const QColor& b) {
  const double la = relative_luminance(a), lb = relative_luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QString style_sheet_of(const Palette& p, const QString& source, double font_scale) {
  // Longer names first, so that @accent does not eat @accent_soft.
  const std::vector<std::pair<const char*, QColor>> names = {{"@accent_hover", p.accent_hover},
                                                             {"@accent_text", p.accent_text},
                                                             {"@accent_soft", p.accent_soft},
                                                             {"@accent_ink", p.accent_ink},
                                                             {"@warning_soft", p.warning_soft},
                                                             {"@good_soft", p.good_soft},
                                                             {"@bad_soft", p.bad_soft},
                                                             {"@accent", p.accent},
                                                             {"@window", p.window},
                                                             {"@surface", p.surface},
                                                             {"@raised", p.raised},
                                                             {"@rail", p.rail},
                                                             {"@border", p.border},
                                                             {"@text", p.text},
                                                             {"@muted", p.muted},
                                                             {"@good", p.good},
                                                             {"@warning", p.warning},
                                                             {"@bad", p.bad}};
  QString result = source;
  for (const auto& [name, color] : names) result.replace(QLatin1String(name), color.name());
  result.replace(QLatin1String("@tone"), p.dark ? QLatin1String("dark") : QLatin1String("light"));
  static const QRegularExpression points(QStringLiteral("([0-9.]+)pt"));
  QString scaled;
  qsizetype from = 0;
  for (auto match = points.globalMatch(result); match.hasNext();) {
    const auto found = match.next();
    scaled += QStringView(result).mid(from, found.capturedStart() - from);
    scaled += QString::number(found.captured(1).toDouble() * font_scale) + QLatin1String("pt");
    from = found.capturedEnd();
  }
  scaled += QStringView(result).mid(from);
  return scaled;
}

Theme::Theme(QApplication& application, QObject* parent) : QObject(parent), application_(application) {
#if QT_VERSION >= QT_VERSION_CHECK(6, 5, 0)
  const auto read_system = [this] {
    system_dark_ = QGuiApplication::styleHints()->colorScheme() == Qt::ColorScheme::Dark;
  };
  read_system();
  connect(QGuiApplication::styleHints(), &QStyleHints::colorSchemeChanged, this, [this, read_system] {
    read_system();
    if (choice_ == ThemeChoice::SYSTEM) apply();
  });
#else
  system_dark_ = QGuiApplication::palette().color(QPalette::Window).lightness() < 128;
#endif
  application_.setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QFont font = application_.font();
  // Not Inter: laying out a streamed answer in it takes two and a half times as long.
  for (const char* family : {"Open Sans", "Segoe UI", "SF Pro Text", "Noto Sans"}) {
    if (QFontDatabase::hasFamily(QLatin1String(family))) {
      font.setFamily(QLatin1String(family));
      break;
    }
  }
  application_.setFont(font);
  apply();
}

void Theme::set_font_scale(double scale) {
  font_scale_ = std::clamp(scale, 1.0, 2.0);
  apply();
}

int Theme::scaled(int pixels) const {
  return static_cast<int>(std::lround(pixels * font_scale_));
}

void Theme::set_choice(ThemeChoice choice) {
  choice_ = choice;
  apply();
}

void Theme::apply() {
  const bool dark = choice_ == ThemeChoice::DARK || (choice_ == ThemeChoice::SYSTEM && system_dark_);
  palette_ = choice_ == ThemeChoice::HIGH_CONTRAST ? high_contrast_palette() : dark ? dark_palette() : light_palette();
  QFont font = application_.font();
  font.setPointSizeF(kPoints * font_scale_);
  application_.setFont(font);
  const Palette& p = palette_;
  QPalette q;
  q.setColor(QPalette::Window, p.window);
  q.setColor(QPalette::WindowText, p.text);
  q.setColor(QPalette::Base, p.surface);
  q.setColor(QPalette::AlternateBase, p.raised);
  q.setColor(QPalette::Text, p.text);
  q.setColor(QPalette::PlaceholderText, p.muted);
  q.setColor(QPalette::Button, p.surface);
  q.setColor(QPalette::ButtonText, p.text);
  q.setColor(QPalette::BrightText, p.bad);
  q.setColor(QPalette::Highlight, p.accent);
  q.setColor(QPalette::HighlightedText, p.accent_text);
  q.setColor(QPalette::ToolTipBase, p.raised);
  q.setColor(QPalette::ToolTipText, p.text);
  q.setColor(QPalette::Link, p.accent_ink);
  q.setColor(QPalette::Mid, p.border);
  q.setColor(QPalette::Dark, p.border);
  q.setColor(QPalette::Light, p.surface);
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
    q.setColor(QPalette::Disabled, role, p.muted);
  }
  application_.setPalette(q);
  QFile file(QStringLiteral(":/styles/studio.qss"));
  if (file.open(QIODevice::ReadOnly)) application_.setStyleSheet(style_sheet_of(p, QString::fromUtf8(file.readAll()), font_scale_));
  Q_EMIT changed();
}

}  // namespace qvlm::studio
