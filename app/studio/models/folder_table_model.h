// The files of a quantized model's folder as a table.
#pragma once

#include <QAbstractTableModel>
#include <QString>
#include <vector>

namespace qvlm::studio {

class FolderTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column { NAME, WHAT, SIZE, COLUMNS };
  using QAbstractTableModel::QAbstractTableModel;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
  /// Lists the folder's files now; an absent folder: no rows.
  void set_folder(const QString& folder);
  qint64 total_bytes() const;

 private:
  struct Row {
    QString name, what;
    qint64 bytes = 0;
  };
  std::vector<Row> rows_;
};

}  // namespace qvlm::studio
