// Geometry and painting of the ribbon; the edits themselves are RibbonModel's.
#include "app/studio/views/ribbon_view.h"

#include <QAccessible>
#include <QPainter>
#include <QPainterPath>
#include <QScrollArea>
#include <QScrollBar>
#include <algorithm>
#include <cmath>

#include "app/studio/models/ribbon_model.h"
#include "app/studio/style/colormap.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/ribbon_accessible.h"
#include "app/studio/views/widgets.h"
#include "core/model/sites.h"

namespace qvlm::studio {

namespace {

constexpr int kMargin = 8;
constexpr int kCellHeight = 56;
constexpr int kBlockGap = 5;  // between blocks, where the handle stands
constexpr int kHandleReach = 5;
constexpr double kMinCell = 9, kMostCell = 72;

}  // namespace

RibbonView::RibbonView(RibbonModel& model, const Theme& theme, QWidget* parent)
    : QWidget(parent), model_(model), theme_(theme) {
  install_ribbon_accessibility();
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setAccessibleName(tr("Block ribbon"));
  setAccessibleDescription(
      tr("Activation sites in order, in blocks. Arrow keys select a site, S splits the block behind it, M merges with "
         "the next block, "
         "L locks, B gives bits, Control with arrows moves the block's border, plus, minus and zero zoom."));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  measure();
  connect(&model_, &RibbonModel::changed, this, [this] {
    // A new partition of the run ends a drag of the old one's border.
    if (dragged_ && !model_.dragging()) dragged_.reset();
    hovered_.reset();
    updateGeometry();
    update();
  });
  connect(&model_, &RibbonModel::selection_changed, this, [this](int site) {
    show_site(site);
    announce();
  });
  connect(&theme_, &Theme::changed, this, qOverload<>(&QWidget::update));
}

void RibbonView::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) measure();
}

void RibbonView::measure() {
  scale_height_ = std::max(20, QFontMetrics(small_font(*this)).height() + 6);
  updateGeometry();
}

int RibbonView::cell_top() const { return scale_height_ + 6; }
int RibbonView::mark_top() const { return cell_top() + kCellHeight + 7; }

QSize RibbonView::sizeHint() const {
  return minimumSizeHint();
}

QSize RibbonView::minimumSizeHint() const {
  const int wanted = zoom_ > 0 ? static_cast<int>(std::lround(visible_width() * zoom_))
                               : 2 * kMargin + static_cast<int>(std::ceil(model_.sites() * kMinCell));
  return {std::max(zoom_ > 0 ? 1 : 320, wanted), mark_top() + 8};
}

QScrollArea* RibbonView::area() const {
  return parentWidget() != nullptr ? qobject_cast<QScrollArea*>(parentWidget()->parentWidget()) : nullptr;
}

int RibbonView::visible_width() const {
  return area() != nullptr ? area()->viewport()->width() : width();
}

double RibbonView::zoom() const {
  return zoom_ > 0 ? zoom_ : std::max(1.0, double(width()) / std::max(1, visible_width()));
}

void RibbonView::set_zoom(double zoom, std::optional<int> anchor) {
  const double most = std::max(1.0, (model_.sites() * kMostCell + 2 * kMargin) / std::max(1, visible_width()));
  const int from = anchor.value_or(site_rect(model_.selected_site()).center().x());
  const double place = double(from - kMargin) / std::max(1, width() - 2 * kMargin);
  zoom_ = std::clamp(zoom, 1.0, most);
  updateGeometry();
  update();
  QScrollArea* scroll = area();
  if (scroll == nullptr) return;
  const int seen = from - scroll->horizontalScrollBar()->value();
  resize(std::max(visible_width(), minimumSizeHint().width()), height());
  scroll->horizontalScrollBar()->setValue(kMargin + static_cast<int>(std::lround(place * (width() - 2 * kMargin))) - seen);
}

void RibbonView::pan(int pixels) {
  if (QScrollArea* scroll = area()) scroll->horizontalScrollBar()->setValue(scroll->horizontalScrollBar()->value() + pixels);
}

void RibbonView::show_site(int site) {
  if (QScrollArea* scroll = area()) scroll->ensureVisible(site_rect(site).center().x(), cell_top(), 48, 0);
}

double RibbonView::cell_width() const {
  return model_.sites() > 0 ? double(width() - 2 * kMargin) / model_.sites() : 0;
}

QRect RibbonView::site_rect(int site) const {
  const double w = cell_width();
  const int left = kMargin + static_cast<int>(std::lround(site * w));
  const int right = kMargin + static_cast<int>(std::lround((site + 1) * w));
  return {left, cell_top(), right - left, kCellHeight};
}

QRect RibbonView::block_rect(int block) const {
  const Block& here = model_.partition().blocks.at(static_cast<size_t>(block));
  const QRect whole = site_rect(here.first).united(site_rect(here.last));
  const int gap = cell_width() > 14 ? kBlockGap : 3;
  return whole.adjusted(here.first == 0 ? 0 : gap / 2 + 1, 0, here.last + 1 == model_.sites() ? 0 : -gap / 2, 0);
}

QPoint RibbonView::border_point(int block) const {
  const Block& here = model_.partition().blocks.at(static_cast<size_t>(block));
  return {site_rect(here.last + 1).left(), cell_top() + kCellHeight / 2};
}

int RibbonView::site_at(int x) const {
  const double w = cell_width();
  return w <= 0 ? 0 : std::clamp(static_cast<int>(std::floor((x - kMargin) / w)), 0, model_.sites() - 1);
}

std::optional<int> RibbonView::border_at(const QPoint& point) const {
  if (point.y() < cell_top() - 8 || point.y() > mark_top()) return std::nullopt;
  const int reach = std::min(kHandleReach, std::max(2, static_cast<int>(cell_width() / 3)));
  const auto& blocks = model_.partition().blocks;
  for (size_t b = 0; b + 1 < blocks.size(); ++b) {
    if (std::abs(border_point(static_cast<int>(b)).x() - point.x()) <= reach) return static_cast<int>(b);
  }
  return std::nullopt;
}

void RibbonView::paint_scale(QPainter& painter) const {
  const Palette& p = theme_.colors();
  painter.setFont(small_font(*this));
  painter.setPen(p.muted);
  const double layer_width = cell_width() * kSitesPerLayer;
  // Every so many layers that the numbers do not touch.
  const int step = std::max(
      1, static_cast<int>(std::ceil(painter.fontMetrics().horizontalAdvance(QStringLiteral("0000")) / layer_width)));
  const bool words = layer_width > painter.fontMetrics().horizontalAdvance(tr("Layer %1").arg(88)) + 8;
  for (int layer = 0; layer * kSitesPerLayer < model_.sites(); ++layer) {
    const int left = kMargin + static_cast<int>(std::lround(layer * layer_width));
    painter.fillRect(QRect(left, 2, 1, scale_height_ - 4), p.border);
    if (layer % step != 0) continue;
    painter.drawText(QRect(left + 5, 0, static_cast<int>(layer_width * step) - 6, scale_height_),
                     Qt::AlignLeft | Qt::AlignVCenter, words ? tr("Layer %1").arg(layer) : QString::number(layer));
  }
}

void RibbonView::paint_block(QPainter& painter, int block) const {
  const Palette& p = theme_.colors();
  const Block& here = model_.partition().blocks[static_cast<size_t>(block)];
  const QRect rect = block_rect(block);
  QPainterPath shape;
  shape.addRoundedRect(rect, 5, 5);
  painter.save();
  painter.setClipPath(shape, Qt::IntersectClip);
  for (int site = here.first; site <= here.last; ++site) {
    const QRect cell = site_rect(site);
    const double shade = model_.shade(site);
    const QColor ground = std::isnan(shade) ? p.raised : viridis(shade);
    painter.fillRect(cell, ground);
    if (site > here.first)
      painter.fillRect(QRect(cell.left(), cell.top() + 4, 1, cell.height() - 8), QColor(255, 255, 255, 70));
    if (cell.width() < 30) continue;
    const std::string_view kind = short_name_of(Site::at(site).kind);
    const QString name = QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size()));
    painter.setFont(small_font(*this, 0.75));
    if (painter.fontMetrics().horizontalAdvance(name) + 6 > cell.width()) continue;
    painter.setPen(std::isnan(shade) ? p.muted : ink_on(ground));
    painter.drawText(cell, Qt::AlignCenter, name);
  }
  painter.restore();
  // The mark under a block says how far its search is.
  const QRect mark(rect.left() + 1, mark_top(), rect.width() - 2, 4);
  QColor color;
  switch (model_.mark(block)) {
    case BlockMark::SEARCHED:
      color = p.series_c;
      break;
    case BlockMark::SEARCHING:
      color = p.accent;
      break;
    case BlockMark::EDITED:
      color = p.series_b;
      break;
    case BlockMark::AFFECTED:
      color = p.series_b;
      color.setAlpha(110);
      break;
    case BlockMark::REUSED:
      color = p.series_c;
      color.setAlpha(120);
      break;
    case BlockMark::NONE:
      color = p.raised;
      break;
  }
  painter.setPen(Qt::NoPen);
  painter.setBrush(color);
  painter.drawRoundedRect(mark, 2, 2);
  if (here.bits != 0 && rect.width() >= 14) {
    QFont small = small_font(*this, 0.75);
    small.setBold(true);
    painter.setFont(small);
    const int high = painter.fontMetrics().height();
    const QRect corner(rect.center().x() - (high + 2) / 2, rect.top() + 3, high + 2, high);
    painter.setPen(Qt::NoPen);
    painter.setBrush(p.surface);
    painter.drawRoundedRect(corner, 4, 4);
    painter.setPen(p.text);
    painter.drawText(corner, Qt::AlignCenter, QString::number(here.bits));
  }
  painter.setPen(Qt::NoPen);
  if (here.locked) {
    const QRect corner(rect.center().x() - 8, rect.bottom() - 18, 16, 16);
    painter.setBrush(p.surface);
    painter.drawEllipse(corner);
    painter.drawPixmap(corner.adjusted(2, 2, -2, -2), icon_pixmap(QStringLiteral("lock"), p.text, 12));
  }
}

void RibbonView::paint_handles(QPainter& painter) const {
  const Palette& p = theme_.colors();
  const auto& blocks = model_.partition().blocks;
  painter.setPen(Qt::NoPen);
  for (size_t b = 0; b + 1 < blocks.size(); ++b) {
    const int block = static_cast<int>(b);
    const bool active = dragged_ == block || (!dragged_ && hovered_ == block);
    if (!active && cell_width() < 12) continue;
    const QPoint at = border_point(block);
    painter.setBrush(active ? p.accent_ink : p.border);
    if (active) {
      painter.drawRoundedRect(QRect(at.x() - 2, cell_top() - 5, 4, kCellHeight + 10), 2, 2);
    } else {
      painter.drawRoundedRect(QRect(at.x() - 1, cell_top() + 8, 2, kCellHeight - 16), 1, 1);
    }
  }
  if (dragged_) {
    // Where the border may go.
    const auto [low, high] = model_.border_range(*dragged_);
    painter.setBrush(p.accent_ink);
    for (int last = low; last <= high; ++last) {
      const int x = site_rect(last + 1).left();
      painter.drawEllipse(QPoint(x, cell_top() - 4), 3, 3);
    }
  }
}

void RibbonView::draw_on(QPaintDevice& device, const QSize&) {
  QPainter painter(&device);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_scale(painter);
  for (int block = 0; block < static_cast<int>(model_.partition().blocks.size()); ++block) paint_block(painter, block);
}

QString RibbonView::table() const {
  QString text = QStringLiteral("site,layer,kind,block,locked,bits,entropy,dependency,error\n");
  for (int site = 0; site < model_.sites(); ++site) {
    const Site at = Site::at(site);
    const std::string_view kind = short_name_of(at.kind);
    const int block = model_.block_of(site);
    const BlockSearched* found = model_.result(block);
    text += QStringLiteral("%1,%2,%3,%4,%5,%6,%7,%8,%9\n")
                .arg(site)
                .arg(at.layer)
                .arg(QString::fromUtf8(kind.data(), static_cast<qsizetype>(kind.size())))
                .arg(block + 1)
                .arg(model_.partition().blocks[static_cast<size_t>(block)].locked ? 1 : 0)
                .arg(model_.bits(block))
                .arg(csv_number(model_.entropy(site)), csv_number(model_.dependency(site)), found != nullptr ? csv_number(found->joint_error) : QString());
  }
  return text;
}

void RibbonView::paintEvent(QPaintEvent* event) {
  const Palette& p = theme_.colors();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  if (model_.sites() == 0) {
    painter.setPen(p.muted);
    painter.drawText(rect(), Qt::AlignCenter, tr("The sites of the model appear here once it is open."));
    return;
  }
  paint_scale(painter);
  // Zoomed in, most of the ribbon is out of sight.
  const int first = model_.block_of(site_at(event->rect().left() - kBlockGap)), last = model_.block_of(site_at(event->rect().right() + kBlockGap));
  for (int block = first; block <= last; ++block) paint_block(painter, block);
  paint_handles(painter);
  const QRect selected = site_rect(model_.selected_site());
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(hasFocus() ? p.accent_ink : p.text, hasFocus() ? 3 : 2));
  painter.drawRoundedRect(selected.adjusted(0, -2, 0, 2), 5, 5);
}

void RibbonView::announce() {
  QAccessibleEvent focus(this, QAccessible::Focus);
  focus.setChild(model_.selected_block());
  QAccessible::updateAccessibility(&focus);
}

}  // namespace qvlm::studio
