// Workspace Evaluate: run a question set, see every answer and accuracy by category, and lay models side by side in tables.
#pragma once

#include <QWidget>

class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTabWidget;
class QTableView;

namespace qvlm::studio {

class AccuracyChart;
class Banner;
class EvaluationController;
class ModelPicker;
class NameBox;
class PageHeader;
class PathField;
class QuestionFilter;
class QuestionTableModel;
class TablesTab;
class Theme;
class Workbench;

class EvaluatePage : public QWidget {
  Q_OBJECT
 public:
  EvaluatePage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  EvaluationController& evaluation() { return *evaluation_; }
  QuestionTableModel& questions();
  QuestionFilter& filter() { return *filter_; }
  QPushButton* run_button() { return run_; }
  QPushButton* stop_button() { return stop_; }
  ModelPicker* picker() { return picker_; }
  PathField* question_set() { return set_; }
  QSpinBox* limit() { return limit_; }
  NameBox* against() { return against_; }
  QComboBox* verdicts() { return verdict_; }
  QTableView* table() { return view_; }
  QPushButton* open_in_chat_button() { return ask_; }
  Banner* banner() { return banner_; }
  QLabel* result_label() { return result_; }
  QTabWidget* tabs() { return tabs_; }
  TablesTab* tables() { return tables_; }
  /// Shows a table.json, or what `qvlm table` wrote into a folder.
  void open_table(const QString& path);

 Q_SIGNALS:
  void chat_requested(const QString& question, const QStringList& images);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  QWidget* build_controls();
  QWidget* build_table();
  QWidget* build_result();
  void start();
  void show_evaluation();
  void share_columns();
  void refill_against();
  void refresh_controls();
  void restyle();

  Workbench& workbench_;
  const Theme& theme_;
  EvaluationController* evaluation_;
  QuestionFilter* filter_;
  Banner* banner_;
  ModelPicker* picker_;
  PathField* set_;
  QSpinBox* limit_;
  QPushButton *run_, *stop_, *ask_;
  QProgressBar* progress_;
  QLabel *status_, *result_, *result_note_;
  QTableView* view_;
  QComboBox *verdict_, *category_;
  NameBox* against_;
  QLineEdit* search_;
  AccuracyChart* chart_;
  QTabWidget* tabs_;
  TablesTab* tables_;
};

}  // namespace qvlm::studio
