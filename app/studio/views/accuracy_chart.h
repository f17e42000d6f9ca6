// Accuracy by category as bars, with 95 % intervals.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

#include "core/evaluation/evaluation_events.h"

namespace qvlm::studio {

class Theme;

class AccuracyChart : public QWidget {
  Q_OBJECT
 public:
  struct Bar {
    QString name;
    Accuracy accuracy;
  };

  explicit AccuracyChart(const Theme& theme, QWidget* parent = nullptr);
  void set_bars(std::vector<Bar> bars);
  const std::vector<Bar>& bars() const { return bars_; }
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {220, 120}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  const Theme& theme_;
  std::vector<Bar> bars_;
};

}  // namespace qvlm::studio
