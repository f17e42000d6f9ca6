// Cards, banners, headers.
#include "app/studio/views/widgets.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QResizeEvent>
#include <QStyle>
#include <QVBoxLayout>
#include <QVariant>
#include <algorithm>

#include "app/studio/style/theme.h"
#include "app/studio/views/flow_layout.h"

namespace qvlm::studio {

void set_style_property(QWidget* widget, const char* name, const QVariant& value) {
  if (widget->property(name) == value) return;
  widget->setProperty(name, value);
  widget->style()->unpolish(widget);
  widget->style()->polish(widget);
  widget->update();
}

Card::Card(const QString& title, QWidget* parent) : QFrame(parent) {
  setObjectName(QStringLiteral("card"));
  setAccessibleName(title);
  all_ = new QVBoxLayout(this);
  all_->setContentsMargins(2 * kUnit, kUnit + 4, 2 * kUnit, kUnit + 4);
  all_->setSpacing(kUnit);
  title_ = new QLabel(title, this);
  title_->setObjectName(QStringLiteral("card_title"));
  title_->setVisible(!title.isEmpty());
  body_ = new QVBoxLayout;
  body_->setSpacing(kUnit);
  all_->addLayout(body_, 1);
  if (!title.isEmpty()) header();
}

QHBoxLayout* Card::header() {
  if (header_ == nullptr) {
    header_ = new QHBoxLayout;
    header_->setSpacing(kUnit);
    header_->addWidget(title_);
    header_->addStretch(1);
    all_->insertLayout(0, header_);
  }
  return header_;
}

void Card::set_title(const QString& title) {
  if (!title.isEmpty()) header();
  title_->setText(title);
  title_->setVisible(!title.isEmpty());
  setAccessibleName(title);
}

Banner::Banner(QWidget* parent) : QFrame(parent) {
  setObjectName(QStringLiteral("banner"));
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kUnit, kUnit, kUnit, kUnit);
  row->setSpacing(kUnit);
  label_ = new QLabel(this);
  label_->setWordWrap(true);
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  label_->setAccessibleName(tr("Message"));
  label_->setTextFormat(Qt::PlainText);
  action_ = new QPushButton(this);
  close_ = new QToolButton(this);
  close_->setText(QStringLiteral("✕"));
  close_->setAccessibleName(tr("Dismiss the message"));
  close_->setToolTip(tr("Dismiss"));
  row->addWidget(label_, 1);
  row->addWidget(action_);
  row->addWidget(close_);
  connect(action_, &QPushButton::clicked, this, &Banner::action);
  connect(close_, &QToolButton::clicked, this, &QWidget::hide);
  hide();
}

void Banner::show_message(Kind kind, const QString& text, const QString& action) {
  static constexpr const char* kKinds[] = {"info", "good", "warning", "bad"};
  set_style_property(this, "kind", QString::fromLatin1(kKinds[static_cast<int>(kind)]));
  label_->setText(text);
  action_->setText(action);
  action_->setAccessibleName(action);
  action_->setVisible(!action.isEmpty());
  setVisible(!text.isEmpty());
}

PageHeader::PageHeader(const QString& title, const QString& subtitle, QWidget* parent) : QWidget(parent) {
  auto* row = new FlowLayout(this);
  auto* text = new QVBoxLayout;
  text->setSpacing(2);
  auto* heading = new QLabel(title, this);
  heading->setObjectName(QStringLiteral("page_title"));
  subtitle_ = new QLabel(subtitle, this);
  subtitle_->setObjectName(QStringLiteral("page_subtitle"));
  subtitle_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
  subtitle_->setTextFormat(Qt::PlainText);
  subtitle_->setWordWrap(true);
  text->addWidget(heading);
  text->addWidget(subtitle_);
  row->add(text, 1, 12);
  actions_ = new FlowLayout;
  row->add(actions_);
}

StillLabel::StillLabel(QWidget* parent) : QLabel(parent) {
  setWordWrap(true);
}

QSize StillLabel::sizeHint() const {
  int width = 0;
  for (const QString& line : text().split(QLatin1Char('\n'))) width = std::max(width, fontMetrics().horizontalAdvance(line));
  return {width + 2, heightForWidth(width + 2)};
}

QSize StillLabel::minimumSizeHint() const { return {std::min(sizeHint().width(), 6 * fontMetrics().lineSpacing()), fontMetrics().height()}; }

int StillLabel::heightForWidth(int width) const { return std::max(QLabel::heightForWidth(width), width == this->width() ? highest_ : 0); }

void StillLabel::resizeEvent(QResizeEvent* event) {
  if (event->size().width() != event->oldSize().width()) highest_ = 0;
  highest_ = std::max(highest_, QLabel::heightForWidth(width()));
  QLabel::resizeEvent(event);
}

void StillLabel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) highest_ = 0;
  QLabel::changeEvent(event);
}

QString unbroken(QString text) { return text.replace(QLatin1String(" %"), QStringLiteral("\u00a0%")); }

QFont small_font(const QWidget& widget, double share) {
  QFont font = widget.font();
  font.setPointSizeF(share * font.pointSizeF());
  return font;
}

QLabel* muted_label(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setProperty("muted", true);
  label->setWordWrap(true);
  return label;
}

QLabel* badge(const QString& text, const char* kind, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setObjectName(QStringLiteral("badge"));
  label->setProperty("kind", QString::fromLatin1(kind));
  label->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Maximum);
  return label;
}

void set_badge(QLabel* badge, const QString& text, const char* kind) {
  badge->setText(text);
  set_style_property(badge, "kind", QString::fromLatin1(kind));
}

QPushButton* primary_button(const QString& text, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setProperty("primary", true);
  button->setAccessibleName(text);
  return button;
}

QWidget* labelled(const QString& caption, QWidget* control, QWidget* parent) {
  auto* box = new QWidget(parent);
  auto* column = new QVBoxLayout(box);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  auto* label = new QLabel(caption, box);
  label->setObjectName(QStringLiteral("field_label"));
  label->setBuddy(control);
  control->setAccessibleName(caption);
  column->addWidget(label);
  column->addWidget(control);
  return box;
}

}  // namespace qvlm::studio
