// Keeping what a view shows: as a picture (PNG), a drawing (SVG), or its numbers (CSV).
#pragma once

#include <QPointer>
#include <QSize>
#include <QString>
#include <functional>

class QPaintDevice;
class QToolButton;
class QWidget;

namespace qvlm::studio {

class Theme;
struct Palette;

class SavedView {
 public:
  virtual ~SavedView() = default;
  /// In logical pixels, as on the screen.
  virtual QSize picture_size() const = 0;
  /// On an empty ground.
  virtual void draw_on(QPaintDevice& device, const QSize& size) = 0;
  /// CSV: a line of names, then one line a value; full precision, decimal points.
  virtual QString table() const = 0;
};

/// By the file's ending: .png (two pixels a logical one), .svg or .csv. Throws Error naming the file.
void save_view(SavedView& view, const Palette& palette, const QString& file);

/// A button for the header of the card around `view`: asks for a file and saves. `name` is the file's suggested name
/// and goes into the accessible name; `problem` hears what went wrong. `widget` is the view as a widget.
QToolButton* save_button(SavedView& view, QWidget* widget, const Theme& theme, const QString& name,
                         std::function<void(const QString& message)> problem, QWidget* parent);

/// Asks for a file's name and calls `save` with it; what that throws, `problem` hears. `filters` as QFileDialog takes them, each with one ending: the first
/// is proposed, and the name follows the choice.
void ask_where_to_save(QWidget* widget, const QString& title, const QString& name, const QString& filters, std::function<void(const QString& file)> save,
                       std::function<void(const QString& message)> problem);

/// A number as CSV has it.
QString csv_number(double value);

}  // namespace qvlm::studio
