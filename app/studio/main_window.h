// The window: rail, workspaces, menus, and how the workspaces lead to each other.
#pragma once

#include <QMainWindow>

#include "app/studio/rail.h"

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

 private:
  void build_menus();
  void chat_with(const QString& model);

  Workbench& workbench_;
  Settings& settings_;
  Theme& theme_;
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
