// How mouse, wheel, keys and menu edit the ribbon (RibbonView's event handlers).
#include <QContextMenuEvent>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/views/ribbon_view.h"

namespace qvlm::studio {

void RibbonView::mousePressEvent(QMouseEvent* event) {
  if (event->button() == Qt::MiddleButton) {
    panned_from_ = event->globalPosition().toPoint();
    setCursor(Qt::ClosedHandCursor);
    return;
  }
  if (event->button() != Qt::LeftButton || model_.sites() == 0) return QWidget::mousePressEvent(event);
  setFocus(Qt::MouseFocusReason);
  if (const auto border = border_at(event->pos())) {
    dragged_ = border;
    model_.begin_drag();
    update();
    return;
  }
  model_.select(site_at(event->pos().x()));
}

void RibbonView::mouseMoveEvent(QMouseEvent* event) {
  if (panned_from_) {
    const QPoint here = event->globalPosition().toPoint();
    pan(panned_from_->x() - here.x());
    panned_from_ = here;
    return;
  }
  if (dragged_) {
    // The border goes to the cell edge nearest to the mouse, as far as is legal.
    const double cell = cell_width();
    const int edge = static_cast<int>(std::lround((event->pos().x() - site_rect(0).left()) / std::max(cell, 1e-6)));
    const auto [low, high] = model_.border_range(*dragged_);
    const int last = std::clamp(edge - 1, low, high);
    model_.drag_border(*dragged_, last);
    QToolTip::showText(event->globalPosition().toPoint(),
                       low == high ? tr("This border cannot move: blocks have 1 to 3 sites, and locked ones stay")
                                   : tr("Block %1 ends at site %2").arg(*dragged_ + 1).arg(last) + QLatin1Char('\n') +
                                         model_.forecast_text().replace(QStringLiteral("  ·  "), QStringLiteral("\n")),
                       this);
    return;
  }
  const auto border = model_.sites() > 0 ? border_at(event->pos()) : std::nullopt;
  if (border != hovered_) {
    hovered_ = border;
    setCursor(border ? Qt::SplitHCursor : Qt::ArrowCursor);
    update();
  }
}

void RibbonView::mouseReleaseEvent(QMouseEvent* event) {
  if (event->button() == Qt::MiddleButton && panned_from_) {
    panned_from_.reset();
    setCursor(Qt::ArrowCursor);
    return;
  }
  if (event->button() != Qt::LeftButton || !dragged_) return QWidget::mouseReleaseEvent(event);
  dragged_.reset();
  QToolTip::hideText();
  model_.end_drag(true);
  update();
}

void RibbonView::mouseDoubleClickEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || model_.sites() == 0) return;
  if (const auto border = border_at(event->pos())) {
    model_.merge_with_next(*border);
  } else {
    model_.split_after(site_at(event->pos().x()));
  }
}

void RibbonView::wheelEvent(QWheelEvent* event) {
  const QPoint delta = event->angleDelta();
  if (event->modifiers() & Qt::ControlModifier) {
    set_zoom(zoom() * std::pow(1.2, delta.y() / 120.0), event->position().toPoint().x());
  } else {
    pan(-(delta.y() + delta.x()) / 2);
  }
  event->accept();
}

void RibbonView::keyPressEvent(QKeyEvent* event) {
  if (model_.sites() == 0) return QWidget::keyPressEvent(event);
  const bool control = event->modifiers() & Qt::ControlModifier;
  const bool shift = event->modifiers() & Qt::ShiftModifier;
  const int block = model_.selected_block();
  const auto& blocks = model_.partition().blocks;
  switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right: {
      const int step = event->key() == Qt::Key_Left ? -1 : 1;
      if (!control) {
        model_.select(model_.selected_site() + step);
      } else {
        const int border = shift ? block - 1 : block;
        if (border >= 0 && border + 1 < static_cast<int>(blocks.size())) {
          model_.move_border(border, blocks[static_cast<size_t>(border)].last + step);
        }
      }
      return;
    }
    case Qt::Key_Home:
      model_.select(0);
      return;
    case Qt::Key_End:
      model_.select(model_.sites() - 1);
      return;
    case Qt::Key_S:
      model_.split_after(model_.selected_site());
      return;
    case Qt::Key_M:
      model_.merge_with_next(block);
      return;
    case Qt::Key_L:
      model_.set_locked(block, !blocks[static_cast<size_t>(block)].locked);
      return;
    case Qt::Key_B:
      offer_bits(mapToGlobal(site_rect(model_.selected_site()).center()));
      return;
    case Qt::Key_PageUp:
    case Qt::Key_PageDown: {
      const int page = std::max(1, static_cast<int>(visible_width() / std::max(1.0, cell_width())));
      model_.select(model_.selected_site() + (event->key() == Qt::Key_PageUp ? -page : page));
      return;
    }
    case Qt::Key_Plus:
    case Qt::Key_Equal:
      set_zoom(zoom() * 1.2);
      return;
    case Qt::Key_Minus:
      set_zoom(zoom() / 1.2);
      return;
    case Qt::Key_0:
      set_zoom(1);
      return;
    case Qt::Key_Escape:
      if (dragged_) {
        dragged_.reset();
        model_.end_drag(false);
        return;
      }
      break;
    default:
      break;
  }
  QWidget::keyPressEvent(event);
}

void RibbonView::contextMenuEvent(QContextMenuEvent* event) {
  if (model_.sites() == 0) return;
  if (event->reason() == QContextMenuEvent::Mouse) model_.select(site_at(event->pos().x()));
  const int site = model_.selected_site();
  const int block = model_.selected_block();
  const Block here = model_.partition().blocks[static_cast<size_t>(block)];
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->setAccessibleName(tr("Block"));
  Partition trial = model_.partition();
  QAction* split = menu->addAction(tr("Split behind this site\tS"), this, [this, site] { model_.split_after(site); });
  split->setEnabled(trial.split_after(site));
  trial = model_.partition();
  QAction* merge =
      menu->addAction(tr("Merge with the next block\tM"), this, [this, block] { model_.merge_with_next(block); });
  merge->setEnabled(trial.merge_with_next(block));
  menu->addAction(here.locked ? tr("Unlock\tL") : tr("Lock\tL"), this,
                  [this, block, here] { model_.set_locked(block, !here.locked); });
  QMenu* bits = menu->addMenu(tr("Bits of its weights"));
  fill_bits_menu(*bits);
  menu->addSeparator();
  QAction* undo = menu->addAction(tr("Undo\tCtrl+Z"), &model_.undo_stack(), &QUndoStack::undo);
  undo->setEnabled(model_.undo_stack().canUndo());
  QAction* redo = menu->addAction(tr("Redo\tCtrl+Shift+Z"), &model_.undo_stack(), &QUndoStack::redo);
  redo->setEnabled(model_.undo_stack().canRedo());
  menu->popup(event->reason() == QContextMenuEvent::Mouse ? event->globalPos() : mapToGlobal(site_rect(site).center()));
}

void RibbonView::fill_bits_menu(QMenu& menu) {
  const int block = model_.selected_block();
  const int now = model_.partition().blocks[static_cast<size_t>(block)].bits;
  for (const int bits : {0, 2, 3, 4, 5, 6, 8}) {
    QAction* action = menu.addAction(bits == 0 ? tr("As the recipe says") : tr("&%1 bits").arg(bits), this,
                                     [this, block, bits] { model_.set_bits(block, bits); });
    action->setCheckable(true);
    action->setChecked(bits == now);
  }
}

void RibbonView::offer_bits(const QPoint& global) {
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  menu->setAccessibleName(tr("Bits of the block's weights"));
  fill_bits_menu(*menu);
  menu->popup(global);
}

void RibbonView::leaveEvent(QEvent* event) {
  hovered_.reset();
  update();
  QWidget::leaveEvent(event);
}

void RibbonView::focusInEvent(QFocusEvent* event) {
  update();
  announce();
  QWidget::focusInEvent(event);
}

void RibbonView::focusOutEvent(QFocusEvent* event) {
  update();
  QWidget::focusOutEvent(event);
}

bool RibbonView::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip && model_.sites() > 0) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const int site = site_at(help->pos().x());
    const QString text = border_at(help->pos()) ? tr("Drag to move the border; double click to merge the two blocks")
                                                : model_.describe_site(site) + QLatin1String("\n\n") +
                                                      model_.describe_block(model_.block_of(site));
    QToolTip::showText(help->globalPos(), text, this);
    return true;
  }
  return QWidget::event(event);
}

}  // namespace qvlm::studio
