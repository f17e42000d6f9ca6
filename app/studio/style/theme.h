// Colours, spacing and fonts of the studio: three palettes (light, dark, high contrast), chosen by the system or by the user.
#pragma once

#include <QColor>
#include <QObject>
#include <QString>

class QApplication;

namespace qvlm::studio {

/// Every colour that the studio draws with. Text colours reach 4.5 : 1 on every ground that they stand on.
struct Palette {
  bool dark = false;
  QColor window;   // behind everything
  QColor surface;  // cards, lists, inputs
  QColor raised;   // headers of tables, hovered rows
  QColor rail;     // the workspace rail
  QColor border;
  QColor text;
  QColor muted;   // secondary text
  QColor accent;  // the one accent: primary buttons, selection, focus
  QColor accent_hover;
  QColor accent_text;                        // text on accent
  QColor accent_soft;                        // accent-tinted ground
  QColor accent_ink;                         // accent-coloured text on surface
  QColor good, warning, bad;                 // as text on surface
  QColor good_soft, warning_soft, bad_soft;  // grounds of badges and banners
  QColor grid;                               // of plots
  QColor series_a, series_b, series_c;       // of plots, distinct in lightness too
};

Palette light_palette();
Palette dark_palette();
/// Black, white and yellow: every text 7 : 1 at least, every edge to be seen.
Palette high_contrast_palette();

enum class ThemeChoice { SYSTEM, LIGHT, DARK, HIGH_CONTRAST };

QString name_of(ThemeChoice choice);
ThemeChoice theme_choice_of(const QString& name);

/// WCAG 2.1 contrast ratio of two opaque colours, 1..21.
double contrast_ratio(const QColor& a, const QColor& b);

/// Layout unit in pixels; every margin and gap is a multiple of it.
inline constexpr int kUnit = 8;

/// Gives palette, style sheet and font to the application, and tells custom-drawn views when they change.
class Theme : public QObject {
  Q_OBJECT
 public:
  /// `application` outlives the theme. Reads the system's palette once, before changing it.
  explicit Theme(QApplication& application, QObject* parent = nullptr);

  const Palette& colors() const { return palette_; }
  ThemeChoice choice() const { return choice_; }
  void set_choice(ThemeChoice choice);
  /// Text size over the usual one, 1 to 2; everything that holds text grows with it.
  void set_font_scale(double scale);
  double font_scale() const { return font_scale_; }
  /// A length that holds text, in pixels at the usual text size, at this one.
  int scaled(int pixels) const;

 Q_SIGNALS:
  void changed();

 private:
  void apply();

  QApplication& application_;
  ThemeChoice choice_ = ThemeChoice::SYSTEM;
  bool system_dark_ = false;
  double font_scale_ = 1;
  Palette palette_;
};

/// The style sheet's text with @name replaced by the palette's colours, and sizes in pt times `font_scale`.
QString style_sheet_of(const Palette& palette, const QString& source, double font_scale = 1);

}  // namespace qvlm::studio
