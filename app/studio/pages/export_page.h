// Workspace Export: which formats hold a quantized model and how exactly, on which devices it has room, and writing it out for other programs.
#pragma once

#include <QJsonObject>
#include <QStringList>
#include <QTimer>
#include <QWidget>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTableView;
class QTabWidget;

namespace qvlm::studio {

class Banner;
class ExportChoices;
class FolderTableModel;
class NameBox;
class PathField;
class ResultChild;
class Theme;
class Workbench;

class ExportPage : public QWidget {
  Q_OBJECT
 public:
  ExportPage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  NameBox* models() { return models_; }
  QComboBox* formats() { return format_; }
  ExportChoices& choices() { return *choices_; }
  FolderTableModel& files() { return *files_; }
  PathField* target() { return target_; }
  QPushButton* export_button() { return export_; }
  QPushButton* stop_button() { return stop_; }
  QCheckBox* allow_inexact() { return inexact_; }
  QSpinBox* context() { return context_; }
  QLineEdit* own_device() { return own_; }
  QTabWidget* tabs() { return tabs_; }
  QTableView* format_view() { return format_view_; }
  Banner* banner() { return banner_; }

 private:
  QWidget* make_model_card();
  QWidget* make_formats_tab();
  QWidget* make_devices_tab();
  QWidget* make_export_card();
  void connect_children();
  void refill();
  void show_model();
  void choose_format(int row);
  void look_at_devices();
  void add_own_device();
  void start();
  void show_progress(const QJsonObject& line);
  void refresh_controls();
  void restyle();

  Workbench& workbench_;
  const Theme& theme_;
  ResultChild *export_child_, *inspect_, *check_, *fit_;
  FolderTableModel* files_;
  ExportChoices* choices_;
  Banner* banner_;
  NameBox* models_;
  QComboBox* format_;
  QTabWidget* tabs_;
  QTableView* format_view_;
  QSpinBox* context_;
  QLineEdit* own_;
  QStringList own_devices_;
  QTimer fit_later_;  // while a number is typed nothing is asked
  PathField* target_;
  QCheckBox* inexact_;
  QPushButton *export_, *stop_;
  QProgressBar* progress_;
  QLabel *total_, *bits_, *activations_, *memory_, *detail_, *notes_;
};

}  // namespace qvlm::studio
