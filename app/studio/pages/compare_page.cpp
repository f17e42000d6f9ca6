// Two columns, the question above them, what they have in common beneath.
#include "app/studio/pages/compare_page.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "app/studio/models/chat_controller.h"
#include "app/studio/models/compare_controller.h"
#include "app/studio/models/workbench.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/composer.h"
#include "app/studio/views/fields.h"
#include "app/studio/views/flow_layout.h"
#include "app/studio/views/message_bubble.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

/// The answer with the first token that differs marked, and all behind it in the secondary colour.
QString marked_html(const std::vector<AnswerToken>& tokens, const std::optional<int>& parted, const Palette& p) {
  QString same, mark, rest;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const int at = static_cast<int>(i);
    (!parted || at < *parted ? same : at == *parted ? mark : rest) += tokens[i].text;
  }
  const auto html = [](const QString& text) {
    return text.toHtmlEscaped().replace(QLatin1Char('\n'), QLatin1String("<br>"));
  };
  QString out = html(same);
  if (!mark.isEmpty()) {
    out += QStringLiteral("<span style=\"background:%1; color:%2; font-weight:600\">%3</span>")
               .arg(p.warning_soft.name(), p.warning.name(), html(mark));
  }
  if (!rest.isEmpty()) out += QStringLiteral("<span style=\"color:%1\">%2</span>").arg(p.muted.name(), html(rest));
  return QStringLiteral("<div style=\"line-height:135%; white-space:pre-wrap\">") + out + QStringLiteral("</div>");
}

}  // namespace

ComparePage::ComparePage(Workbench& workbench, const Theme& theme, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      theme_(theme),
      compare_(new CompareController(workbench.places().command, this)) {
  setObjectName(QStringLiteral("page"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  column->setSpacing(kUnit + 4);
  auto* header = new PageHeader(
      tr("Compare"), tr("One question to two models. Both choose the likeliest token: what differs is theirs."), this);
  in_turn_ = new QCheckBox(tr("One after the other"), this);
  in_turn_->setToolTip(tr("The second is asked when the first has ended, so that neither slows the other"));
  unload_ = new QPushButton(tr("Unload both"), this);
  unload_->setAccessibleName(tr("Unload both models"));
  header->actions()->addWidget(in_turn_);
  header->actions()->addWidget(unload_);
  column->addWidget(header);
  banner_ = new Banner(this);
  column->addWidget(banner_);
  question_box_ = new QWidget(this);
  auto* asked = new QHBoxLayout(question_box_);
  asked->setContentsMargins(0, 0, 0, 0);
  asked->setSpacing(kUnit + 4);
  question_pictures_ = new QHBoxLayout;
  question_pictures_->setSpacing(kUnit);
  question_ = new QLabel(question_box_);
  question_->setObjectName(QStringLiteral("step_title"));
  question_->setTextFormat(Qt::PlainText);
  question_->setWordWrap(true);
  question_->setAccessibleName(tr("The question"));
  asked->addLayout(question_pictures_);
  asked->addWidget(question_, 1);
  question_box_->hide();
  column->addWidget(question_box_);
  auto* row = new QHBoxLayout;
  row->setSpacing(kUnit + 4);
  for (int side = 0; side < 2; ++side) row->addWidget(build_column(side), 1);
  column->addLayout(row, 1);
  auto* beneath = new QVBoxLayout;
  beneath->setSpacing(2);
  verdict_ = new QLabel(this);
  verdict_->setObjectName(QStringLiteral("step_title"));
  verdict_->setAccessibleName(tr("Agreement"));
  verdict_->setTextFormat(Qt::PlainText);
  verdict_->setWordWrap(true);
  speeds_ = muted_label({}, this);
  speeds_->setAccessibleName(tr("Speeds"));
  beneath->addWidget(verdict_);
  beneath->addWidget(speeds_);
  column->addLayout(beneath);
  composer_ = new Composer(theme, workbench.places().data + QStringLiteral("/pictures"), this);
  column->addWidget(composer_);

  connect(composer_, &Composer::send, this, &ComparePage::ask);
  connect(composer_, &Composer::stop, compare_, &CompareController::stop);
  connect(composer_, &Composer::problem, this,
          [this](const QString& message) { banner_->show_message(Banner::Kind::WARNING, message); });
  connect(unload_, &QPushButton::clicked, compare_, &CompareController::unload);
  connect(compare_, &CompareController::changed, this, &ComparePage::refresh);
  connect(&workbench_, &Workbench::models_changed, this, &ComparePage::choose_second);
  connect(&theme_, &Theme::changed, this, &ComparePage::refresh);
  choose_second();
  refresh();
}

QWidget* ComparePage::build_column(int side) {
  Column& made = columns_[static_cast<size_t>(side)];
  const QString letter = side == 0 ? tr("A") : tr("B");
  auto* card = new Card(letter, this);
  card->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  made.badge = badge(tr("not loaded"), "plain", card);
  card->header()->addWidget(made.badge);
  made.picker = new ModelPicker(workbench_, card);
  made.picker->models()->setAccessibleName(tr("Model %1").arg(letter));
  made.picker->backends()->setAccessibleName(tr("Model %1 runs on").arg(letter));
  card->body()->addWidget(made.picker);
  auto* scroll = new QScrollArea(card);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  made.answer = new QLabel(scroll);
  made.answer->setAccessibleName(tr("Answer of model %1").arg(letter));
  made.answer->setWordWrap(true);
  made.answer->setTextFormat(Qt::RichText);
  made.answer->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  made.answer->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  made.answer->setMargin(4);
  scroll->setWidget(made.answer);
  card->body()->addWidget(scroll, 1);
  made.note = muted_label({}, card);
  made.note->setTextFormat(Qt::PlainText);
  made.note->setAccessibleName(tr("What ran, model %1").arg(letter));
  card->body()->addWidget(made.note);
  connect(made.picker, &ModelPicker::changed, this, [this] {
    if (composer_ != nullptr) refresh();
  });
  return card;
}

void ComparePage::choose_second() {
  // The usual question is full precision against quantized: that is what stands there first.
  if (picker(1)->choice().path != picker(0)->choice().path) return;
  for (const QString& path : workbench_.models()) {
    if (is_quantized(path)) {
      picker(1)->choose({path, QStringLiteral("vulkan"), false});
      return;
    }
  }
}

void ComparePage::prepare_question(const QString& question, const QStringList& images) {
  composer_->clear();
  composer_->edit()->setPlainText(question);
  composer_->attach(images);
  composer_->edit()->setFocus();
}

void ComparePage::ask(const QString& text, const QStringList& images) {
  banner_->hide();
  if (!compare_->ask(picker(0)->choice(), picker(1)->choice(), text, images, in_turn_->isChecked())) return;
  while (QLayoutItem* item = question_pictures_->takeAt(0)) {
    delete item->widget();
    delete item;
  }
  for (const QString& image : images) question_pictures_->addWidget(new Thumbnail(image, 64, question_box_));
  question_->setText(text.trimmed());
  question_box_->show();
  composer_->clear();
  refresh();
}

void ComparePage::refresh() {
  using Activity = CompareSide::Activity;
  const TokenComparison compared = compare_->comparison();
  for (int i = 0; i < 2; ++i) {
    const CompareSide& side = compare_->side(i);
    const Column& column = columns_[static_cast<size_t>(i)];
    switch (side.activity()) {
      case Activity::EMPTY:
        set_badge(column.badge, tr("not loaded"), "plain");
        break;
      case Activity::LOADING:
        set_badge(column.badge, tr("loading"), "accent");
        break;
      case Activity::READY:
        set_badge(column.badge, tr("ready"), "good");
        break;
      case Activity::ANSWERING:
        set_badge(column.badge, tr("answering"), "accent");
        break;
      case Activity::BROKEN:
        set_badge(column.badge, tr("stopped"), "bad");
        break;
    }
    const QString text = marked_html(side.tokens(), compared.parted, theme_.colors());
    if (column.answer->text() != text) column.answer->setText(text);
    QString note;
    if (!side.failure().isEmpty()) {
      note = side.failure();
    } else if (side.finished()) {
      const GeneratorInfo& info = side.finished()->info;
      note = tr("%1  ·  %2 bits a weight\n%3")
                 .arg(QString::fromStdString(info.device.empty() ? info.backend : info.device))
                 .arg(info.weight_bits, 0, 'f', info.weight_bits == 16 ? 0 : 2)
                 .arg(statistics_text(*side.finished(), nullptr));
    } else if (side.activity() == Activity::LOADING) {
      note = tr("The model is loading");
    } else if (side.activity() == Activity::EMPTY) {
      note = tr("The model is loaded when the first question is asked.");
    }
    column.note->setText(note);
    column.picker->setEnabled(!compare_->busy());
  }
  verdict_->setText(compare_->verdict());
  verdict_->setVisible(!verdict_->text().isEmpty());
  speeds_->setText(compare_->speeds());
  speeds_->setVisible(!speeds_->text().isEmpty());
  const bool chosen = !picker(0)->choice().path.isEmpty() && !picker(1)->choice().path.isEmpty();
  composer_->set_answering(compare_->busy());
  composer_->set_can_send(chosen && !compare_->busy(), tr("Open a model first"));
  in_turn_->setEnabled(!compare_->busy());
  unload_->setEnabled(!compare_->busy() && (compare_->side(0).activity() == Activity::READY ||
                                            compare_->side(1).activity() == Activity::READY));
}

}  // namespace qvlm::studio
