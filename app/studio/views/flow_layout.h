// A layout that yields: what does not fit beside the rest goes beneath it.
#pragma once

#include <QLayout>
#include <vector>

namespace qvlm::studio {

/// Items stand beside each other while each has the room that it asks for; the next one begins a row of its own. So nothing is cut off in a
/// narrow window or at a large text size. Height depends on width; what is left of it goes to the rows that can grow.
class FlowLayout : public QLayout {
 public:
  explicit FlowLayout(QWidget* parent = nullptr);
  ~FlowLayout() override;

  /// `stretch`: the share of what a row has left over; 0 leaves the item at its size hint. `lines`: the room that the item asks for, in heights of
  /// a line of text; alone in a row it takes all of it. 0: its minimum, or without stretch its size hint.
  void add(QWidget* widget, int stretch = 0, int lines = 0);
  void add(QLayout* layout, int stretch = 0, int lines = 0);
  /// On a row of its own.
  void add_row(QWidget* widget);
  /// Items of a row are equally wide, and at most `most` of them; `lines` as above, for all.
  void set_columns(int most, int lines = 0);

  void addItem(QLayoutItem* item) override;
  int count() const override { return static_cast<int>(items_.size()); }
  QLayoutItem* itemAt(int index) const override;
  QLayoutItem* takeAt(int index) override;
  Qt::Orientations expandingDirections() const override;
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize minimumSize() const override;
  QSize sizeHint() const override;
  void setGeometry(const QRect& rect) override;

 private:
  struct Item {
    QLayoutItem* item;
    int stretch = 0, lines = 0;
    bool alone = false;
  };
  struct Row {
    std::vector<const Item*> items;
    std::vector<int> widths;
    int height = 0;
    bool grows = false;
  };
  int line_height() const;
  int wanted(const Item& item) const;
  std::vector<Row> rows(int width) const;
  void measure(Row& row, int width) const;

  std::vector<Item> items_;
  int most_ = 0, lines_ = 0;  // 0: items have widths of their own
};

}  // namespace qvlm::studio
