// While an answer streams, only the part that grew is laid out again.
#include "app/studio/views/answer_text.h"

#include <QAbstractButton>
#include <QClipboard>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTextDocument>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

namespace qvlm::studio {

namespace {

constexpr int kWidest = 620;  // pixels of a line of text

/// As wide as its longest line where there is room, scrolled where there is not.
class CodeText : public QPlainTextEdit {
 public:
  using QPlainTextEdit::QPlainTextEdit;
  QSize sizeHint() const override { return {wanted_, QPlainTextEdit::sizeHint().height()}; }
  void set_wanted(int width) {
    wanted_ = width;
    updateGeometry();
  }

 private:
  int wanted_ = 220;
};

}  // namespace

void copy_with(QWidget* button, const QString& text) {
  QGuiApplication::clipboard()->setText(text);
  auto* face = qobject_cast<QAbstractButton*>(button);
  if (face == nullptr || face->property("copied").toBool()) return;
  const QString before = face->text();
  face->setProperty("copied", true);
  face->setText(AnswerText::tr("Copied"));
  QTimer::singleShot(1500, face, [face, before] {
    face->setText(before);
    face->setProperty("copied", false);
  });
}

WrappingLabel::WrappingLabel(Qt::TextFormat format, QWidget* parent) : QLabel(parent) {
  setWordWrap(true);
  setTextFormat(format);
  setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void WrappingLabel::forget_if_changed() const {
  if (measured_text_ == text() && measured_font_ == font()) return;
  measured_text_ = text();
  measured_font_ = font();
  hint_ = QSize();
  heights_.clear();
}

int WrappingLabel::heightForWidth(int width) const {
  forget_if_changed();
  const auto [found, added] = heights_.try_emplace(width, 0);
  if (added) found->second = QLabel::heightForWidth(width);
  return found->second;
}

QSize WrappingLabel::sizeHint() const {
  forget_if_changed();
  if (hint_.isValid()) return hint_;
  int width = 0;
  if (textFormat() == Qt::PlainText) {
    width = fontMetrics().boundingRect(QRect(0, 0, kWidest, 100000), Qt::TextWordWrap, text()).width() + 4;
  } else {
    QTextDocument document;
    document.setDefaultFont(font());
    document.setDocumentMargin(0);
    document.setHtml(text());
    document.setTextWidth(kWidest);
    width = static_cast<int>(std::ceil(document.idealWidth())) + 4;
  }
  width = std::min(kWidest, width);
  return hint_ = {width, heightForWidth(width)};
}

QSize WrappingLabel::minimumSizeHint() const {
  return {std::min(sizeHint().width(), 80), fontMetrics().height()};
}

CodeBlock::CodeBlock(const MarkdownPart& part, QWidget* parent)
    : QFrame(parent),
      language_(new QLabel(this)),
      copy_(new QPushButton(tr("Copy"), this)),
      text_(new CodeText(this)) {
  setObjectName(QStringLiteral("code"));
  language_->setObjectName(QStringLiteral("field_label"));
  copy_->setProperty("flat", true);
  copy_->setAccessibleName(tr("Copy the code"));
  text_->setAccessibleName(tr("Code"));
  text_->setReadOnly(true);
  text_->setLineWrapMode(QPlainTextEdit::NoWrap);
  text_->setFrameShape(QFrame::NoFrame);
  text_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  text_->setTabChangesFocus(true);
  QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  fixed.setPointSizeF(0.95 * font().pointSizeF());
  text_->document()->setDefaultFont(fixed);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  auto* head = new QHBoxLayout;
  head->setContentsMargins(12, 2, 4, 0);
  head->addWidget(language_, 1);
  head->addWidget(copy_);
  column->addLayout(head);
  column->addWidget(text_);
  connect(copy_, &QPushButton::clicked, this, [this] { copy_with(copy_, code()); });
  show_part(part);
}

QString CodeBlock::code() const {
  return text_->toPlainText();
}

void CodeBlock::show_part(const MarkdownPart& part) {
  language_->setText(part.language.isEmpty() ? tr("code") : part.language);
  if (text_->toPlainText() != part.text) text_->setPlainText(part.text);
  const QFontMetrics metrics(text_->document()->defaultFont());
  int widest = 0;
  const QStringList lines = part.text.split(QLatin1Char('\n'));
  for (const QString& line : lines) widest = std::max(widest, metrics.horizontalAdvance(line));
  const bool scrolls = widest + 40 > kWidest;
  static_cast<CodeText*>(text_)->set_wanted(std::clamp(widest + 40, 220, kWidest));
  text_->setFixedHeight(static_cast<int>(lines.size()) * metrics.lineSpacing() + 22 + (scrolls ? 14 : 0));
}

AnswerText::AnswerText(Kind kind, QWidget* parent) : QWidget(parent), kind_(kind), column_(new QVBoxLayout(this)) {
  column_->setContentsMargins(0, 0, 0, 0);
  column_->setSpacing(8);
}

void AnswerText::set_speaker(const QString& name) {
  speaker_ = name;
  for (QWidget* widget : widgets_) {
    if (qobject_cast<WrappingLabel*>(widget)) widget->setAccessibleName(name);
  }
}

QWidget* AnswerText::make(const MarkdownPart& part) {
  if (part.code) return new CodeBlock(part, this);
  auto* label = new WrappingLabel(kind_ == Kind::PLAIN ? Qt::PlainText : Qt::RichText, this);
  label->setAccessibleName(speaker_);
  return label;
}

void AnswerText::fill(QWidget* widget, const MarkdownPart& part) {
  if (auto* code = qobject_cast<CodeBlock*>(widget)) {
    code->show_part(part);
    return;
  }
  auto* label = qobject_cast<QLabel*>(widget);
  label->setText(kind_ == Kind::PLAIN ? part.text
                                      : prose_to_html(part.text, label->font().family(), label->font().pointSizeF()));
  label->updateGeometry();
}

void AnswerText::set_text(const QString& text) {
  if (text == text_ && !parts_.empty()) return;
  text_ = text;
  const std::vector<MarkdownPart> parts =
      kind_ == Kind::PLAIN ? std::vector<MarkdownPart>{{false, {}, text}} : split_markdown(text);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i < parts_.size() && parts_[i] == parts[i]) continue;
    if (i < parts_.size() && parts_[i].code == parts[i].code) {
      fill(widgets_[i], parts[i]);
      continue;
    }
    QWidget* widget = make(parts[i]);
    fill(widget, parts[i]);
    if (i < widgets_.size()) {
      delete column_->replaceWidget(widgets_[i], widget);
      widgets_[i]->deleteLater();
      widgets_[i] = widget;
    } else {
      column_->addWidget(widget);
      widgets_.push_back(widget);
    }
  }
  while (widgets_.size() > parts.size()) {
    widgets_.back()->deleteLater();
    widgets_.pop_back();
  }
  parts_ = parts;
}

}  // namespace qvlm::studio
