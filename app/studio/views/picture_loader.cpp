// A thread of the pool reads, the interface thread receives.
#include "app/studio/views/picture_loader.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QImageReader>
#include <QMimeData>
#include <QPointer>
#include <QThreadPool>
#include <QUrl>

#include <algorithm>

#include "core/input/image.h"
#include "core/input/preprocess.h"
#include "core/model/model.h"

namespace qvlm::studio {

namespace {

QImage to_qimage(const Image& image) {
  return QImage(image.rgb.data(), image.width, image.height, 3 * image.width, QImage::Format_RGB888).copy();
}

template <class Work>
void in_background(QObject* context, std::function<void(const LoadedPicture&)> done, Work work) {
  QPointer<QObject> alive(context);
  QThreadPool::globalInstance()->start([alive, done = std::move(done), work = std::move(work)] {
    LoadedPicture picture;
    try {
      picture = work();
    } catch (const std::exception& error) {
      picture.error = QString::fromUtf8(error.what());
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [alive, done, picture] {
      if (alive) done(picture);
    });
  });
}

}  // namespace

void load_picture(const QString& path, QSize box, QObject* context, std::function<void(const LoadedPicture&)> done) {
  in_background(context, std::move(done), [path, box] {
    const Image image = read_image(path.toStdString());
    LoadedPicture picture;
    picture.size = QSize(image.width, image.height);
    picture.frames = std::max(1, QImageReader(path).imageCount());
    picture.image = to_qimage(image);
    if (image.width > box.width() || image.height > box.height()) {
      picture.image = picture.image.scaled(box, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    }
    return picture;
  });
}

void load_seen_picture(const QString& path, const QString& model_path, QObject* context,
                       std::function<void(const LoadedPicture&)> done, const QString& fit) {
  in_background(context, std::move(done), [path, model_path, fit] {
    const Image image = read_image(path.toStdString());
    LoadedPicture picture;
    picture.size = QSize(image.width, image.height);
    picture.frames = std::max(1, QImageReader(path).imageCount());
    PreprocessConfig config = open_model(model_path.toStdString())->config().preprocess;
    using Fit = PreprocessConfig::Fit;
    const Fit wanted = fit.isEmpty() ? config.fit : fit == QLatin1String("pad") ? Fit::PAD_SQUARE : Fit::CENTER_CROP;
    if (wanted != config.fit) config.crop = true;
    config.fit = wanted;
    picture.padded = wanted == Fit::PAD_SQUARE;
    picture.image = to_qimage(fit_image(image, config));
    return picture;
  });
}

QStringList local_files(const QMimeData* source) {
  QStringList files;
  for (const QUrl& url : source->urls()) {
    if (url.isLocalFile()) files << url.toLocalFile();
  }
  return files;
}

QString picture_filter() {
  return QStringLiteral("*.png *.jpg *.jpeg *.webp *.bmp *.gif");
}

bool looks_like_picture(const QString& path) {
  const QString ending = QFileInfo(path).suffix().toLower();
  return QStringList{QStringLiteral("png"),  QStringLiteral("jpg"), QStringLiteral("jpeg"),
                     QStringLiteral("webp"), QStringLiteral("bmp"), QStringLiteral("gif")}
      .contains(ending);
}

}  // namespace qvlm::studio
