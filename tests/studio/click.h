// The mouse as a user moves it.
#pragma once

#include <QTest>

namespace qvlm::studio {

/// A click in its middle.
inline void click(QWidget* widget) {
  QTest::mouseClick(widget, Qt::LeftButton);
}

}  // namespace qvlm::studio
