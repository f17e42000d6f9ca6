// A read-only text whose characters carry what is known of their token.
#include "app/studio/views/token_view.h"

#include <QLabel>
#include <QLocale>
#include <QScrollBar>
#include <QTextCursor>
#include <QTextDocument>
#include <QVBoxLayout>
#include <cmath>

#include "app/studio/style/theme.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kTokenProperty = QTextFormat::UserProperty + 1;

/// A mixture of two colours; `share` of the second.
QColor mixed(const QColor& a, const QColor& b, double share) {
  return QColor::fromRgbF(float(a.redF() + share * (b.redF() - a.redF())), float(a.greenF() + share * (b.greenF() - a.greenF())),
                          float(a.blueF() + share * (b.blueF() - a.blueF())));
}

}  // namespace

QString choices_text(const TokenShare& token) {
  const QLocale locale;
  const auto one = [&locale](const QString& text, double probability) {
    QString shown = text;
    shown.replace(QLatin1Char('\n'), QStringLiteral("⏎"));
    return TokenView::tr("“%1” %2 %").arg(shown, locale.toString(100 * probability, 'f', 1));
  };
  QStringList parts = {one(token.text, token.probability)};
  QStringList others;
  for (const auto& [text, probability] : token.others) {
    if (text != token.text) others << one(text, probability);
  }
  if (!others.isEmpty()) parts << TokenView::tr("instead: %1").arg(others.join(QStringLiteral(", ")));
  return parts.join(QStringLiteral("   ·   "));
}

TokenView::TokenView(const Theme& theme, QWidget* parent) : QWidget(parent), theme_(theme), edit_(new QTextEdit(this)), words_(muted_label({}, this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(4);
  edit_->setReadOnly(true);
  edit_->setTabChangesFocus(true);
  edit_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  edit_->setAccessibleName(tr("The answer's tokens"));
  edit_->setAccessibleDescription(tr("Move the caret onto a token to hear how likely it was."));
  edit_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  words_->setTextFormat(Qt::PlainText);
  words_->setAccessibleName(tr("The token at the caret"));
  column->addWidget(edit_);
  column->addWidget(words_);
  connect(edit_, &QTextEdit::cursorPositionChanged, this, [this] {
    QTextCursor cursor = edit_->textCursor();
    // The character behind the caret.
    if (!cursor.atEnd()) cursor.movePosition(QTextCursor::NextCharacter);
    const QVariant index = cursor.charFormat().property(kTokenProperty);
    if (index.isValid() && index.toInt() < static_cast<int>(tokens_.size())) words_->setText(choices_text(tokens_[static_cast<size_t>(index.toInt())]));
  });
  connect(&theme_, &Theme::changed, this, &TokenView::show_tokens);
}

void TokenView::set_tokens(const std::vector<TokenShare>& tokens) {
  if (tokens == tokens_) return;
  tokens_ = tokens;
  show_tokens();
}

// A long answer's take their time: only where somebody looks.
void TokenView::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) show_tokens();
}

void TokenView::show_tokens() {
  stale_ = !isVisible();
  if (stale_) return;
  const Palette& p = theme_.colors();
  edit_->clear();
  QTextCursor cursor(edit_->document());
  cursor.beginEditBlock();  // laid out once, not after every token
  for (size_t i = 0; i < tokens_.size(); ++i) {
    QTextCharFormat format;
    // Sure tokens stand on the plain ground, doubtful ones on the warning's.
    format.setBackground(mixed(p.warning_soft, p.surface, tokens_[i].probability));
    format.setForeground(p.text);
    if (tokens_[i].probability < 0.5) format.setUnderlineStyle(QTextCharFormat::DotLine);  // not by colour alone
    format.setToolTip(choices_text(tokens_[i]));
    format.setProperty(kTokenProperty, static_cast<int>(i));
    cursor.insertText(tokens_[i].text, format);
  }
  cursor.endEditBlock();
  words_->setText(tr("Hover over a token, or move the caret onto it, to see what else could have come."));
  fit_height();
}

void TokenView::fit_height() {
  edit_->document()->setTextWidth(std::max(80, edit_->viewport()->width()));
  edit_->setFixedHeight(static_cast<int>(std::ceil(edit_->document()->size().height())) + 20);
}

void TokenView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit_height();
}

}  // namespace qvlm::studio
