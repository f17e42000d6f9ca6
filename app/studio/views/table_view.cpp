// Headings decide how narrow a column can be, texts how wide it would like to be.
#include "app/studio/views/table_view.h"

#include <QEvent>
#include <QHeaderView>
#include <algorithm>

namespace qvlm::studio {

namespace {

constexpr int kReadable = 11;  // heights of a line: a stretched column is not narrower, unless its texts are

constexpr int kRowAir = 12;    // pixels above and below a row's text
constexpr int kLeastRows = 4;

}  // namespace

TableView::TableView(QAbstractItemModel* model, const QString& name, int stretched, QWidget* parent) : QTableView(parent), stretched_(stretched) {
  setAccessibleName(name);
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setAlternatingRowColors(true);
  setShowGrid(false);
  setWordWrap(false);
  setTabKeyNavigation(false);
  setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  verticalHeader()->hide();
  QHeaderView& header = *horizontalHeader();
  header.setHighlightSections(false);
  header.setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
  header.setSectionResizeMode(QHeaderView::ResizeToContents);
  measure_rows();
  setModel(model);
  connect(model, &QAbstractItemModel::modelReset, this, &TableView::share_out);
  connect(&header, &QHeaderView::sectionResized, this, [this](int column) {
    if (column != stretched_) share_out();
  });
}

QSize TableView::minimumSizeHint() const {
  return {120, horizontalHeader()->sizeHint().height() + kLeastRows * verticalHeader()->defaultSectionSize() + 2 * frameWidth()};
}

void TableView::resizeEvent(QResizeEvent* event) {
  QTableView::resizeEvent(event);
  share_out();
}

void TableView::changeEvent(QEvent* event) {
  QTableView::changeEvent(event);
  if (event->type() != QEvent::FontChange || fontMetrics().height() == line_) return;
  measure_rows();
  share_out();
}

void TableView::measure_rows() {
  line_ = fontMetrics().height();
  verticalHeader()->setDefaultSectionSize(line_ + kRowAir);
}

int TableView::needed(int column) const { return std::max(sizeHintForColumn(column), horizontalHeader()->sectionSizeHint(column)); }

void TableView::share_out() {
  QHeaderView& header = *horizontalHeader();
  if (sharing_ || header.count() == 0) return;
  sharing_ = true;
  const int room = viewport()->width();
  int others = 0;
  for (int column = 0; column < header.count(); ++column) {
    if (column != stretched_) others += stretched_ == kAllColumns ? needed(column) : header.sectionSize(column);
  }
  if (stretched_ == kAllColumns) {
    const int count = header.count(), spare = room - others;
    header.setSectionResizeMode(spare < 0 ? QHeaderView::ResizeToContents : QHeaderView::Fixed);
    // Each has what it needs, and an equal part of the rest: equal columns would cut off a long heading.
    for (int column = 0; column < count && spare >= 0; ++column)
      header.resizeSection(column, needed(column) + spare * (column + 1) / count - spare * column / count);
  } else {
    const int least = std::max(header.sectionSizeHint(stretched_), std::min(needed(stretched_), kReadable * fontMetrics().lineSpacing()));
    const bool fits = others + least <= room;
    header.setSectionResizeMode(stretched_, fits ? QHeaderView::Stretch : QHeaderView::Fixed);
    if (!fits) header.resizeSection(stretched_, least);
  }
  sharing_ = false;
}

}  // namespace qvlm::studio
