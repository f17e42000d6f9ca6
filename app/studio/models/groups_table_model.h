// The legal group sizes of a model's tensors as a table.
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "app/studio/models/model_summary.h"

namespace qvlm::studio {

class GroupsTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { TENSOR, WIDTH, GROUPS, COLUMNS };
  using QAbstractTableModel::QAbstractTableModel;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  void set_rows(std::vector<LegalGroups> rows);

 private:
  std::vector<LegalGroups> rows_;
};

}  // namespace qvlm::studio
