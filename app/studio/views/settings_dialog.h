// The settings: look, language, device, answers. Every change takes effect at once; the language with the next start, or a new window now.
#pragma once

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;

namespace qvlm::studio {

class DeviceList;
class Theme;
class Workbench;

class SettingsDialog : public QDialog {
  Q_OBJECT
 public:
  SettingsDialog(Workbench& workbench, Theme& theme, QWidget* parent = nullptr);
  QComboBox* themes() { return themes_; }
  QComboBox* sizes() { return sizes_; }
  QComboBox* languages() { return languages_; }
  QComboBox* devices() { return devices_; }
  QPushButton* measure_button() { return measure_; }
  QPushButton* start_again_button() { return start_again_; }

 Q_SIGNALS:
  /// The user wants the window made anew, in the language that was chosen.
  void start_again();

 private:
  void show_devices();

  Workbench& workbench_;
  DeviceList* list_;
  QComboBox *themes_, *sizes_, *languages_, *devices_;
  QLabel *device_note_, *language_note_;
  QPushButton *measure_, *start_again_;
};

/// The themes by name, for menus and the dialog.
std::vector<std::pair<int, QString>> theme_names();

}  // namespace qvlm::studio
