// To the left what can be opened, to the right what is open.
#include "app/studio/pages/model_page.h"

#include <QDir>
#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QListWidget>
#include <QLocale>
#include <QMimeData>
#include <QVBoxLayout>

#include "app/studio/models/groups_table_model.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/icons.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/picture_loader.h"
#include "app/studio/views/table_view.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kSample = 168;  // pixels a side of the sample pictures
// Least widths in heights of a line of text: what can be opened, what is open, each half of its details, a fact, a step to try.
constexpr int kLeftLines = 17, kRightLines = 30, kHalfLines = 24, kFactLines = 11, kStepLines = 13;

QLabel* picture_label(const QString& name, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setFixedSize(kSample, kSample);
  label->setAlignment(Qt::AlignCenter);
  label->setAccessibleName(name);
  return label;
}

}  // namespace

ModelPage::ModelPage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent), workbench_(workbench), theme_(theme) {
  setObjectName(QStringLiteral("page"));
  setAcceptDrops(true);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(2 * kUnit);
  header_ = new PageHeader(
      tr("Model"), tr("Open a vision-language model: a Hugging Face folder, a .qvlm folder or a GGUF file"), this);
  to_chat_ = new QPushButton(tr("Chat"), this);
  to_chat_->setAccessibleName(tr("Chat with this model"));
  to_quantize_ = primary_button(tr("Quantize"), this);
  to_quantize_->setAccessibleName(tr("Quantize this model"));
  header_->actions()->addWidget(to_chat_);
  header_->actions()->addWidget(to_quantize_);
  column->addWidget(header_);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  auto* row = new FlowLayout;
  row->setSpacing(2 * kUnit);
  row->add(build_left(), 0, kLeftLines);
  row->add(build_right(), 1, kRightLines);
  column->addLayout(row, 1);

  connect(to_quantize_, &QPushButton::clicked, this, &ModelPage::quantize_requested);
  connect(to_chat_, &QPushButton::clicked, this, &ModelPage::chat_requested);
  connect(&workbench_, &Workbench::opening_started, this, [this](const QString& path) {
    header_->set_subtitle(tr("Opening %1 …").arg(path));
    banner_->hide();
  });
  connect(&workbench_, &Workbench::model_opened, this, &ModelPage::show_model);
  connect(&workbench_, &Workbench::models_changed, this, &ModelPage::refill_recent);
  connect(&workbench_, &Workbench::open_failed, this, [this](const QString& message) {
    header_->set_subtitle(tr("No model is open"));
    banner_->show_message(Banner::Kind::BAD, message);
  });
  connect(&theme_, &Theme::changed, this, &ModelPage::restyle);
  to_quantize_->setEnabled(false);
  to_chat_->setEnabled(false);
  refill_recent();
  restyle();
}

QWidget* ModelPage::build_left() {
  auto* left = new QWidget(this);
  auto* column = new QVBoxLayout(left);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2 * kUnit);
  open_card_ = new Card(tr("Open"), left);
  auto* hint = muted_label(tr("Drop a model folder anywhere on this page, or choose one."), open_card_);
  open_ = new QPushButton(tr("Open a folder …"), open_card_);
  open_->setAccessibleName(tr("Open a model folder"));
  demo_ = new QPushButton(tr("Open the demo model"), open_card_);
  demo_->setAccessibleName(tr("Open the demo model"));
  demo_->setEnabled(!workbench_.places().demo_model.isEmpty());
  demo_->setToolTip(demo_->isEnabled() ? workbench_.places().demo_model
                                       : tr("The demo model is not in this installation"));
  open_card_->body()->addWidget(hint);
  open_card_->body()->addWidget(open_);
  open_card_->body()->addWidget(demo_);
  column->addWidget(open_card_);
  auto* recent_card = new Card(tr("Recent"), left);
  recent_ = new QListWidget(recent_card);
  recent_->setAccessibleName(tr("Recent models"));
  recent_->setProperty("plain", true);
  recent_->setTextElideMode(Qt::ElideMiddle);
  recent_card->body()->addWidget(recent_, 1);
  column->addWidget(recent_card, 1);
  connect(open_, &QPushButton::clicked, this, &ModelPage::choose_folder);
  connect(demo_, &QPushButton::clicked, this, [this] { workbench_.open(workbench_.places().demo_model); });
  const auto open_item = [this](QListWidgetItem* item) { workbench_.open(item->data(Qt::UserRole).toString()); };
  connect(recent_, &QListWidget::itemActivated, this, open_item);
  connect(recent_, &QListWidget::itemClicked, this, open_item);
  return left;
}

QWidget* ModelPage::build_right() {
  auto* right = new QWidget(this);
  right->setObjectName(QStringLiteral("transparent"));
  auto* column = new QVBoxLayout(right);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(2 * kUnit);

  column->addWidget(welcome_ = build_welcome(right));

  summary_ = new QWidget(right);
  auto* all = new QVBoxLayout(summary_);
  all->setContentsMargins(0, 0, 0, 0);
  all->setSpacing(2 * kUnit);
  auto* facts_card = new Card(tr("Summary"), summary_);
  facts_ = new FlowLayout;
  facts_->setSpacing(kUnit + 4);
  facts_->set_columns(3, kFactLines);
  facts_card->body()->addLayout(facts_);
  notes_ = muted_label({}, facts_card);
  facts_card->body()->addWidget(notes_);
  all->addWidget(facts_card);
  auto* lower = new FlowLayout;
  lower->setSpacing(2 * kUnit);
  lower->set_columns(2, kHalfLines);
  auto* groups_card = new Card(tr("Legal group sizes"), summary_);
  groups_ = new GroupsTableModel(this);
  groups_view_ = new TableView(groups_, tr("Legal group sizes of the tensors"), GroupsTableModel::GROUPS, groups_card);
  groups_card->body()->addWidget(groups_view_);
  lower->add(groups_card);
  auto* sample_card = new Card(tr("What the model sees"), summary_);
  auto* pictures = new QHBoxLayout;
  pictures->setSpacing(kUnit);
  sample_file_ = picture_label(tr("The picture"), sample_card);
  sample_seen_ = picture_label(tr("The picture as the model sees it"), sample_card);
  for (const auto& [picture, caption] :
       {std::pair(sample_file_, tr("The file")), {sample_seen_, tr("What the model gets")}}) {
    auto* captioned = new QVBoxLayout;
    captioned->setSpacing(4);
    auto* words = new QLabel(caption, sample_card);
    words->setObjectName(QStringLiteral("field_label"));
    words->setWordWrap(true);
    captioned->addWidget(picture);
    captioned->addWidget(words);
    pictures->addLayout(captioned);
  }
  pictures->addStretch(1);
  sample_card->body()->addLayout(pictures);
  sample_text_ = muted_label({}, sample_card);
  sample_card->body()->addWidget(sample_text_);
  other_picture_ = new QPushButton(tr("Another picture …"), sample_card);
  other_picture_->setAccessibleName(tr("Show another picture as the model sees it"));
  sample_card->body()->addWidget(other_picture_, 0, Qt::AlignLeft);
  sample_card->body()->addStretch(1);
  lower->add(sample_card);
  all->addLayout(lower, 1);
  summary_->hide();
  column->addWidget(summary_, 1);
  column->addStretch(0);
  connect(other_picture_, &QPushButton::clicked, this, [this] {
    const QString picture = QFileDialog::getOpenFileName(this, tr("Picture"), workbench_.places().demo_images,
                                                         tr("Pictures (%1);;All files (*)").arg(picture_filter()));
    if (!picture.isEmpty()) show_sample(picture);
  });
  return right;
}

QWidget* ModelPage::build_welcome(QWidget* parent) {
  auto* card = new Card({}, parent);
  card->setAccessibleName(tr("Three steps to try"));
  auto* title = new QLabel(tr("Tune a vision-language model by eye, then talk to it"), card);
  title->setObjectName(QStringLiteral("hero"));
  title->setWordWrap(true);
  card->body()->addWidget(title);
  card->body()->addWidget(muted_label(
      tr("Three steps, with the small demo model that comes with the studio. Everything stays on this machine."),
      card));
  card->body()->addSpacing(kUnit);
  struct Step {
    QString name, text, button;
  };
  const Step steps[] = {{tr("Ask it about a picture"), tr("It knows shapes, colours, counts, places and words, and answers in English."), tr("Ask")},
                        {tr("Quantize it to 4 bits"), tr("Watch entropy, blocks and errors as they are measured; drag the blocks' borders."), tr("Quantize")},
                        {tr("Compare the two"), tr("One question to both: see the first token where the answers part."), tr("Compare")}};
  auto* columns = new FlowLayout;
  columns->setSpacing(3 * kUnit);
  columns->set_columns(3, kStepLines);
  int number = 0;
  for (const auto& [name, text, action] : steps) {
    auto* head = new QHBoxLayout;
    head->setSpacing(kUnit);
    auto* badge = new QLabel(QString::number(number + 1), card);
    badge->setObjectName(QStringLiteral("step_number"));
    badge->setMinimumSize(28, 28);
    badge->setAlignment(Qt::AlignCenter);
    auto* heading = new QLabel(name, card);
    heading->setObjectName(QStringLiteral("step_title"));
    heading->setWordWrap(true);
    head->addWidget(badge, 0, Qt::AlignTop);
    head->addWidget(heading, 1);
    auto* words = muted_label(text, card);
    words->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    auto* button = new QPushButton(action, card);
    button->setAccessibleName(name);
    button->setEnabled(false);
    button->setToolTip(tr("Open the demo model first"));
    connect(button, &QPushButton::clicked, this, [this, number] { Q_EMIT first_step(number); });
    steps_.push_back(button);
    auto* all = new QVBoxLayout;
    all->setSpacing(6);
    all->addLayout(head);
    all->addWidget(words, 1);
    all->addWidget(button, 0, Qt::AlignLeft);
    columns->add(all);
    ++number;
  }
  card->body()->addLayout(columns);
  auto* last = new QHBoxLayout;
  try_demo_ = primary_button(tr("Open the demo model"), card);
  try_demo_->setEnabled(demo_->isEnabled());
  try_demo_->setToolTip(demo_->toolTip());
  hide_steps_ = new QPushButton(tr("Hide these steps"), card);
  hide_steps_->setAccessibleName(hide_steps_->text());
  hide_steps_->setProperty("flat", true);
  hide_steps_->hide();
  connect(try_demo_, &QPushButton::clicked, demo_, &QPushButton::click);
  connect(hide_steps_, &QPushButton::clicked, this, [this] {
    workbench_.settings().set_flag(QStringLiteral("first_steps/hidden"), true);
    show_first_steps();
  });
  last->addWidget(try_demo_);
  last->addWidget(hide_steps_);
  last->addStretch(1);
  card->body()->addLayout(last);
  return card;
}

void ModelPage::show_first_steps() {
  const bool open = workbench_.model().has_value();
  const bool demo = open && workbench_.model()->path == workbench_.places().demo_model;
  welcome_->setVisible(!open || (demo && !workbench_.settings().flag(QStringLiteral("first_steps/hidden"), false)));
  for (QPushButton* button : steps_) {
    button->setEnabled(demo);
    button->setToolTip(demo ? QString() : tr("Open the demo model first"));
  }
  try_demo_->setVisible(!open);
  hide_steps_->setVisible(open);
}

void ModelPage::restyle() {
  open_->setIcon(icon(QStringLiteral("folder"), theme_.colors(), 16));
  to_quantize_->setIcon(icon_on_accent(QStringLiteral("quantize"), theme_.colors()));
  to_chat_->setIcon(icon(QStringLiteral("chat"), theme_.colors(), 16));
}

void ModelPage::choose_folder() {
  const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a model folder"), QDir::homePath());
  if (!folder.isEmpty()) workbench_.open(folder);
}

void ModelPage::refill_recent() {
  recent_->clear();
  for (const QString& path : workbench_.settings().recent_models()) {
    auto* item =
        new QListWidgetItem(is_quantized(path) ? tr("%1 (quantized)").arg(model_name(path)) : model_name(path), recent_);
    item->setData(Qt::UserRole, path);
    item->setToolTip(path);
  }
  if (recent_->count() == 0) {
    auto* none = new QListWidgetItem(tr("Models that you open appear here"), recent_);
    none->setFlags(Qt::NoItemFlags);
  }
}

QLabel* ModelPage::summary_label(const QString& name) const {
  return findChild<QLabel*>(QStringLiteral("fact_") + name);
}

void ModelPage::show_model() {
  const ModelSummary& model = *workbench_.model();
  const QLocale locale;
  header_->set_subtitle(model.path);
  show_first_steps();
  summary_->show();
  to_quantize_->setEnabled(!model.quantized());
  to_quantize_->setToolTip(model.quantized() ? tr("This model is quantized already") : QString());
  to_chat_->setEnabled(true);
  while (QLayoutItem* item = facts_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  const auto fact = [&](const QString& key, const QString& caption, const QString& value) {
    auto* box = new QWidget(summary_);
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    auto* small = new QLabel(caption, box);
    small->setObjectName(QStringLiteral("field_label"));
    auto* large = new QLabel(value, box);
    large->setObjectName(QStringLiteral("fact_") + key);
    large->setProperty("fact", true);
    large->setWordWrap(true);
    large->setTextInteractionFlags(Qt::TextSelectableByMouse);
    large->setAccessibleName(caption);
    column->addWidget(small);
    column->addWidget(large);
    column->addStretch(1);
    facts_->add(box);
  };
  fact(QStringLiteral("name"), tr("Name"), model_name(model.path));
  fact(QStringLiteral("family"), tr("Family"), model.family);
  fact(QStringLiteral("parameters"), tr("Parameters"), count_text(model.parameters));
  fact(QStringLiteral("decoder"), tr("Decoder"), tr("%1 layers × %2").arg(model.layers).arg(model.hidden));
  fact(QStringLiteral("sites"), tr("Activation sites"), QString::number(model.sites));
  fact(QStringLiteral("context"), tr("Context"), tr("%1 tokens").arg(locale.toString(model.context_length)));
  fact(QStringLiteral("tower"), tr("Vision tower"),
       model.has_vision ? tr("%1 layers × %2").arg(model.vision_layers).arg(model.vision_hidden)
                        : tr("none: text only"));
  if (model.has_vision) {
    fact(QStringLiteral("picture"), tr("Picture"),
         tr("%1 × %1 px, %2 tokens").arg(model.image_size).arg(model.image_tokens));
  }
  fact(QStringLiteral("size"), tr("On disk"),
       tr("%1, %2 bits a weight").arg(bytes_text(model.stored_bytes), locale.toString(model.stored_bits, 'g', 3)));
  notes_->setText(notes_text(model));
  notes_->setVisible(!model.notes.isEmpty());
  groups_->set_rows(model.legal_groups);
  const QStringList pictures = workbench_.sample_pictures();
  if (model.has_vision && !pictures.isEmpty()) {
    show_sample(pictures.first());
  } else {
    sample_text_->setText(model.has_vision ? tr("Choose a picture to see it with the model's eyes.")
                                           : tr("This model takes no pictures."));
  }
  other_picture_->setEnabled(model.has_vision);
}

void ModelPage::show_sample(const QString& picture) {
  const qreal ratio = devicePixelRatioF();
  const QSize box(static_cast<int>(kSample * ratio), static_cast<int>(kSample * ratio));
  const auto put = [ratio, box](QLabel* label, QImage image, Qt::TransformationMode mode) {
    image = image.scaled(box, Qt::KeepAspectRatio, mode);
    QPixmap pixmap = QPixmap::fromImage(image);
    pixmap.setDevicePixelRatio(ratio);
    label->setPixmap(pixmap);
  };
  sample_text_->setText(tr("Reading %1 …").arg(QFileInfo(picture).fileName()));
  load_picture(picture, box, this, [this, put](const LoadedPicture& loaded) {
    if (!loaded.image.isNull()) put(sample_file_, loaded.image, Qt::SmoothTransformation);
  });
  load_seen_picture(picture, workbench_.model()->path, this, [this, put, picture](const LoadedPicture& loaded) {
    if (loaded.image.isNull()) {
      sample_text_->setText(loaded.error);
      return;
    }
    put(sample_seen_, loaded.image, Qt::FastTransformation);
    sample_text_->setText(tr("%1: %2 × %3 pixels, seen as %4 × %5 (%6), %7 tokens")
                              .arg(QFileInfo(picture).fileName())
                              .arg(loaded.size.width())
                              .arg(loaded.size.height())
                              .arg(loaded.image.width())
                              .arg(loaded.image.height())
                              .arg(workbench_.model()->image_fit)
                              .arg(workbench_.model()->image_tokens));
  });
}

void ModelPage::dragEnterEvent(QDragEnterEvent* event) {
  if (!event->mimeData()->hasUrls()) return;
  set_style_property(open_card_, "target", true);
  event->acceptProposedAction();
}

void ModelPage::dragLeaveEvent(QDragLeaveEvent*) {
  set_style_property(open_card_, "target", false);
}

void ModelPage::dropEvent(QDropEvent* event) {
  set_style_property(open_card_, "target", false);
  const QList<QUrl> urls = event->mimeData()->urls();
  // Pictures, and several things at once, are the window's to open.
  if (urls.size() != 1 || !urls.first().isLocalFile() || looks_like_picture(urls.first().toLocalFile())) return event->ignore();
  event->acceptProposedAction();
  workbench_.open(urls.first().toLocalFile());
}

}  // namespace qvlm::studio
