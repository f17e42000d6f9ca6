// The page is resized by hand, whenever its layout or the area asks for it.
#include "app/studio/views/page_area.h"

#include <QEvent>
#include <QLayout>
#include <algorithm>

namespace qvlm::studio {

PageArea::PageArea(QWidget* page, QWidget* parent) : QScrollArea(parent) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::NoFocus);
  setWidget(page);
}

void PageArea::resizeEvent(QResizeEvent* event) {
  fit();
  QScrollArea::resizeEvent(event);
}

bool PageArea::eventFilter(QObject* watched, QEvent* event) {
  if (watched == widget() && event->type() == QEvent::LayoutRequest) fit();
  return QScrollArea::eventFilter(watched, event);
}

void PageArea::fit() {
  const QSize room = viewport()->size(), least = widget()->minimumSizeHint();
  const int width = std::max(room.width(), least.width());
  const QLayout* layout = widget()->layout();
  widget()->resize(width, std::max(room.height(), layout->hasHeightForWidth() ? layout->totalMinimumHeightForWidth(width) : least.height()));
}

}  // namespace qvlm::studio
