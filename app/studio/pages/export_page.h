// Workspace Export: what a quantized model consists of, and writing it out for other programs.
#pragma once

#include <QJsonObject>
#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QTableView;

namespace qvlm::studio {

class Banner;
class FolderTableModel;
class PathField;
class ResultChild;
class Theme;
class Workbench;

class ExportPage : public QWidget {
  Q_OBJECT
 public:
  ExportPage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  QComboBox* models() { return models_; }
  FolderTableModel& files() { return *files_; }
  PathField* target() { return target_; }
  QPushButton* export_button() { return export_; }
  Banner* banner() { return banner_; }

 private:
  void refill();
  void show_model();
  void start();
  void refresh_controls();
  void restyle();

  Workbench& workbench_;
  const Theme& theme_;
  ResultChild *export_child_, *inspect_;
  FolderTableModel* files_;
  Banner* banner_;
  QComboBox *models_, *format_;
  PathField* target_;
  QPushButton* export_;
  QLabel *total_, *bits_, *activations_, *notes_;
  QTableView* view_;
};

}  // namespace qvlm::studio
