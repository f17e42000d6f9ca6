// Workspace Evaluate: run a question set, see every answer, and accuracy by category.
#pragma once

#include <QWidget>

#include "core/evaluation/evaluation_events.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTableView;

namespace qvlm::studio {

class AccuracyChart;
class Banner;
class EvaluateChild;
class ModelPicker;
class PageHeader;
class PathField;
class QuestionFilter;
class QuestionTableModel;
class Theme;
class Workbench;

class EvaluatePage : public QWidget {
  Q_OBJECT
 public:
  EvaluatePage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  QuestionTableModel& questions() { return *table_; }
  QuestionFilter& filter() { return *filter_; }
  QPushButton* run_button() { return run_; }
  QPushButton* stop_button() { return stop_; }
  ModelPicker* picker() { return picker_; }
  PathField* question_set() { return set_; }
  QSpinBox* limit() { return limit_; }
  QComboBox* against() { return against_; }
  QComboBox* verdicts() { return verdict_; }
  QTableView* table() { return view_; }
  QPushButton* open_in_chat_button() { return ask_; }
  Banner* banner() { return banner_; }
  QLabel* result_label() { return result_; }

 Q_SIGNALS:
  void chat_requested(const QString& question, const QStringList& images);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QWidget* build_controls();
  QWidget* build_table();
  QWidget* build_result();
  void start();
  void take(const EvaluationEvent& event);
  void show_result();
  void refill_against();
  void refresh_controls();
  void restyle();

  Workbench& workbench_;
  const Theme& theme_;
  EvaluateChild* child_;
  QuestionTableModel* table_;
  QuestionFilter* filter_;
  Banner* banner_;
  ModelPicker* picker_;
  PathField* set_;
  QSpinBox* limit_;
  QPushButton *run_, *stop_, *ask_;
  QProgressBar* progress_;
  QLabel *status_, *result_, *result_note_;
  QTableView* view_;
  QComboBox *verdict_, *category_, *against_;
  QLineEdit* search_;
  AccuracyChart* chart_;
  bool stopping_ = false;
  QString asked_model_;
};

}  // namespace qvlm::studio
