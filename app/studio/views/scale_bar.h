// The small colour scale beside the ribbon: the lowest and highest value of what it is coloured by.
#pragma once

#include <QString>
#include <QWidget>

namespace qvlm::studio {

class Theme;

class ScaleBar : public QWidget {
  Q_OBJECT
 public:
  explicit ScaleBar(const Theme& theme, QWidget* parent = nullptr);
  /// As people read them; empty: not known yet, and `absent` is shown.
  void set_range(const QString& low, const QString& high, const QString& absent);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  const Theme& theme_;
  QString low_, high_, absent_;
};

}  // namespace qvlm::studio
