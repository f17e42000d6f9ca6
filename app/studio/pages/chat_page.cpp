// Left the chats, right the one that is open.
#include "app/studio/pages/chat_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QLocale>
#include <QMenu>
#include <QMimeData>
#include <QMutex>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QThreadPool>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidgetAction>
#include <algorithm>
#include <memory>

#include "app/studio/models/chat_controller.h"
#include "app/studio/models/power_meter.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/chat_view.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/seen_strip.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

ChatPage::ChatPage(Workbench& workbench, History& history, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      history_(history),
      theme_(theme),
      chat_(new ChatController(workbench.places().command, history, this)) {
  setObjectName(QStringLiteral("page"));
  setAcceptDrops(true);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(0);
  row->addWidget(build_side());
  auto* column = new QVBoxLayout;
  column->setSpacing(0);
  column->addWidget(build_top());
  banner_ = new Banner(this);
  auto* banner_box = new QVBoxLayout;
  banner_box->setContentsMargins(3 * kUnit, kUnit, 3 * kUnit, 0);
  banner_box->addWidget(banner_);
  column->addLayout(banner_box);
  view_ = new ChatView(chat_->model(), theme, this);
  column->addWidget(view_, 1);
  auto* below = new QVBoxLayout;
  below->setContentsMargins(3 * kUnit, 0, 3 * kUnit, kUnit + 4);
  below->setSpacing(6);
  auto* tools = new QHBoxLayout;
  seen_ = new SeenStrip(theme, this);
  regenerate_ = new QPushButton(tr("Answer again"), this);
  regenerate_->setAccessibleName(tr("Answer again"));
  tools->addWidget(seen_, 1);
  tools->addStretch(0);
  tools->addWidget(regenerate_, 0, Qt::AlignRight);
  below->addLayout(tools);
  composer_ = new Composer(theme, workbench.places().data + QStringLiteral("/pictures"), this);
  below->addWidget(composer_);
  column->addLayout(below);
  column->addWidget(build_status());
  row->addLayout(column, 1);

  connect(composer_, &Composer::send, this, [this](const QString& text, const QStringList& images) {
    if (!images.isEmpty() && chat_->ready() && !chat_->ready()->takes_images) {
      banner_->show_message(Banner::Kind::WARNING,
                            tr("This model takes no pictures. Remove them, or choose a vision-language model."));
      return;
    }
    banner_->hide();
    const bool asked = edited_row_ >= 0 ? chat_->ask_again(edited_row_, text, images) : chat_->ask(text, images);
    if (!asked) return;
    edited_row_ = -1;
    composer_->clear();
  });
  connect(composer_, &Composer::edit_cancelled, this, [this] { edited_row_ = -1; });
  connect(view_, &ChatView::edit_wanted, this, [this](int row) {
    edited_row_ = row;
    composer_->begin_edit(chat_->model().at(row).text, chat_->model().at(row).images);
  });
  connect(view_, &ChatView::branch_wanted, this, [this](int row, int steps) {
    leave_edit();
    chat_->show_branch(row, steps);
  });
  connect(composer_, &Composer::attachments_changed, this, &ChatPage::show_seen);
  connect(seen_, &SeenStrip::fit_changed, this, [this] { chat_->set_picture_fit(seen_->fit()); });
  connect(composer_, &Composer::stop, chat_, &ChatController::stop);
  connect(composer_, &Composer::problem, this,
          [this](const QString& message) { banner_->show_message(Banner::Kind::WARNING, message); });
  connect(load_, &QPushButton::clicked, this, [this] { use_model(picker_->choice()); });
  connect(banner_, &Banner::action, this, [this] {
    banner_->hide();
    if (offers_reference_) {
      use_model({chat_->choice().path, QStringLiteral("reference"), false});
    } else {
      chat_->restart();
    }
  });
  connect(regenerate_, &QPushButton::clicked, this, [this] {
    leave_edit();
    chat_->regenerate();
  });
  connect(search_, &QLineEdit::textChanged, this, &ChatPage::refill_history);
  connect(new_, &QPushButton::clicked, this, [this] {
    leave_edit();
    chat_->new_chat();
    refill_history();
    composer_->edit()->setFocus();
  });
  connect(delete_, &QPushButton::clicked, this, [this] {
    leave_edit();
    if (QListWidgetItem* item = list_->currentItem()) chat_->remove_chat(item->data(Qt::UserRole).toLongLong());
  });
  const auto open_item = [this](QListWidgetItem* item) {
    if (item->data(Qt::UserRole).toLongLong() != chat_->chat_id()) {
      leave_edit();
      chat_->open_chat(item->data(Qt::UserRole).toLongLong());
    }
    refresh();
  };
  connect(list_, &QListWidget::itemClicked, this, open_item);
  connect(list_, &QListWidget::itemActivated, this, open_item);
  connect(chat_, &ChatController::activity_changed, this, &ChatPage::refresh);
  connect(chat_, &ChatController::status_changed, this, &ChatPage::refresh);
  connect(chat_, &ChatController::prompt_ready, this, &ChatPage::show_seen);
  connect(chat_, &ChatController::history_changed, this, &ChatPage::refill_history);
  connect(picker_, &ModelPicker::changed, this, &ChatPage::refresh);
  connect(&theme_, &Theme::changed, this, &ChatPage::restyle);
  if (!history_.notice().isEmpty()) banner_->show_message(Banner::Kind::WARNING, history_.notice());
  open_last_chat();
  refill_history();
  restyle();
  show_seen();
  refresh();
  watch_power();
}

void ChatPage::open_last_chat() {
  const auto last = static_cast<qint64>(workbench_.settings().number(QStringLiteral("chat/last"), 0));
  for (const ChatHeader& header : history_.chats()) {
    if (header.id == last) chat_->open_chat(last);
  }
}

void ChatPage::watch_power() {
  // Read on another thread: a sensor may take its time. The meter outlives the page while a reading is under way.
  auto* timer = new QTimer(this);
  timer->setInterval(1000);
  const auto meter = std::make_shared<std::pair<QMutex, PowerMeter>>();
  const auto clock = std::make_shared<QElapsedTimer>();
  clock->start();
  connect(timer, &QTimer::timeout, this, [this, meter, clock] {
    if (chat_->activity() != ChatController::Activity::ANSWERING) return;
    QPointer<ChatController> chat(chat_);
    QThreadPool::globalInstance()->start([chat, meter, clock] {
      const QMutexLocker lock(&meter->first);
      const std::optional<Power> power = meter->second.read(1e-3 * double(clock->elapsed()));
      if (!power) return;
      QMetaObject::invokeMethod(QCoreApplication::instance(), [chat, power = *power] {
        if (chat) chat->set_power(tr("%1 W (%2)").arg(QLocale().toString(power.watts, 'f', power.watts < 10 ? 1 : 0), power.source));
      });
    });
  });
  timer->start();
}

QWidget* ChatPage::build_side() {
  auto* side = new QFrame(this);
  side_ = side;
  side->setObjectName(QStringLiteral("side"));
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(kUnit + 4, 2 * kUnit, kUnit + 4, kUnit + 4);
  column->setSpacing(kUnit);
  new_ = new QPushButton(tr("New chat"), side);
  new_->setAccessibleName(tr("New chat"));
  list_ = new QListWidget(side);
  list_->setAccessibleName(tr("Earlier chats"));
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setTextElideMode(Qt::ElideRight);
  list_->setProperty("plain", true);
  delete_ = new QPushButton(tr("Delete chat"), side);
  delete_->setAccessibleName(tr("Delete the selected chat"));
  search_ = new QLineEdit(side);
  search_->setPlaceholderText(tr("Search chats"));
  search_->setAccessibleName(tr("Search chats"));
  search_->setClearButtonEnabled(true);
  column->addWidget(new_);
  column->addWidget(search_);
  column->addWidget(list_, 1);
  column->addWidget(delete_);
  setTabOrder(new_, search_);
  setTabOrder(search_, list_);
  setTabOrder(list_, delete_);
  return side;
}

QWidget* ChatPage::build_top() {
  auto* top = new QWidget(this);
  auto* row = new FlowLayout(top);
  row->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, kUnit);
  picker_ = new ModelPicker(workbench_, top);
  load_ = primary_button(tr("Load"), top);
  load_->setAccessibleName(tr("Load the model"));
  state_ = badge(tr("no model"), "plain", top);
  sampling_ = new QToolButton(top);
  sampling_->setText(tr("Sampling ▾"));
  sampling_->setAccessibleName(tr("Sampling"));
  sampling_->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(sampling_);
  auto* panel = new QWidgetAction(menu);
  panel->setDefaultWidget(sampling_panel());
  menu->addAction(panel);
  sampling_->setMenu(menu);
  row->add(picker_, 1, 26);
  row->add(load_);
  row->add(state_);
  row->add(sampling_);
  return top;
}

QWidget* ChatPage::sampling_panel() {
  auto* panel = new QWidget(this);
  auto* grid = new QGridLayout(panel);
  grid->setContentsMargins(kUnit + 4, kUnit, kUnit + 4, kUnit);
  grid->setSpacing(kUnit);
  temperature_ = new QDoubleSpinBox(panel);
  temperature_->setRange(0, 2);
  temperature_->setSingleStep(0.1);
  temperature_->setSpecialValueText(tr("0: always the likeliest"));
  top_p_ = new QDoubleSpinBox(panel);
  top_p_->setRange(0.05, 1);
  top_p_->setSingleStep(0.05);
  top_p_->setValue(1);
  max_tokens_ = new QSpinBox(panel);
  max_tokens_->setRange(1, 8192);
  max_tokens_->setValue(256);
  seed_ = new QSpinBox(panel);
  seed_->setRange(0, 1000000000);
  grid->addWidget(labelled(tr("Temperature"), temperature_, panel), 0, 0);
  grid->addWidget(labelled(tr("Top-p"), top_p_, panel), 0, 1);
  grid->addWidget(labelled(tr("Most tokens"), max_tokens_, panel), 1, 0);
  grid->addWidget(labelled(tr("Seed"), seed_, panel), 1, 1);
  system_ = new QPlainTextEdit(panel);
  system_->setTabChangesFocus(true);
  system_->setPlaceholderText(tr("Said to the model before every dialogue"));
  system_->setFixedHeight(theme_.scaled(64));
  grid->addWidget(labelled(tr("System prompt"), system_, panel), 2, 0, 1, 2);
  probabilities_ = new QCheckBox(tr("Keep token probabilities"), panel);
  probabilities_->setAccessibleName(probabilities_->text());
  probabilities_->setToolTip(tr("Shown under an answer, token by token. Costs a little speed."));
  grid->addWidget(probabilities_, 3, 0, 1, 2);
  kv_ = new QComboBox(panel);
  kv_->addItem(tr("16 bits"), 16);
  kv_->addItem(tr("8 bits: half the memory"), 8);
  kv_->setToolTip(tr("How the engine keeps the keys and values of what was said. Holds from the next loading of a model on."));
  grid->addWidget(labelled(tr("KV cache"), kv_, panel), 4, 0, 1, 2);
  Settings& settings = workbench_.settings();
  temperature_->setValue(settings.number(QStringLiteral("chat/temperature"), 0));
  top_p_->setValue(settings.number(QStringLiteral("chat/top_p"), 1));
  max_tokens_->setValue(int(settings.number(QStringLiteral("chat/max_tokens"), 256)));
  seed_->setValue(int(settings.number(QStringLiteral("chat/seed"), 0)));
  system_->setPlainText(settings.value(QStringLiteral("chat/system")));
  probabilities_->setChecked(settings.flag(QStringLiteral("chat/probabilities"), true));
  kv_->setCurrentIndex(kv_->findData(settings.kv_bits()));
  connect(kv_, &QComboBox::currentIndexChanged, this, [this] {
    workbench_.settings().set_kv_bits(kv_->currentData().toInt());
    refresh();  // the model that runs may be loaded anew
  });
  for (QDoubleSpinBox* box : {temperature_, top_p_}) connect(box, &QDoubleSpinBox::valueChanged, this, &ChatPage::apply_sampling);
  for (QSpinBox* box : {max_tokens_, seed_}) connect(box, &QSpinBox::valueChanged, this, &ChatPage::apply_sampling);
  connect(system_, &QPlainTextEdit::textChanged, this, &ChatPage::apply_sampling);
  connect(probabilities_, &QCheckBox::toggled, this, &ChatPage::apply_sampling);
  apply_sampling();
  return panel;
}

void ChatPage::apply_sampling() {
  SamplingParameters sampling;
  sampling.temperature = static_cast<float>(temperature_->value());
  sampling.top_p = static_cast<float>(top_p_->value());
  sampling.seed = static_cast<uint64_t>(seed_->value());
  chat_->set_sampling(sampling, max_tokens_->value());
  chat_->set_system_prompt(system_->toPlainText());
  chat_->set_wants_probabilities(probabilities_->isChecked());
  Settings& settings = workbench_.settings();
  settings.set_number(QStringLiteral("chat/temperature"), temperature_->value());
  settings.set_number(QStringLiteral("chat/top_p"), top_p_->value());
  settings.set_number(QStringLiteral("chat/max_tokens"), max_tokens_->value());
  settings.set_number(QStringLiteral("chat/seed"), seed_->value());
  settings.set_value(QStringLiteral("chat/system"), system_->toPlainText());
  settings.set_flag(QStringLiteral("chat/probabilities"), probabilities_->isChecked());
}

QWidget* ChatPage::build_status() {
  auto* strip = new QFrame(this);
  strip->setObjectName(QStringLiteral("status_strip"));
  auto* row = new QHBoxLayout(strip);
  row->setContentsMargins(3 * kUnit, 6, 3 * kUnit, 6);
  status_ = new StillLabel(strip);
  status_->setProperty("muted", true);
  status_->setAccessibleName(tr("What ran"));
  status_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row->addWidget(status_, 1);
  return strip;
}

void ChatPage::restyle() {
  const Palette& p = theme_.colors();
  side_->setFixedWidth(theme_.scaled(208));
  new_->setIcon(icon(QStringLiteral("plus"), p, 16));
  delete_->setIcon(icon(QStringLiteral("trash"), p, 16));
  regenerate_->setIcon(icon(QStringLiteral("again"), p, 16));
}

void ChatPage::use_model(const ChatModelChoice& choice) {
  picker_->choose(choice);
  banner_->hide();
  if (!picker_->choice().path.isEmpty()) chat_->load(picker_->choice());
}

void ChatPage::leave_edit() {
  if (edited_row_ < 0) return;
  edited_row_ = -1;
  composer_->clear();
}

void ChatPage::prepare_question(const QString& question, const QStringList& images) {
  leave_edit();
  chat_->new_chat();
  composer_->clear();
  composer_->edit()->setPlainText(question);
  composer_->attach(images);
  composer_->edit()->setFocus();
  refill_history();
}

void ChatPage::refill_history() {
  workbench_.settings().set_number(QStringLiteral("chat/last"), double(chat_->chat_id()));
  const QSignalBlocker quiet(list_);
  list_->clear();
  for (const ChatHeader& header : history_.chats(search_->text().trimmed())) {
    auto* item = new QListWidgetItem(header.title, list_);
    item->setData(Qt::UserRole, header.id);
    item->setToolTip(
        tr("%1\n%2, %3").arg(header.title, model_name(header.model), header.changed.toString(Qt::ISODate)));
    if (header.id == chat_->chat_id()) list_->setCurrentItem(item);
  }
  delete_->setEnabled(list_->currentItem() != nullptr);
}

void ChatPage::refresh() {
  show_seen();
  using Activity = ChatController::Activity;
  const Activity activity = chat_->activity();
  switch (activity) {
    case Activity::NO_MODEL:
      set_badge(state_, tr("no model"), "plain");
      break;
    case Activity::LOADING:
      set_badge(state_, tr("loading"), "accent");
      break;
    case Activity::READY:
      set_badge(state_, tr("ready"), "good");
      break;
    case Activity::ANSWERING:
      set_badge(state_, tr("answering"), "accent");
      break;
    case Activity::BROKEN:
      set_badge(state_, tr("stopped"), "bad");
      break;
  }
  view_->set_busy(activity == Activity::ANSWERING);
  composer_->set_answering(activity == Activity::ANSWERING);
  composer_->set_can_send(chat_->can_ask(),
                          activity == Activity::LOADING ? tr("The model is loading") : tr("Load a model first"));
  regenerate_->setVisible(chat_->can_regenerate());
  const bool other =
      !(picker_->choice() == chat_->choice()) || activity == Activity::NO_MODEL || activity == Activity::BROKEN;
  load_->setEnabled(other && activity != Activity::ANSWERING && activity != Activity::LOADING &&
                    !picker_->choice().path.isEmpty());
  new_->setEnabled(activity != Activity::ANSWERING);
  list_->setEnabled(activity != Activity::ANSWERING);
  delete_->setEnabled(activity != Activity::ANSWERING && list_->currentItem() != nullptr);
  status_->setText(activity == Activity::NO_MODEL ? tr("No model is loaded") : chat_->status_text());
  status_->setToolTip(status_->text());
  if (activity == Activity::BROKEN) {
    status_->setText(tr("The model is not running"));
    // A model that never came up on Vulkan is offered the other way to run it.
    offers_reference_ = !chat_->was_ready() && chat_->choice().backend == QLatin1String("vulkan");
    banner_->show_message(Banner::Kind::BAD, chat_->failure(),
                          offers_reference_ ? tr("Run on the reference") : tr("Restart"));
  }
  const bool ready = activity == Activity::READY || activity == Activity::ANSWERING;
  view_->set_empty_text(ready ? tr("Ask about a picture") : tr("Talk to a model about pictures"),
                        ready ? tr("Drop pictures anywhere on this page, paste them, or attach them below.")
                              : tr("Choose a model above and load it. Everything stays on this machine."));
}

void ChatPage::show_seen() {
  // What is being asked about; where nothing is, what was asked about last.
  QStringList pictures = composer_->attachments();
  int tokens = 0;
  if (const auto& prompt = chat_->prompt(); pictures.isEmpty() && prompt) {
    for (const SeenImage& image : prompt->images) {
      pictures << QString::fromStdString(image.path);
      tokens = image.tokens;
    }
    pictures.removeDuplicates();
  }
  const bool looks = chat_->ready() && chat_->ready()->takes_images;
  if (looks && tokens == 0 && workbench_.model() && workbench_.model()->path == chat_->choice().path) tokens = workbench_.model()->image_tokens;
  seen_->show_pictures(pictures, looks ? chat_->choice().path : QString(), tokens);
}

void ChatPage::dragEnterEvent(QDragEnterEvent* event) {
  // Pictures are this page's; a model is the window's to open.
  const QStringList files = local_files(event->mimeData());
  if (!files.isEmpty() && std::none_of(files.begin(), files.end(), looks_like_model)) event->acceptProposedAction();
}

void ChatPage::dropEvent(QDropEvent* event) {
  composer_->attach(local_files(event->mimeData()));
  composer_->edit()->setFocus();
  event->acceptProposedAction();
}

}  // namespace qvlm::studio
