// The window: rail, workspaces, menus, and how the workspaces lead to each other.
#pragma once

#include <QMainWindow>

#include "app/studio/rail.h"

class QMenu;
class QStackedWidget;

namespace qvlm::studio {

class ChatPage;
class ComparePage;
class EvaluatePage;
class ExportPage;
class History;
class ModelPage;
class QuantizePage;
class RunsPage;
class Settings;
class Theme;
class Workbench;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  /// All outlive the window.
  MainWindow(Workbench& workbench, History& history, Settings& settings, Theme& theme, QWidget* parent = nullptr);

  void show_workspace(Workspace workspace);
  Workspace workspace() const;
  /// Models are opened, runs and tables shown, pictures put before the next question; what was dropped, or came from a second start.
  void open_paths(const QStringList& paths);
  /// The demo model with its three steps, where nothing was ever opened; else the model that was open last.
  void open_what_was_open();
  void show_settings();
  void show_shortcuts();
  /// The window closed so that another is made, in the language that was chosen.
  bool wants_anew() const { return wants_anew_; }
  QWidget* page(Workspace workspace) const;
  Rail* rail() { return rail_; }
  ModelPage* model_page() { return model_; }
  QuantizePage* quantize_page() { return quantize_; }
  RunsPage* runs_page() { return runs_; }
  EvaluatePage* evaluate_page() { return evaluate_; }
  ChatPage* chat_page() { return chat_; }
  ComparePage* compare_page() { return compare_; }
  ExportPage* export_page() { return export_; }

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;

 private:
  void build_menus();
  void build_file_menu();
  void build_view_menu();
  void build_help_menu();
  void fill_recent(QMenu* menu);
  void take_first_step(int step);
  void restore_state();
  void chat_with(const QString& model);

  Workbench& workbench_;
  Settings& settings_;
  Theme& theme_;
  bool wants_anew_ = false;
  Rail* rail_;
  QStackedWidget* pages_;
  ModelPage* model_;
  QuantizePage* quantize_;
  RunsPage* runs_;
  EvaluatePage* evaluate_;
  ChatPage* chat_;
  ComparePage* compare_;
  ExportPage* export_;
};

}  // namespace qvlm::studio
