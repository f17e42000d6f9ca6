// The tables of the workspaces.
#pragma once

#include <QTableView>

namespace qvlm::studio {

/// A table to look at: whole rows are selected, nothing is edited, columns are as wide as their texts. One column takes what is left; it never gets
/// narrower than its heading, the table scrolls then.
class TableView : public QTableView {
  Q_OBJECT
 public:
  static constexpr int kAllColumns = -1;
  /// `stretched`: the column that takes what is left; kAllColumns: each gets a like part of it. `name`: for screen readers.
  TableView(QAbstractItemModel* model, const QString& name, int stretched, QWidget* parent = nullptr);

  /// A heading and a few rows.
  QSize minimumSizeHint() const override;

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void measure_rows();
  void share_out();
  int needed(int column) const;

  int stretched_;
  int line_ = 0;  // the height of a row's text
  bool sharing_ = false;
};

}  // namespace qvlm::studio
