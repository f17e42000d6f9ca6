// Keeps one bubble a row of the model, and follows the end while the user does not scroll away.
#include "app/studio/views/chat_view.h"

#include <QLabel>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

#include "app/studio/models/chat_model.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/message_bubble.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

ChatView::ChatView(ChatModel& model, const Theme& theme, QWidget* parent)
    : QScrollArea(parent),
      model_(model),
      theme_(theme),
      column_(new QWidget(this)),
      layout_(new QVBoxLayout(column_)),
      empty_(new QWidget(column_)) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Messages"));
  column_->setObjectName(QStringLiteral("transparent"));
  layout_->setContentsMargins(3 * kUnit, 2 * kUnit, 3 * kUnit, 2 * kUnit);
  layout_->setSpacing(kUnit + 4);
  auto* middle = new QVBoxLayout(empty_);
  middle->addStretch(1);
  empty_title_ = new QLabel(empty_);
  empty_title_->setObjectName(QStringLiteral("hero"));
  empty_title_->setAlignment(Qt::AlignCenter);
  empty_text_ = muted_label({}, empty_);
  empty_text_->setAlignment(Qt::AlignCenter);
  middle->addWidget(empty_title_);
  middle->addWidget(empty_text_);
  middle->addStretch(2);
  layout_->addWidget(empty_, 1);
  layout_->addStretch(1);
  setWidget(column_);
  connect(&model_, &ChatModel::modelReset, this, &ChatView::rebuild);
  connect(&model_, &ChatModel::rowsInserted, this, [this](const QModelIndex&, int first, int last) {
    at_bottom_ = true;
    for (int row = first; row <= last; ++row) insert(row);
    follow();
  });
  connect(&model_, &ChatModel::rowsRemoved, this, [this](const QModelIndex&, int first, int last) {
    for (int row = last; row >= first; --row) {
      bubbles_[static_cast<size_t>(row)]->deleteLater();
      bubbles_.erase(bubbles_.begin() + row);
    }
    empty_->setVisible(bubbles_.empty());
  });
  connect(&model_, &ChatModel::dataChanged, this, [this](const QModelIndex& first, const QModelIndex& last) {
    for (int row = first.row(); row <= last.row(); ++row) {
      bubbles_.at(static_cast<size_t>(row))->show_message(model_.at(row));
      bubbles_.at(static_cast<size_t>(row))->set_busy(busy_);
    }
    follow();
  });
  connect(verticalScrollBar(), &QScrollBar::actionTriggered, this, [this] {
    const QScrollBar* bar = verticalScrollBar();
    at_bottom_ = bar->sliderPosition() >= bar->maximum() - 8;
  });
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this](int, int maximum) {
    if (at_bottom_) verticalScrollBar()->setValue(maximum);
  });
  rebuild();
}

void ChatView::set_empty_text(const QString& title, const QString& text) {
  empty_title_->setText(title);
  empty_text_->setText(text);
}

QString ChatView::shown_text(int row) const {
  return bubbles_.at(static_cast<size_t>(row))->text();
}

void ChatView::rebuild() {
  for (MessageBubble* bubble : bubbles_) bubble->deleteLater();
  bubbles_.clear();
  for (int row = 0; row < model_.rowCount(); ++row) insert(row);
  empty_->setVisible(bubbles_.empty());
  at_bottom_ = true;
  follow();
}

void ChatView::insert(int row) {
  auto* bubble = new MessageBubble(model_.at(row), theme_, column_);
  bubble->set_busy(busy_);
  const auto row_of = [this, bubble] {
    return static_cast<int>(std::find(bubbles_.begin(), bubbles_.end(), bubble) - bubbles_.begin());
  };
  connect(bubble, &MessageBubble::edit_wanted, this, [this, row_of] { Q_EMIT edit_wanted(row_of()); });
  connect(bubble, &MessageBubble::branch_wanted, this,
          [this, row_of](int steps) { Q_EMIT branch_wanted(row_of(), steps); });
  // Tab goes through the messages before it comes to what stands below them.
  QWidget* before = row > 0 ? bubbles_[static_cast<size_t>(row) - 1]->last_control() : this;
  bubbles_.insert(bubbles_.begin() + row, bubble);
  layout_->insertWidget(1 + row, bubble);
  for (QWidget* control : bubble->controls()) {
    setTabOrder(before, control);
    before = control;
  }
  empty_->setVisible(false);
}

void ChatView::set_busy(bool busy) {
  busy_ = busy;
  for (MessageBubble* bubble : bubbles_) bubble->set_busy(busy);
}

void ChatView::follow() {
  // Behind the layout's own pass.
  QTimer::singleShot(0, this, [this] {
    if (at_bottom_) verticalScrollBar()->setValue(verticalScrollBar()->maximum());
  });
}

}  // namespace qvlm::studio
