// The small colour scale beside the ribbon: lowest and highest entropy.
#pragma once

#include <QFont>
#include <QWidget>

namespace qvlm::studio {

class Theme;

class ScaleBar : public QWidget {
  Q_OBJECT
 public:
  explicit ScaleBar(const Theme& theme, QWidget* parent = nullptr);
  void set_range(double low, double high, bool measured);
  QSize sizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QFont small_font() const;
  QString low_text() const { return tr("entropy %1").arg(low_, 0, 'f', 2); }

  const Theme& theme_;
  double low_ = 0, high_ = 1;
  bool measured_ = false;
};

}  // namespace qvlm::studio
