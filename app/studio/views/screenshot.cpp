// What is not chosen is darkened.
#include "app/studio/views/screenshot.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

namespace qvlm::studio {

ScreenshotPicker::ScreenshotPicker(const QImage& screen) : QWidget(nullptr, Qt::Window | Qt::FramelessWindowHint), screen_(screen) {
  setAttribute(Qt::WA_DeleteOnClose);
  setAttribute(Qt::WA_QuitOnClose, false);  // the studio's window is hidden meanwhile
  setAccessibleName(tr("Picture of the screen"));
  setAccessibleDescription(tr("Draw a rectangle with the mouse. Enter takes the whole screen, Escape nothing."));
  setCursor(Qt::CrossCursor);
  setFocusPolicy(Qt::StrongFocus);
}

void ScreenshotPicker::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.drawImage(rect(), screen_);
  painter.fillRect(rect(), QColor(0, 0, 0, 110));
  if (!part_.isEmpty()) {
    painter.setClipRect(part_);
    painter.drawImage(rect(), screen_);
    painter.setClipping(false);
    painter.setPen(QPen(Qt::white, 2));
    painter.drawRect(part_);
    return;
  }
  const QString words = tr("Draw a rectangle. Enter takes all, Escape nothing.");
  const QRect box = fontMetrics().boundingRect(words).adjusted(-16, -10, 16, 10);
  painter.translate(rect().center() - box.center());
  painter.fillRect(box, QColor(0, 0, 0, 220));
  painter.setPen(Qt::white);
  painter.drawText(box, Qt::AlignCenter, words);
}

void ScreenshotPicker::mousePressEvent(QMouseEvent* event) {
  from_ = event->pos();
  part_ = {};
}

void ScreenshotPicker::mouseMoveEvent(QMouseEvent* event) {
  if (!(event->buttons() & Qt::LeftButton)) return;
  part_ = QRect(from_, event->pos()).normalized() & rect();
  update();
}

void ScreenshotPicker::mouseReleaseEvent(QMouseEvent*) {
  if (part_.width() >= 4 && part_.height() >= 4) take(part_);
}

void ScreenshotPicker::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    Q_EMIT cancelled();
    close();
  } else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    take(rect());
  } else {
    QWidget::keyPressEvent(event);
  }
}

void ScreenshotPicker::take(const QRect& part) {
  // The picture has the screen's own pixels, which may be more than the widget's.
  const double across = double(screen_.width()) / width(), down = double(screen_.height()) / height();
  const QRectF pixels(part.x() * across, part.y() * down, part.width() * across, part.height() * down);
  Q_EMIT taken(screen_.copy(pixels.toAlignedRect() & screen_.rect()));
  close();
}

}  // namespace qvlm::studio
