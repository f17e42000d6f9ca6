// Workspace Runs: every run kept, opened again with all its plots, and compared with others.
#pragma once

#include <QWidget>

#include "core/run/recipe.h"

class QPushButton;
class QTableView;
class QToolButton;

namespace qvlm::studio {

class Banner;
class Card;
class RunFigures;
class RunLibrary;
class RunsErrorPlot;
class SpeedMeter;
class Theme;
class Workbench;

class RunsPage : public QWidget {
  Q_OBJECT
 public:
  RunsPage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  RunLibrary& library() { return *library_; }
  RunFigures& figures() { return *figures_; }
  QTableView* list() { return list_; }
  RunsErrorPlot* plot() { return plot_; }
  QPushButton* open_button() { return open_; }
  QPushButton* recipe_button() { return recipe_; }
  QPushButton* resume_button() { return resume_; }
  QPushButton* speed_button() { return speed_; }
  QToolButton* copy_button() { return copy_; }

 Q_SIGNALS:
  void open_requested(const QString& folder);
  void resume_requested(const QString& folder);
  void recipe_requested(const qvlm::Recipe& recipe);

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  QWidget* build_list();
  QWidget* build_comparison();
  std::vector<int> selected() const;
  void show_selected();
  void restyle();

  const Theme& theme_;
  RunLibrary* library_;
  RunFigures* figures_;
  Banner* banner_;
  QTableView *list_, *table_;
  RunsErrorPlot* plot_;
  Card* comparison_;
  QPushButton *open_, *recipe_, *resume_, *speed_;
  QToolButton* copy_;
  SpeedMeter* meter_;
};

}  // namespace qvlm::studio
