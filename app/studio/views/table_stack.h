// Tables beneath each other, each under its caption.
#pragma once

#include <QScrollArea>
#include <QStringList>
#include <vector>

class QLabel;
class QTableView;

namespace qvlm::studio {

class TextTableModel;

/// Every table is as high as its rows and scrolls sideways by itself; together they scroll down.
class TableStack : public QScrollArea {
  Q_OBJECT
 public:
  explicit TableStack(QWidget* parent = nullptr);
  /// A caption a table. The models outlive the stack, and are the same at the same place each time.
  void show_tables(const QStringList& captions, const std::vector<TextTableModel*>& models);
  QTableView* table(int index) const { return parts_[static_cast<size_t>(index)].table; }
  QLabel* caption(int index) const { return parts_[static_cast<size_t>(index)].caption; }
  QSize sizeHint() const override { return minimumSizeHint(); }  // it takes what is left
  QSize minimumSizeHint() const override;

 private:
  struct Part {
    QLabel* caption;
    QTableView* table;
  };
  std::vector<Part> parts_;
};

}  // namespace qvlm::studio
