// Choosing a part of the screen as a picture.
#pragma once

#include <QImage>
#include <QWidget>

namespace qvlm::studio {

/// Covers the screen with its own picture: a rectangle is drawn with the mouse, Enter takes all of it, Escape nothing. Deletes itself.
class ScreenshotPicker : public QWidget {
  Q_OBJECT
 public:
  explicit ScreenshotPicker(const QImage& screen);

 Q_SIGNALS:
  void taken(const QImage& part);
  void cancelled();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void take(const QRect& part);
  QImage screen_;
  QRect part_;
  QPoint from_;
};

}  // namespace qvlm::studio
