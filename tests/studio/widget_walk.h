// What is wrong with the widgets of a window: names for screen readers, Tab, texts cut off, contrast.
#pragma once

#include <QStringList>
#include <QWidget>

namespace qvlm::studio {

/// Every visible control has an accessible name and takes the focus by Tab, every text is shown whole, and nothing is scrolled sideways. One line a
/// complaint.
QStringList widget_complaints(QWidget& window);

/// Tab goes down a column, never back up in it. `page`: the workspace that is shown.
QStringList tab_order_complaints(QWidget& page);

/// Every text that can be used stands out from its ground by 4.5 : 1, measured on what is painted.
QStringList contrast_complaints(QWidget& window);

}  // namespace qvlm::studio
