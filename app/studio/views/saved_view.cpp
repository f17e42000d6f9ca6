// One dialog for all three kinds of file; written beside the target and renamed.
#include "app/studio/views/saved_view.h"

#include <QBuffer>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QToolButton>
#include <cmath>

#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "core/base/error.h"

namespace qvlm::studio {

namespace {

QByteArray png_of(SavedView& view, const Palette& palette) {
  constexpr int kRatio = 2;
  const QSize size = view.picture_size();
  QImage image(size * kRatio, QImage::Format_ARGB32_Premultiplied);
  image.setDevicePixelRatio(kRatio);
  image.fill(palette.surface);
  view.draw_on(image, size);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  image.save(&buffer, "PNG");
  return bytes;
}

QByteArray svg_of(SavedView& view, const Palette& palette, const QString& title) {
  const QSize size = view.picture_size();
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  // The view begins a painter of its own, and a generator writes one document a painter: the ground is put in after.
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize(size);
  generator.setViewBox(QRect(QPoint(), size));
  generator.setTitle(title);
  view.draw_on(generator, size);
  buffer.close();
  const qsizetype defs = bytes.indexOf("</defs>");
  const QByteArray ground =
      "\n<rect width=\"100%\" height=\"100%\" fill=\"" + palette.surface.name().toLatin1() + "\"/>";
  if (defs >= 0) bytes.insert(defs + 7, ground);
  return bytes;
}

}  // namespace

QString csv_number(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', 9) : QString();
}

void save_view(SavedView& view, const Palette& palette, const QString& file) {
  const QString ending = QFileInfo(file).suffix().toLower();
  QByteArray bytes;
  if (ending == QLatin1String("png")) {
    bytes = png_of(view, palette);
  } else if (ending == QLatin1String("svg")) {
    bytes = svg_of(view, palette, QFileInfo(file).completeBaseName());
  } else if (ending == QLatin1String("csv")) {
    bytes = view.table().toUtf8();
  } else {
    throw Error::in(file.toStdString(), "", "a name that ends in .png, .svg or .csv", ending.toStdString());
  }
  QSaveFile out(file);
  if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size() || !out.commit())
    throw Error::in(file.toStdString(), "", "a file that can be written", out.errorString().toStdString());
}

void ask_where_to_save(QWidget* widget, const QString& title, const QString& name, const QString& filters, std::function<void(const QString& file)> save,
                       std::function<void(const QString& message)> problem) {
  const auto ending_of = [](const QString& filter) { return filter.section(QLatin1String("*."), 1).chopped(1); };
  auto* dialog = new QFileDialog(widget->window(), title, QDir::homePath(), filters);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  const QString first = ending_of(filters.section(QLatin1String(";;"), 0, 0));
  dialog->setDefaultSuffix(first);
  dialog->selectFile(name + QLatin1Char('.') + first);
  QObject::connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, ending_of](const QString& filter) {
    dialog->setDefaultSuffix(ending_of(filter));
    if (const QStringList chosen = dialog->selectedFiles(); chosen.size() == 1)
      dialog->selectFile(QFileInfo(chosen.first()).completeBaseName() + QLatin1Char('.') + ending_of(filter));
  });
  QObject::connect(dialog, &QFileDialog::fileSelected, widget, [save = std::move(save), problem = std::move(problem)](const QString& file) {
    try {
      save(file);
    } catch (const std::exception& error) {
      problem(QString::fromUtf8(error.what()));
    }
  });
  dialog->open();
}

QToolButton* save_button(SavedView& view, QWidget* widget, const Theme& theme, const QString& name,
                         std::function<void(const QString& message)> problem, QWidget* parent) {
  auto* button = new QToolButton(parent);
  button->setAccessibleName(QToolButton::tr("Save %1").arg(name));
  button->setToolTip(QToolButton::tr("Save as picture, drawing or table"));
  button->setIconSize({16, 16});
  button->setFixedSize(28, 22);  // as high as a title, so that headers keep their height
  button->setProperty("small", true);
  button->setFocusPolicy(Qt::StrongFocus);
  const auto restyle = [button, &theme] {
    Palette quiet = theme.colors();
    quiet.text = quiet.muted;
    button->setIcon(icon(QStringLiteral("save"), quiet, 16));
  };
  QObject::connect(&theme, &Theme::changed, button, restyle);
  restyle();
  QObject::connect(button, &QToolButton::clicked, widget, [&view, widget, &theme, name, problem] {
    ask_where_to_save(widget, QToolButton::tr("Save %1").arg(name), name, QToolButton::tr("Picture (*.png);;Drawing (*.svg);;Table (*.csv)"),
                      [&view, &theme](const QString& file) { save_view(view, theme.colors(), file); }, problem);
  });
  return button;
}

}  // namespace qvlm::studio
