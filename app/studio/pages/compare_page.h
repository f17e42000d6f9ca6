// Workspace Compare: one question to two models, their answers side by side.
#pragma once

#include <QWidget>
#include <array>

class QCheckBox;
class QHBoxLayout;
class QLabel;
class QPushButton;

namespace qvlm::studio {

class Banner;
class CompareController;
class Composer;
class ModelPicker;
class Theme;
class Workbench;

class ComparePage : public QWidget {
  Q_OBJECT
 public:
  ComparePage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  CompareController& controller() { return *compare_; }
  Composer* composer() { return composer_; }
  ModelPicker* picker(int side) { return columns_.at(static_cast<size_t>(side)).picker; }
  QLabel* answer(int side) { return columns_.at(static_cast<size_t>(side)).answer; }
  QLabel* note(int side) { return columns_.at(static_cast<size_t>(side)).note; }
  QLabel* verdict() { return verdict_; }
  QCheckBox* in_turn() { return in_turn_; }
  QPushButton* unload_button() { return unload_; }

  /// For screenshots and for questions that come from Evaluate.
  void prepare_question(const QString& question, const QStringList& images);

 private:
  struct Column {
    ModelPicker* picker;
    QLabel *badge, *answer, *note;
  };
  QWidget* build_column(int side);
  void ask(const QString& text, const QStringList& images);
  void choose_second();
  void refresh();

  Workbench& workbench_;
  const Theme& theme_;
  CompareController* compare_;
  std::array<Column, 2> columns_{};
  Banner* banner_;
  Composer* composer_ = nullptr;
  QWidget* question_box_;
  QHBoxLayout* question_pictures_;
  QLabel *question_, *verdict_, *speeds_;
  QCheckBox* in_turn_;
  QPushButton* unload_;
};

}  // namespace qvlm::studio
