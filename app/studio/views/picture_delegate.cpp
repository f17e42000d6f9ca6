// A cache by path; it is emptied when it has grown large.
#include "app/studio/views/picture_delegate.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QPainter>

#include "app/studio/views/picture_loader.h"

namespace qvlm::studio {

namespace {

constexpr int kGap = 4, kMostKept = 2000;

}  // namespace

PictureDelegate::PictureDelegate(int role, QAbstractItemView* view) : QStyledItemDelegate(view), role_(role), view_(view) {}

void PictureDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem ground(option);
  initStyleOption(&ground, index);
  QApplication::style()->drawControl(QStyle::CE_ItemViewItem, &ground, painter, view_);
  const qreal ratio = view_->devicePixelRatioF();
  const int height = option.rect.height() - 2 * kGap;
  int left = option.rect.left() + kGap;
  for (const QString& path : index.data(role_).toStringList()) {
    if (!pixmaps_.contains(path)) {
      if (pixmaps_.size() > kMostKept) pixmaps_.clear();
      pixmaps_.insert(path, {});
      load_picture(path, QSize(int(2 * height * ratio), int(height * ratio)), view_, [this, path, ratio](const LoadedPicture& loaded) {
        if (loaded.image.isNull()) return;
        QPixmap pixmap = QPixmap::fromImage(loaded.image);
        pixmap.setDevicePixelRatio(ratio);
        pixmaps_.insert(path, pixmap);
        view_->viewport()->update();
      });
    }
    const QPixmap& pixmap = pixmaps_[path];
    if (pixmap.isNull()) continue;
    const QSize size = pixmap.deviceIndependentSize().toSize().scaled(2 * height, height, Qt::KeepAspectRatio);
    if (left + size.width() > option.rect.right()) break;
    painter->drawPixmap(QRect(QPoint(left, option.rect.top() + kGap), size), pixmap);
    left += size.width() + kGap;
  }
}

}  // namespace qvlm::studio
