// Draws the application's icon as PNG files: draw_icons ICON.svg FOLDER SIZE... writes FOLDER/SIZExSIZE/apps/ICON.png, as hicolor themes lie.
#include <QDir>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QSvgRenderer>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: draw_icons ICON.svg FOLDER SIZE...\n");
    return 2;
  }
  const QString icon = QString::fromLocal8Bit(argv[1]), folder = QString::fromLocal8Bit(argv[2]);
  QSvgRenderer renderer(icon);
  if (!renderer.isValid()) {
    std::fprintf(stderr, "%s: is no SVG file that can be drawn\n", argv[1]);
    return 1;
  }
  for (int i = 3; i < argc; ++i) {
    const int size = QByteArray(argv[i]).toInt();
    if (size < 1) {
      std::fprintf(stderr, "SIZE: expected a number of pixels, found %s\n", argv[i]);
      return 2;
    }
    QImage image(size, size, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    renderer.render(&painter);
    painter.end();
    const QString target = QStringLiteral("%1/%2x%2/apps").arg(folder).arg(size);
    const QString file = target + QLatin1Char('/') + QFileInfo(icon).completeBaseName() + QStringLiteral(".png");
    if (!QDir().mkpath(target) || !image.save(file)) {
      std::fprintf(stderr, "%s: cannot be written\n", qPrintable(file));
      return 1;
    }
  }
  return 0;
}
