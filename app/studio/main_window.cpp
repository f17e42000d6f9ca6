// Wires pages and menus together.
#include "app/studio/main_window.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QDir>
#include <QDropEvent>
#include <QFileInfo>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QStackedWidget>
#include <QToolButton>
#include <algorithm>

#include "app/studio/children/chat_child.h"
#include "app/studio/models/evaluation_tables.h"
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
#include "app/studio/views/about.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/page_area.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/settings_dialog.h"
#include "app/studio/views/shortcut_sheet.h"

namespace qvlm::studio {

namespace {

/// Of all menus, in their order.
QList<QAction*> menu_actions(const QMenuBar& bar) {
  QList<QAction*> all;
  for (const QAction* title : bar.actions()) {
    if (title->menu() != nullptr) all += title->menu()->actions();
  }
  return all;
}

}  // namespace

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
    // At a large text size a page may be higher than the window: it is scrolled then, and nothing is cut off.
    pages_->addWidget(new PageArea(page, pages_));
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
  connect(model_, &ModelPage::first_step, this, &MainWindow::take_first_step);
  setAcceptDrops(true);
  restore_state();
}

void MainWindow::build_menus() {
  build_file_menu();
  build_view_menu();
  build_help_menu();
}

void MainWindow::build_file_menu() {
  QMenu* file = menuBar()->addMenu(tr("&File"));
  QAction* open = file->addAction(tr("Open a model folder …"), this, [this] {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a model folder"));
    if (!folder.isEmpty()) open_paths({folder});
  });
  open->setShortcut(QKeySequence::Open);
  QMenu* recent = file->addMenu(tr("Open a recent model"));
  connect(recent, &QMenu::aboutToShow, this, [this, recent] { fill_recent(recent); });
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
  QAction* settings = file->addAction(tr("Settings …"), this, &MainWindow::show_settings);
  settings->setShortcut(Qt::CTRL | Qt::Key_Comma);
  settings->setMenuRole(QAction::PreferencesRole);
  QAction* quit = file->addAction(tr("Quit"), this, &QWidget::close);
  quit->setShortcut(Qt::CTRL | Qt::Key_Q);
}

void MainWindow::build_view_menu() {
  QMenu* view = menuBar()->addMenu(tr("&View"));
  for (int i = 0; i < kWorkspaces; ++i) {
    QAction* action = view->addAction(name_of(static_cast<Workspace>(i)), this,
                                      [this, i] { show_workspace(static_cast<Workspace>(i)); });
    action->setShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + i)));
  }
  view->addSeparator();
  QMenu* themes = view->addMenu(tr("Theme"));
  auto* group = new QActionGroup(this);
  for (const auto& [choice, name] : theme_names()) {
    QAction* action = themes->addAction(name);
    action->setCheckable(true);
    action->setChecked(int(theme_.choice()) == choice);
    group->addAction(action);
    connect(action, &QAction::triggered, this, [this, choice = static_cast<ThemeChoice>(choice)] {
      theme_.set_choice(choice);
      settings_.set_theme(choice);
    });
    connect(&theme_, &Theme::changed, action, [this, action, choice = choice] { action->setChecked(int(theme_.choice()) == choice); });
  }
  rail_->theme_button()->setMenu(themes);
}

void MainWindow::build_help_menu() {
  QMenu* help = menuBar()->addMenu(tr("&Help"));
  QAction* keys = help->addAction(tr("Keyboard shortcuts"), this, &MainWindow::show_shortcuts);
  // Where a text is being written, the text takes the question mark.
  keys->setShortcuts({QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question), QKeySequence(Qt::SHIFT | Qt::Key_Question)});
  help->addAction(tr("Three things to try"), this, [this] {
    settings_.set_flag(QStringLiteral("first_steps/hidden"), false);
    show_workspace(Workspace::MODEL);
    model_->show_first_steps();
  });
  QAction* about = help->addAction(tr("About Q-VLM Studio"), this, [this] { (new AboutDialog(theme_, this))->open(); });
  about->setMenuRole(QAction::AboutRole);
}

void MainWindow::fill_recent(QMenu* menu) {
  menu->clear();
  for (const QString& path : settings_.recent_models()) {
    QAction* action = menu->addAction(model_name(path), this, [this, path] { open_paths({path}); });
    action->setToolTip(path);
  }
  if (menu->isEmpty()) menu->addAction(tr("None yet"))->setEnabled(false);
}

void MainWindow::show_settings() {
  auto* dialog = new SettingsDialog(workbench_, theme_, this);
  connect(dialog, &SettingsDialog::start_again, this, [this, dialog] {
    dialog->accept();
    wants_anew_ = true;
    wants_anew_ = close();
  });
  dialog->open();
}

void MainWindow::show_shortcuts() {
  (new ShortcutSheet(shortcut_groups(menu_actions(*menuBar())), this))->open();
}

void MainWindow::open_paths(const QStringList& paths) {
  QStringList pictures;
  for (const QString& path : paths) {
    const QString clean = QDir::cleanPath(path);
    if (QFileInfo(clean).isFile() && looks_like_picture(clean)) {
      pictures << clean;
    } else if (clean.endsWith(QLatin1String(".qvlm.partial"))) {
      show_workspace(Workspace::QUANTIZE);
      quantize_->open_run(clean);
    } else if (looks_like_table(clean)) {
      show_workspace(Workspace::EVALUATE);
      evaluate_->open_table(clean);
    } else {
      // Whatever else it is: inspecting says what is wrong with it.
      show_workspace(Workspace::MODEL);
      workbench_.open(clean);
    }
  }
  if (pictures.isEmpty()) return;
  show_workspace(Workspace::CHAT);
  chat_->composer()->attach(pictures);
  chat_->composer()->edit()->setFocus();
}

void MainWindow::open_what_was_open() {
  const QStringList recent = settings_.recent_models();
  if (!recent.isEmpty()) {
    workbench_.open(recent.first());
  } else if (!workbench_.places().demo_model.isEmpty()) {
    workbench_.open(workbench_.places().demo_model);
  }
}

void MainWindow::take_first_step(int step) {
  // The demo model speaks English.
  const QString question = QStringLiteral("What is in the picture?");
  const QStringList picture = workbench_.sample_pictures().mid(0, 1);
  if (step == 0) {
    chat_with(workbench_.model()->path);
    chat_->prepare_question(question, picture);
  } else if (step == 1) {
    show_workspace(Workspace::QUANTIZE);
  } else {
    show_workspace(Workspace::COMPARE);
    compare_->prepare_question(question, picture);
  }
}

void MainWindow::restore_state() {
  resize(QSize(1280, 800).boundedTo(screen()->availableSize()));
  if (!settings_.geometry().isEmpty()) restoreGeometry(settings_.geometry());
  const auto last = static_cast<int>(settings_.number(QStringLiteral("view/workspace"), 0));
  show_workspace(static_cast<Workspace>(std::clamp(last, 0, kWorkspaces - 1)));
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
  const QStringList files = local_files(event->mimeData());
  if (files.isEmpty()) return;
  event->acceptProposedAction();
  open_paths(files);
}

QWidget* MainWindow::page(Workspace workspace) const {
  return static_cast<PageArea*>(pages_->widget(static_cast<int>(workspace)))->widget();
}

Workspace MainWindow::workspace() const {
  return static_cast<Workspace>(pages_->currentIndex());
}

void MainWindow::show_workspace(Workspace workspace) {
  pages_->setCurrentIndex(static_cast<int>(workspace));
  rail_->set_current(workspace);
}

void MainWindow::chat_with(const QString& model) {
  show_workspace(Workspace::CHAT);
  chat_->use_model({model, {}, false, settings_.device()});
}

void MainWindow::closeEvent(QCloseEvent* event) {
  settings_.set_geometry(saveGeometry());
  settings_.set_number(QStringLiteral("view/workspace"), pages_->currentIndex());
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
