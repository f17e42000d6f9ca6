// Rows, headings, alignment.
#include "app/studio/models/text_table_model.h"

#include <algorithm>

namespace qvlm::studio {

TextTableModel::TextTableModel(QStringList headings, std::vector<int> numbers, QObject* parent)
    : QAbstractTableModel(parent), headings_(std::move(headings)), numbers_(std::move(numbers)) {}

int TextTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int TextTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(headings_.size());
}

bool TextTableModel::is_number(int column) const {
  return std::find(numbers_.begin(), numbers_.end(), column) != numbers_.end();
}

QVariant TextTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole && is_number(index.column())) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return text(index.row(), spans(index.row()) ? 0 : index.column());
  return {};
}

QVariant TextTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole && is_number(section)) return int(Qt::AlignRight | Qt::AlignVCenter);
  return role == Qt::DisplayRole ? QVariant(headings_[section]) : QVariant();
}

void TextTableModel::set_rows(std::vector<QStringList> rows) { set_table(headings_, numbers_, std::move(rows)); }

void TextTableModel::set_table(QStringList headings, std::vector<int> numbers, std::vector<QStringList> rows) {
  beginResetModel();
  headings_ = std::move(headings);
  numbers_ = std::move(numbers);
  rows_ = std::move(rows);
  endResetModel();
}

}  // namespace qvlm::studio
