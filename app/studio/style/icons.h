// Icons from the SVG files in resources/icons, drawn in the theme's colours.
#pragma once

#include <QIcon>
#include <QPixmap>
#include <QString>

namespace qvlm::studio {

struct Palette;

/// One SVG in one colour, `size` logical pixels a side, sharp at twice the resolution too.
QPixmap icon_pixmap(const QString& name, const QColor& color, int size, double device_ratio = 2);

/// Normal in text colour, checked in the accent's ink, disabled muted.
QIcon icon(const QString& name, const Palette& palette, int size = 24);

/// For primary buttons: in the colour of text on the accent.
QIcon icon_on_accent(const QString& name, const Palette& palette, int size = 16);

}  // namespace qvlm::studio
