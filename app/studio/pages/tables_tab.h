// Of workspace Evaluate: results of models side by side, as tables in the layouts of Q-VLM's paper.
#pragma once

#include <QStringList>
#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;

namespace qvlm::studio {

class Banner;
class EvaluationResults;
class EvaluationTables;
class NameBox;
class TableStack;
class Theme;

class TablesTab : public QWidget {
  Q_OBJECT
 public:
  /// `results` outlives the tab.
  TablesTab(EvaluationResults& results, const Theme& theme, QWidget* parent = nullptr);
  EvaluationTables& tables() { return *tables_; }
  NameBox* sources() { return sources_; }
  QComboBox* layouts() { return layouts_; }
  QPushButton* open_button() { return open_; }
  QPushButton* copy_button() { return copy_; }
  QPushButton* save_button() { return save_; }
  QPushButton* remove_button() { return remove_; }
  TableStack* stack() { return stack_; }
  Banner* banner() { return banner_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* build_controls();
  void fill_removals();
  void refill_sources();
  void show_table();
  void tell_problems();
  void restyle();

  EvaluationResults& results_;
  const Theme& theme_;
  EvaluationTables* tables_;
  QStringList told_;  // problems
  NameBox* sources_;
  QComboBox* layouts_;
  QPushButton *open_, *copy_, *save_, *remove_;
  QLabel* nothing_;
  Banner* banner_;
  TableStack* stack_;
};

}  // namespace qvlm::studio
