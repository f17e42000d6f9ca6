// The small colour scale beside the ribbon: lowest and highest entropy.
#pragma once

#include <QWidget>

namespace qvlm::studio {

class Theme;

class ScaleBar : public QWidget {
  Q_OBJECT
 public:
  explicit ScaleBar(const Theme& theme, QWidget* parent = nullptr);
  void set_range(double low, double high, bool measured);
  QSize sizeHint() const override { return {190, 16}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  const Theme& theme_;
  double low_ = 0, high_ = 1;
  bool measured_ = false;
};

}  // namespace qvlm::studio
