// Three columns: tensor, its row width, the groups that divide it.
#include "app/studio/models/groups_table_model.h"

namespace qvlm::studio {

int GroupsTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int GroupsTableModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : int(COLUMNS);
}

QVariant GroupsTableModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  if (role == Qt::TextAlignmentRole && index.column() == WIDTH) return int(Qt::AlignRight | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  const LegalGroups& row = rows_[static_cast<size_t>(index.row())];
  switch (index.column()) {
    case TENSOR:
      return row.tensor;
    case WIDTH:
      return row.columns;
    case GROUPS:
      return row.groups;
    default:
      return {};
  }
}

QVariant GroupsTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (role == Qt::TextAlignmentRole && orientation == Qt::Horizontal && section == WIDTH) {
    return int(Qt::AlignRight | Qt::AlignVCenter);
  }
  if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
  switch (section) {
    case TENSOR:
      return tr("Tensor");
    case WIDTH:
      return tr("Row width");
    case GROUPS:
      return tr("Legal groups");
    default:
      return {};
  }
}

void GroupsTableModel::set_rows(std::vector<LegalGroups> rows) {
  beginResetModel();
  rows_ = std::move(rows);
  endResetModel();
}

}  // namespace qvlm::studio
