// The scroll area goes down, the tables sideways.
#include "app/studio/views/table_stack.h"

#include <QHeaderView>
#include <QLabel>
#include <QScrollBar>
#include <QVBoxLayout>

#include "app/studio/models/text_table_model.h"
#include "app/studio/style/theme.h"
#include "app/studio/views/table_view.h"
#include "app/studio/views/widgets.h"

namespace qvlm::studio {

namespace {

constexpr int kLeastLines = 12;  // the least height of the stack, in lines of text

/// As high as its rows.
class WholeTable : public TableView {
 public:
  WholeTable(TextTableModel& model, const QString& name, QWidget* parent) : TableView(&model, name, 0, parent), model_(model) {
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    span_rows();
    connect(&model, &QAbstractItemModel::modelReset, this, [this] {
      span_rows();
      updateGeometry();
    });
    connect(horizontalScrollBar(), &QScrollBar::rangeChanged, this, [this] { updateGeometry(); });
  }

  QSize sizeHint() const override { return minimumSizeHint(); }
  QSize minimumSizeHint() const override {
    const int bar = horizontalScrollBar()->maximum() > 0 ? horizontalScrollBar()->sizeHint().height() : 0;
    return {TableView::minimumSizeHint().width(),
            horizontalHeader()->sizeHint().height() + model()->rowCount() * verticalHeader()->defaultSectionSize() + 2 * frameWidth() + bar};
  }

 private:
  void span_rows() {
    clearSpans();
    for (int row = 0; row < model_.rowCount(); ++row) {
      if (model_.spans(row)) setSpan(row, 0, 1, model_.columnCount());
    }
  }

  TextTableModel& model_;
};

}  // namespace

TableStack::TableStack(QWidget* parent) : QScrollArea(parent) {
  setFrameShape(QFrame::NoFrame);
  setFocusPolicy(Qt::NoFocus);
  setWidgetResizable(true);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  auto* inside = new QWidget(this);
  inside->setObjectName(QStringLiteral("transparent"));
  auto* column = new QVBoxLayout(inside);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kUnit / 2);
  column->addStretch(1);
  setWidget(inside);
}

QSize TableStack::minimumSizeHint() const { return {120, kLeastLines * fontMetrics().lineSpacing()}; }

void TableStack::show_tables(const QStringList& captions, const std::vector<TextTableModel*>& models) {
  auto* column = static_cast<QVBoxLayout*>(widget()->layout());
  while (parts_.size() < models.size()) {
    auto* caption = muted_label({}, widget());
    auto* table = new WholeTable(*models[parts_.size()], {}, widget());
    const int place = column->count() - 1;  // before the stretch
    column->insertWidget(place, caption);
    column->insertWidget(place + 1, table);
    column->insertSpacing(place + 2, kUnit);
    parts_.push_back({caption, table});
  }
  for (size_t i = 0; i < parts_.size(); ++i) {
    const QString caption = captions.value(int(i));
    parts_[i].caption->setText(caption);
    parts_[i].table->setAccessibleName(caption);
    parts_[i].caption->setVisible(i < models.size());
    parts_[i].table->setVisible(i < models.size());
  }
}

}  // namespace qvlm::studio
