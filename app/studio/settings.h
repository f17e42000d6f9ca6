// What the studio remembers between starts, and where it finds things on this machine.
#pragma once

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <QStringList>
#include <memory>

#include "app/studio/style/theme.h"

namespace qvlm::studio {

/// Places that depend on the installation. Made once in main(), handed down.
struct Places {
  QString command;           // the qvlm executable
  QString demo_model;        // folder of the demo VLM; empty where it is not there
  QString demo_calibration;  // its calibration set
  QString demo_questions;    // its held-out questions
  QString demo_images;       // folder of sample pictures
  QString data;              // writable folder for history and outputs
};

/// qvlm beside the executable (environment variable QVLM_COMMAND stands over it); resources/demo beside the source tree
/// or the installation; data in the platform's standard place (QVLM_STUDIO_DATA stands over it).
Places find_places();

class Settings {
 public:
  /// `file`: an INI file; empty: the platform's standard place.
  explicit Settings(const QString& file = {});

  QStringList recent_models();
  void add_recent_model(const QString& path);
  QStringList quantized_models();  // .qvlm folders that still exist
  void add_quantized_model(const QString& path);
  ThemeChoice theme();
  void set_theme(ThemeChoice choice);
  double font_scale();  // 1 to 2
  void set_font_scale(double scale);
  /// "en", "de", "zh_CN"; empty: as the system has it.
  QString language();
  void set_language(const QString& code);
  /// A part of the name of the Vulkan device that models run on; empty: the first.
  QString device();
  void set_device(const QString& name);
  /// Of the engine's KV cache: 16 or 8.
  int kv_bits();
  void set_kv_bits(int bits);
  QByteArray geometry();
  void set_geometry(const QByteArray& geometry);
  QString value(const QString& key, const QString& fallback = {});
  void set_value(const QString& key, const QString& value);
  bool flag(const QString& key, bool fallback);
  void set_flag(const QString& key, bool value);
  double number(const QString& key, double fallback);
  void set_number(const QString& key, double value);

 private:
  QStringList existing(const QString& key);
  void prepend(const QString& key, const QString& path);
  std::unique_ptr<QSettings> store_;
};

}  // namespace qvlm::studio
