// The block ribbon: every activation site in order, coloured by entropy, with the blocks' borders as handles.
#pragma once

#include <QWidget>
#include <optional>

#include "app/studio/views/saved_view.h"

class QMenu;
class QScrollArea;

namespace qvlm::studio {

class RibbonModel;
class Theme;

/// Mouse: click selects, a border is dragged; double click splits behind a site; the wheel pans, with Ctrl it zooms about the mouse; the middle
/// button drags the view. Keys: arrows, Home, End select; Page Up and Page Down go a page on; Ctrl + arrows move the block's right border,
/// Ctrl + Shift + arrows its left one; S splits, M merges, L locks, B gives bits; + and - zoom, 0 shows everything. The context menu has the
/// edits. Inside a QScrollArea the ribbon moves its scroll bar.
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
  /// "site,layer,kind,block,locked,bits,entropy,dependency,error"
  QString table() const override;
  /// 1: everything fits; up to cells of kMostCell pixels. `anchor`: the place in widget coordinates that stays under the eye; none: the
  /// selected site's.
  void set_zoom(double zoom, std::optional<int> anchor = {});
  double zoom() const;
  void pan(int pixels);
  /// A menu of the bits that the selected block may have.
  void offer_bits(const QPoint& global);

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
  void changeEvent(QEvent* event) override;

 private:
  void measure();
  int cell_top() const;
  int mark_top() const;
  double cell_width() const;
  int site_at(int x) const;                                 // nearest
  std::optional<int> border_at(const QPoint& point) const;  // block left of the border
  void paint_block(QPainter& painter, int block) const;
  void paint_scale(QPainter& painter) const;
  void paint_handles(QPainter& painter) const;
  void announce();
  void fill_bits_menu(QMenu& menu);
  QScrollArea* area() const;
  int visible_width() const;
  void show_site(int site);

  RibbonModel& model_;
  const Theme& theme_;
  int scale_height_ = 0;  // of the layer numbers above the cells
  double zoom_ = 0;  // 0: not chosen; cells are at least kMinCell wide then
  std::optional<QPoint> panned_from_;
  std::optional<int> dragged_, hovered_;
};

}  // namespace qvlm::studio
