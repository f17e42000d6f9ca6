// Pictures for the interface, decoded away from the interface thread.
#pragma once

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>
#include <functional>

class QMimeData;

namespace qvlm::studio {

struct LoadedPicture {
  QImage image;   // null when it failed
  QSize size;     // of the file, pixels
  int frames = 1;       // of the file: more than one where it is animated, and the first is shown
  bool padded = false;  // load_seen_picture(): to a square, not cropped
  QString error;  // why it failed
};

/// Decodes `path` with the core's own reader (what the model will get) and scales it to fit `box`. `done` runs on the
/// thread of `context`, and not at all once that is gone.
void load_picture(const QString& path, QSize box, QObject* context, std::function<void(const LoadedPicture&)> done);

/// The picture as the model at `model_path` sees it: its own resizing with crop or padding; `fit`: "crop" or "pad" instead of the model's.
void load_seen_picture(const QString& path, const QString& model_path, QObject* context,
                       std::function<void(const LoadedPicture&)> done, const QString& fit = {});

/// File name endings that the core reads, for dialogs.
QString picture_filter();
bool looks_like_picture(const QString& path);
/// Paths of the local files that were dropped or pasted.
QStringList local_files(const QMimeData* source);

}  // namespace qvlm::studio
