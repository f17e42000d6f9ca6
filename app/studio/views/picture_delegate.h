// Thumbnails in a table, read when they come into view.
#pragma once

#include <QHash>
#include <QPixmap>
#include <QStyledItemDelegate>

class QAbstractItemView;

namespace qvlm::studio {

/// Draws the pictures of a row side by side; `role` gives their paths as a QStringList.
class PictureDelegate : public QStyledItemDelegate {
  Q_OBJECT
 public:
  PictureDelegate(int role, QAbstractItemView* view);
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  /// Of the pictures that were read and not thrown away since.
  int known() const { return static_cast<int>(pixmaps_.size()); }

 private:
  int role_;
  QAbstractItemView* view_;
  mutable QHash<QString, QPixmap> pixmaps_;  // null: being read, or no picture
};

}  // namespace qvlm::studio
