// What a workspace is shown in.
#pragma once

#include <QScrollArea>

namespace qvlm::studio {

/// The page is as large as the area while its least size fits, and is scrolled beyond. (QScrollArea itself scrolls as soon as a page with texts that
/// wrap would like to be higher.)
class PageArea : public QScrollArea {
  Q_OBJECT
 public:
  explicit PageArea(QWidget* page, QWidget* parent = nullptr);

 protected:
  void resizeEvent(QResizeEvent* event) override;
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fit();
};

}  // namespace qvlm::studio
