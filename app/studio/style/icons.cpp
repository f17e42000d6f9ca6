// SVG files use currentColor; it is replaced before they are drawn.
#include "app/studio/style/icons.h"

#include <QFile>
#include <QPainter>
#include <QSvgRenderer>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

QPixmap icon_pixmap(const QString& name, const QColor& color, int size, double device_ratio) {
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  const int pixels = static_cast<int>(size * device_ratio);
  QPixmap pixmap(pixels, pixels);
  pixmap.fill(Qt::transparent);
  if (file.open(QIODevice::ReadOnly)) {
    QByteArray svg = file.readAll();
    svg.replace("currentColor", color.name().toLatin1());
    QSvgRenderer renderer(svg);
    QPainter painter(&pixmap);
    renderer.render(&painter);
  }
  pixmap.setDevicePixelRatio(device_ratio);
  return pixmap;
}

QIcon icon(const QString& name, const Palette& palette, int size) {
  QIcon result;
  result.addPixmap(icon_pixmap(name, palette.text, size), QIcon::Normal, QIcon::Off);
  result.addPixmap(icon_pixmap(name, palette.accent_ink, size), QIcon::Normal, QIcon::On);
  result.addPixmap(icon_pixmap(name, palette.accent_ink, size), QIcon::Active, QIcon::On);
  QColor faint = palette.muted;
  faint.setAlphaF(1);
  result.addPixmap(icon_pixmap(name, faint, size), QIcon::Disabled, QIcon::Off);
  result.addPixmap(icon_pixmap(name, faint, size), QIcon::Disabled, QIcon::On);
  return result;
}

QIcon icon_on_accent(const QString& name, const Palette& palette, int size) {
  QIcon result;
  result.addPixmap(icon_pixmap(name, palette.accent_text, size), QIcon::Normal);
  result.addPixmap(icon_pixmap(name, palette.muted, size), QIcon::Disabled);
  return result;
}

}  // namespace qvlm::studio
