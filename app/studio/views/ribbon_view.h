// The block ribbon: every activation site in order, coloured by entropy, with the blocks' borders as handles.
#pragma once

#include <QWidget>
#include <optional>

#include "app/studio/views/saved_view.h"

namespace qvlm::studio {

class RibbonModel;
class Theme;

/// Mouse: click selects, a border is dragged; double click splits behind a site; Ctrl + wheel zooms. Keys: arrows,
/// Home, End select; Ctrl + arrows move the block's right border, Ctrl + Shift + arrows its left one; S splits, M
/// merges, L locks. The context menu has all of it.
class RibbonView : public QWidget, public SavedView {
  Q_OBJECT
 public:
  /// Both outlive the view.
  RibbonView(RibbonModel& model, const Theme& theme, QWidget* parent = nullptr);

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
  RibbonModel& model() { return model_; }

  /// In widget coordinates: for tests, accessibility and tool tips.
  QRect site_rect(int site) const;
  QRect block_rect(int block) const;
  QPoint border_point(int block) const;  // the handle between block and block + 1
  QSize picture_size() const override { return size(); }
  void draw_on(QPaintDevice& device, const QSize& size) override;
  /// "site,layer,kind,block,locked,entropy,dependency"
  QString table() const override;
  void set_zoom(double zoom);  // 1: everything fits
  double zoom() const { return zoom_; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  bool event(QEvent* event) override;

 private:
  double cell_width() const;
  int site_at(int x) const;                                 // nearest
  std::optional<int> border_at(const QPoint& point) const;  // block left of the border
  void paint_block(QPainter& painter, int block) const;
  void paint_scale(QPainter& painter) const;
  void paint_handles(QPainter& painter) const;
  void announce();

  RibbonModel& model_;
  const Theme& theme_;
  double zoom_ = 1;
  std::optional<int> dragged_, hovered_;
};

}  // namespace qvlm::studio
