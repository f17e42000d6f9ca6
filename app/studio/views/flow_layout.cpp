// Rows are filled greedily, in the order of the items: Tab and reading go the same way.
#include "app/studio/views/flow_layout.h"

#include <QWidget>
#include <algorithm>
#include <numeric>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

namespace {

bool grows(const QLayoutItem& item) { return item.expandingDirections() & Qt::Vertical; }

/// Pixels; of what can grow, the least.
int height_at(const QLayoutItem& item, int width) {
  const int least = item.minimumSize().height();
  if (item.hasHeightForWidth()) return std::max(least, item.heightForWidth(width));
  return grows(item) ? least : std::max(least, item.sizeHint().height());
}

}  // namespace

FlowLayout::FlowLayout(QWidget* parent) : QLayout(parent) {
  setContentsMargins(0, 0, 0, 0);
  setSpacing(kUnit);
}

FlowLayout::~FlowLayout() {
  while (QLayoutItem* item = takeAt(0)) delete item;  // a layout among them would take itself out
}

void FlowLayout::add(QWidget* widget, int stretch, int lines) {
  addWidget(widget);
  items_.back().stretch = stretch;
  items_.back().lines = lines;
}

void FlowLayout::add(QLayout* layout, int stretch, int lines) {
  addChildLayout(layout);
  items_.push_back({layout, stretch, lines});
  invalidate();
}

void FlowLayout::add_row(QWidget* widget) {
  add(widget, 1);
  items_.back().alone = true;
}

void FlowLayout::set_columns(int most, int lines) {
  most_ = most;
  lines_ = lines;
  invalidate();
}

void FlowLayout::addItem(QLayoutItem* item) {
  items_.push_back({item});
  invalidate();
}

QLayoutItem* FlowLayout::itemAt(int index) const {
  return index >= 0 && index < count() ? items_[static_cast<size_t>(index)].item : nullptr;
}

QLayoutItem* FlowLayout::takeAt(int index) {
  QLayoutItem* item = itemAt(index);
  if (item != nullptr) items_.erase(items_.begin() + index);
  invalidate();
  return item;
}

Qt::Orientations FlowLayout::expandingDirections() const {
  const bool any = std::any_of(items_.begin(), items_.end(), [](const Item& item) { return grows(*item.item); });
  return any ? Qt::Horizontal | Qt::Vertical : Qt::Orientations(Qt::Horizontal);
}

int FlowLayout::line_height() const { return parentWidget() != nullptr ? parentWidget()->fontMetrics().lineSpacing() : 16; }

int FlowLayout::wanted(const Item& item) const {
  const int lines = most_ > 0 && item.lines == 0 ? lines_ : item.lines;
  if (lines > 0) return std::max(item.item->minimumSize().width(), lines * line_height());
  return item.stretch > 0 || most_ > 0 ? item.item->minimumSize().width() : item.item->sizeHint().width();
}

std::vector<FlowLayout::Row> FlowLayout::rows(int width) const {
  std::vector<Row> rows;
  int used = 0, widest = 0;
  bool closed = true;
  for (const Item& item : items_) {
    if (item.item->isEmpty()) continue;  // hidden
    const int here = wanted(item);
    const int beside = rows.empty() ? 0 : static_cast<int>(rows.back().items.size());
    const int room = most_ > 0 ? (beside + 1) * std::max(widest, here) + beside * spacing() : used + spacing() + here;
    if (closed || item.alone || room > width || (most_ > 0 && beside >= most_)) {
      rows.emplace_back();
      used = here;
      widest = here;
    } else {
      used += spacing() + here;
      widest = std::max(widest, here);
    }
    rows.back().items.push_back(&item);
    closed = item.alone;
  }
  for (Row& row : rows) measure(row, width);
  return rows;
}

void FlowLayout::measure(Row& row, int width) const {
  const int count = static_cast<int>(row.items.size());
  int left = width - (count - 1) * spacing(), stretches = 0;
  for (const Item* item : row.items) {
    row.widths.push_back(most_ > 0 ? left / count : std::min(wanted(*item), left));
    stretches += item->stretch;
  }
  if (most_ == 0 && stretches > 0) {
    left -= std::accumulate(row.widths.begin(), row.widths.end(), 0);
    for (size_t i = 0; i < row.items.size(); ++i) row.widths[i] += std::max(0, left) * row.items[i]->stretch / stretches;
  }
  if (count == 1 && row.items.front()->lines > 0) row.widths.front() = width;
  for (size_t i = 0; i < row.items.size(); ++i) {
    row.height = std::max(row.height, height_at(*row.items[i]->item, row.widths[i]));
    row.grows |= grows(*row.items[i]->item);
  }
}

int FlowLayout::heightForWidth(int width) const {
  const QMargins margins = contentsMargins();
  int height = margins.top() + margins.bottom();
  const std::vector<Row> all = rows(width - margins.left() - margins.right());
  for (const Row& row : all) height += row.height;
  return height + spacing() * std::max(0, static_cast<int>(all.size()) - 1);
}

QSize FlowLayout::minimumSize() const {
  const QMargins margins = contentsMargins();
  QSize least(0, 0);
  for (const Item& item : items_) {
    if (!item.item->isEmpty()) least = least.expandedTo(item.item->minimumSize());
  }
  return least.grownBy(margins);
}

QSize FlowLayout::sizeHint() const {
  const QMargins margins = contentsMargins();
  int width = 0;
  for (const Item& item : items_) {
    if (!item.item->isEmpty()) width += (width > 0 ? spacing() : 0) + std::max(wanted(item), item.alone ? 0 : item.item->sizeHint().width());
  }
  width += margins.left() + margins.right();
  return {width, heightForWidth(width)};
}

void FlowLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  const QRect inside = rect.marginsRemoved(contentsMargins());
  std::vector<Row> all = rows(inside.width());
  int left = inside.height() - spacing() * std::max(0, static_cast<int>(all.size()) - 1), growing = 0;
  for (const Row& row : all) {
    left -= row.height;
    growing += row.grows ? 1 : 0;
  }
  int y = inside.top();
  for (const Row& row : all) {
    const int height = row.height + (row.grows ? std::max(0, left) / growing : 0);
    int x = inside.left();
    for (size_t i = 0; i < row.items.size(); ++i) {
      row.items[i]->item->setGeometry(QRect(x, y, row.widths[i], height));
      x += row.widths[i] + spacing();
    }
    y += height + spacing();
  }
}

}  // namespace qvlm::studio
