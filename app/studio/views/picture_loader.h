// Pictures for the interface, decoded away from the interface thread.
#pragma once

#include <QImage>
#include <QObject>
#include <QSize>
#include <QString>
#include <functional>

namespace qvlm::studio {

struct LoadedPicture {
  QImage image;   // null when it failed
  QSize size;     // of the file, pixels
  QString error;  // why it failed
};

/// Decodes `path` with the core's own reader (what the model will get) and scales it to fit `box`. `done` runs on the
/// thread of `context`, and not at all once that is gone.
void load_picture(const QString& path, QSize box, QObject* context, std::function<void(const LoadedPicture&)> done);

/// The picture as the model at `model_path` sees it: its own resizing with crop or padding.
void load_seen_picture(const QString& path, const QString& model_path, QObject* context,
                       std::function<void(const LoadedPicture&)> done);

/// File name endings that the core reads, for dialogs.
QString picture_filter();
bool looks_like_picture(const QString& path);

}  // namespace qvlm::studio
