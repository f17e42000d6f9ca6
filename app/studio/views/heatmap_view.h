// Entropy of every calibration sample at every site, as a picture: sites across, samples down.
#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "app/studio/views/saved_view.h"

namespace qvlm::studio {

class Theme;

class HeatmapView : public QWidget, public SavedView {
  Q_OBJECT
 public:
  explicit HeatmapView(const Theme& theme, QWidget* parent = nullptr);

  /// values[site][sample]; an empty inner list: not measured yet. `samples`: rows.
  void set_values(const std::vector<std::vector<float>>& values, int samples);
  /// `first` to `last`: the block that holds `site`.
  void set_selected_site(int site, int first, int last);
  QSize picture_size() const override { return size().expandedTo({480, 300}); }
  void draw_on(QPaintDevice& device, const QSize& size) override;
  /// "site,sample,entropy"
  QString table() const override;
  QSize minimumSizeHint() const override;
  /// The site and sample under a point; -1 outside.
  std::pair<int, int> cell_at(const QPoint& point) const;

 Q_SIGNALS:
  void site_clicked(int site);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  QRect map_rect() const { return map_rect(size()); }
  QRect map_rect(const QSize& size) const;
  void paint(QPainter& painter, const QSize& size, bool selection) const;

  const Theme& theme_;
  std::vector<std::vector<float>> values_;
  int samples_ = 0, selected_ = 0, first_ = 0, last_ = 0;
  float low_ = 0, high_ = 1;
  QImage image_;  // one pixel a cell
};

}  // namespace qvlm::studio
