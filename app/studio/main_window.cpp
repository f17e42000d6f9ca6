// Wires pages and menus together.
#include "app/studio/main_window.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QMenuBar>
#include <QMessageBox>
#include <QStackedWidget>
#include <QToolButton>

#include "app/studio/children/chat_child.h"
#include "app/studio/models/ribbon_model.h"
#include "app/studio/models/run_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/pages/chat_page.h"
#include "app/studio/pages/compare_page.h"
#include "app/studio/pages/evaluate_page.h"
#include "app/studio/pages/export_page.h"
#include "app/studio/pages/model_page.h"
#include "app/studio/pages/quantize_page.h"
#include "app/studio/pages/recipe_panel.h"
#include "app/studio/pages/runs_page.h"
#include "app/studio/settings.h"
#include "app/studio/style/theme.h"

namespace qvlm::studio {

MainWindow::MainWindow(Workbench& workbench, History& history, Settings& settings, Theme& theme, QWidget* parent)
    : QMainWindow(parent),
      workbench_(workbench),
      settings_(settings),
      theme_(theme),
      rail_(new Rail(theme, this)),
      pages_(new QStackedWidget(this)) {
  setWindowTitle(tr("Q-VLM Studio"));
  setWindowIcon(QIcon(QStringLiteral(":/icons/qvlm-studio.svg")));
  model_ = new ModelPage(workbench, theme, pages_);
  quantize_ = new QuantizePage(workbench, theme, pages_);
  runs_ = new RunsPage(workbench, theme, pages_);
  evaluate_ = new EvaluatePage(workbench, theme, pages_);
  chat_ = new ChatPage(workbench, history, theme, pages_);
  compare_ = new ComparePage(workbench, theme, pages_);
  export_ = new ExportPage(workbench, theme, pages_);
  for (QWidget* page : {static_cast<QWidget*>(model_), static_cast<QWidget*>(quantize_), static_cast<QWidget*>(runs_),
                        static_cast<QWidget*>(evaluate_), static_cast<QWidget*>(chat_), static_cast<QWidget*>(compare_),
                        static_cast<QWidget*>(export_)}) {
    pages_->addWidget(page);
  }
  auto* central = new QWidget(this);
  auto* row = new QHBoxLayout(central);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  row->addWidget(rail_);
  row->addWidget(pages_, 1);
  setCentralWidget(central);
  setMinimumSize(960, 640);
  build_menus();

  connect(rail_, &Rail::chosen, this, &MainWindow::show_workspace);
  connect(model_, &ModelPage::quantize_requested, this, [this] { show_workspace(Workspace::QUANTIZE); });
  connect(model_, &ModelPage::chat_requested, this, [this] { chat_with(workbench_.model()->path); });
  connect(runs_, &RunsPage::open_requested, this, [this](const QString& folder) {
    show_workspace(Workspace::QUANTIZE);
    quantize_->open_run(folder);
  });
  connect(runs_, &RunsPage::resume_requested, this, [this](const QString& folder) {
    show_workspace(Workspace::QUANTIZE);
    quantize_->open_run(folder, true);
  });
  connect(runs_, &RunsPage::recipe_requested, this, [this](const Recipe& recipe) {
    show_workspace(Workspace::QUANTIZE);
    quantize_->recipe_panel()->set_recipe(recipe);
  });
  connect(quantize_, &QuantizePage::chat_requested, this, &MainWindow::chat_with);
  connect(evaluate_, &EvaluatePage::chat_requested, this, [this](const QString& question, const QStringList& images) {
    show_workspace(Workspace::CHAT);
    chat_->prepare_question(question, images);
  });
  show_workspace(Workspace::MODEL);
  resize(1280, 800);
  if (!settings_.geometry().isEmpty()) restoreGeometry(settings_.geometry());
}

void MainWindow::build_menus() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  QAction* open = file->addAction(tr("Open a model folder …"), this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a model folder"));
    if (folder.isEmpty()) return;
    show_workspace(Workspace::MODEL);
    workbench_.open(folder);
  });
  open->setShortcut(QKeySequence::Open);
  QAction* run = file->addAction(tr("Open a run …"), this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a run: a .qvlm or .qvlm.partial folder"),
                                                             workbench_.places().data + QStringLiteral("/quantized"));
    if (folder.isEmpty()) return;
    show_workspace(Workspace::QUANTIZE);
    quantize_->open_run(folder);
  });
  run->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_O);
  file->addSeparator();
  file->addAction(tr("Load a partition …"), this, [this] {
    const QString name = QFileDialog::getOpenFileName(this, tr("Load a partition"), {}, tr("Partition (*.json)"));
    if (name.isEmpty()) return;
    show_workspace(Workspace::QUANTIZE);
    quantize_->load_partition(name);
  });
  file->addAction(tr("Save the partition …"), this, [this] {
    const QString name = QFileDialog::getSaveFileName(this, tr("Save the partition"), QStringLiteral("partition.json"),
                                                      tr("Partition (*.json)"));
    if (!name.isEmpty()) quantize_->save_partition(name);
  });
  file->addSeparator();
  QAction* quit = file->addAction(tr("Quit"), this, &QWidget::close);
  quit->setShortcut(QKeySequence::Quit);

  QMenu* view = menuBar()->addMenu(tr("&View"));
  for (int i = 0; i < kWorkspaces; ++i) {
    QAction* action = view->addAction(name_of(static_cast<Workspace>(i)), this,
                                      [this, i] { show_workspace(static_cast<Workspace>(i)); });
    action->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + i)));
  }
  view->addSeparator();
  QMenu* themes = view->addMenu(tr("Theme"));
  auto* group = new QActionGroup(this);
  const std::pair<ThemeChoice, QString> choices[] = {
      {ThemeChoice::SYSTEM, tr("As the system")}, {ThemeChoice::LIGHT, tr("Light")}, {ThemeChoice::DARK, tr("Dark")}};
  for (const auto& [choice, name] : choices) {
    QAction* action = themes->addAction(name);
    action->setCheckable(true);
    action->setChecked(theme_.choice() == choice);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, choice = choice] {
      theme_.set_choice(choice);
      settings_.set_theme(choice);
    });
  }
  rail_->theme_button()->setMenu(themes);

  QMenu* help = menuBar()->addMenu(tr("&Help"));
  help->addAction(tr("About Q-VLM Studio"), this, [this] {
    auto* box = new QMessageBox(QMessageBox::NoIcon, tr("About Q-VLM Studio"),
                                tr("Q-VLM Studio %1\n\nQuantizes vision-language models with Q-VLM and runs them on "
                                   "Vulkan, on this machine.\n\nGPL-3.0-or-later")
                                    .arg(QStringLiteral(QVLM_STUDIO_VERSION)),
                                QMessageBox::Ok, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
  });
}

void MainWindow::show_workspace(Workspace workspace) {
  pages_->setCurrentIndex(static_cast<int>(workspace));
  rail_->set_current(workspace);
}

void MainWindow::chat_with(const QString& model) {
  show_workspace(Workspace::CHAT);
  chat_->use_model({model, {}, false});
}

void MainWindow::closeEvent(QCloseEvent* event) {
  settings_.set_geometry(saveGeometry());
  if (quantize_->run().busy()) {
    const auto answer = QMessageBox::question(this, tr("A run is going"),
                                              tr("Leave it? Finished layers are kept, and the run can be resumed."),
                                              QMessageBox::Yes | QMessageBox::No, QMessageBox::No);
    if (answer != QMessageBox::Yes) {
      event->ignore();
      return;
    }
    quantize_->run().cancel();
  }
  event->accept();
}

}  // namespace qvlm::studio
