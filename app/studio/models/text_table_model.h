// A table of finished texts: what a command said, in rows.
#pragma once

#include <QAbstractTableModel>
#include <QStringList>
#include <vector>

namespace qvlm::studio {

class TextTableModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  /// `numbers`: columns that are aligned to the right.
  TextTableModel(QStringList headings, std::vector<int> numbers, QObject* parent = nullptr);
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  /// Each row has a text a column, or one alone that spans them all.
  void set_rows(std::vector<QStringList> rows);
  /// The same under other headings.
  void set_table(QStringList headings, std::vector<int> numbers, std::vector<QStringList> rows);
  QString text(int row, int column) const { return rows_[static_cast<size_t>(row)].value(column); }
  bool spans(int row) const { return rows_[static_cast<size_t>(row)].size() == 1 && headings_.size() > 1; }

 private:
  bool is_number(int column) const;

  QStringList headings_;
  std::vector<int> numbers_;
  std::vector<QStringList> rows_;
};

}  // namespace qvlm::studio
