// Workspace Model: open a checkpoint, and see what it is.
#pragma once

#include <QWidget>
#include <vector>

class QLabel;
class QListWidget;
class QPushButton;
class QTableView;

namespace qvlm::studio {

class Banner;
class Card;
class FlowLayout;
class GroupsTableModel;
class PageHeader;
class Theme;
class Workbench;

class ModelPage : public QWidget {
  Q_OBJECT
 public:
  ModelPage(Workbench& workbench, const Theme& theme, QWidget* parent = nullptr);
  QPushButton* open_demo_button() { return demo_; }
  QPushButton* step_button(int step) { return steps_.at(static_cast<size_t>(step)); }
  /// The three steps stand above the demo model until the user hides them.
  void show_first_steps();
  QLabel* summary_label(const QString& name) const;

 Q_SIGNALS:
  void quantize_requested();
  void chat_requested();
  void first_step(int step);  // 0: ask, 1: quantize, 2: compare; a model is open

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  QWidget* build_left();
  QWidget* build_right();
  QWidget* build_welcome(QWidget* parent);
  void choose_folder();
  void refill_recent();
  void show_model();
  void show_sample(const QString& picture);
  void restyle();

  Workbench& workbench_;
  const Theme& theme_;
  PageHeader* header_;
  Banner* banner_;
  Card* open_card_;
  QPushButton *open_, *demo_, *try_demo_, *hide_steps_, *to_quantize_, *to_chat_, *other_picture_;
  std::vector<QPushButton*> steps_;
  QListWidget* recent_;
  QWidget *summary_, *welcome_;
  FlowLayout* facts_;
  QLabel *notes_, *sample_file_, *sample_seen_, *sample_text_;
  GroupsTableModel* groups_;
  QTableView* groups_view_;
};

}  // namespace qvlm::studio
