// The recipe of a run as a form: presets, method, bits, groups, activations, search, samples, budget, calibration set, output; the finer keys
// beneath, folded away.
#pragma once

#include <QWidget>

#include "app/studio/children/quantize_child.h"

class QComboBox;
class QDoubleSpinBox;
class QFileSystemWatcher;
class QLabel;
class QSpinBox;
class QToolButton;

namespace qvlm::studio {

class PathField;
class RecipeMore;
class RunPlanner;
class Workbench;

class RecipePanel : public QWidget {
  Q_OBJECT
 public:
  explicit RecipePanel(Workbench& workbench, QWidget* parent = nullptr);

  Recipe recipe() const;
  void set_recipe(const Recipe& recipe);
  /// Model, sets and recipe as the form has them; no partition.
  QuantizeRequest request() const;
  /// Why a run cannot start with this form; empty where it can.
  QString problem() const;
  void suggest_output();
  /// The partition that a run of this form begins with, for its plan; none: by the recipe's rule.
  void set_partition(const std::optional<Partition>& partition);

  PathField* calibration() { return calibration_; }
  PathField* output() { return output_; }
  QSpinBox* samples() { return samples_; }
  QComboBox* preset() { return preset_; }
  QDoubleSpinBox* budget() { return budget_; }
  QToolButton* more_button() { return more_button_; }
  QLabel* plan_label() { return plan_; }  // what the run would take
  RecipeMore* more() { return more_; }
  /// A rounding parameter that the search is to try too: the listed ones and this, falling.
  void add_candidate(double candidate);

 Q_SIGNALS:
  void changed();

 protected:
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void plan();
  void take_preset(int index);
  void refresh();
  void watch_model();

  Workbench& workbench_;
  QComboBox *preset_, *method_, *bits_, *group_, *activations_, *mode_, *search_, *rotation_, *transform_;
  Recipe base_;  // what the form has no field for
  QSpinBox* samples_;
  QDoubleSpinBox* budget_;  // bits a weight; 0: none
  PathField *calibration_, *output_;
  QLabel *legality_, *notes_, *plan_;
  QToolButton* more_button_;
  RecipeMore* more_;
  RunPlanner* planner_;
  std::optional<Partition> partition_;
  QFileSystemWatcher* watcher_;  // of the model's folder, which may vanish
  bool own_output_ = false;  // typed by the user
  bool taking_preset_ = false;
};

}  // namespace qvlm::studio
