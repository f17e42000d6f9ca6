// What the model gets of each picture: the very pixels, and their number, tiles and tokens.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

class QComboBox;
class QLabel;

namespace qvlm::studio {

class FlowLayout;
class Theme;

class SeenStrip : public QWidget {
  Q_OBJECT
 public:
  explicit SeenStrip(const Theme& theme, QWidget* parent = nullptr);
  /// Pictures of the question that is being written, or of the one that was answered last, through the eyes of `model`. `tokens`: what each one
  /// takes, where that is known; 0: not yet.
  void show_pictures(const QStringList& pictures, const QString& model, int tokens);
  /// "crop", "pad", or empty: as the model has it.
  QString fit() const;
  QComboBox* fits() { return fits_; }
  QString text() const;
  /// The pixels of a picture as they were computed last; null while they are not.
  QImage seen(int picture) const;

 Q_SIGNALS:
  void fit_changed();

 private:
  void reload();
  const Theme& theme_;
  QStringList pictures_;
  QString model_;
  int tokens_ = 0;
  int round_ = 0;  // an older reading that comes late is dropped
  struct Entry {
    QLabel *picture, *words;
    QImage image;
  };
  std::vector<Entry> entries_;
  FlowLayout* row_;
  QComboBox* fits_;
};

}  // namespace qvlm::studio
