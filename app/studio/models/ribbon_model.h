// What the block ribbon shows and edits: sites, their entropy, and a partition with undo.
#pragma once

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <optional>
#include <vector>

#include "core/run/partition.h"
#include "core/run/run_state.h"

namespace qvlm::studio {

/// Where a block stands in a run, for its mark under the ribbon.
enum class BlockMark { NONE, SEARCHING, SEARCHED, EDITED, AFFECTED };

class RibbonModel : public QObject {
  Q_OBJECT
 public:
  explicit RibbonModel(QObject* parent = nullptr);

  int sites() const { return static_cast<int>(entropy_.size()); }
  /// NaN where not measured yet.
  double entropy(int site) const { return entropy_.at(static_cast<size_t>(site)); }
  double dependency(int site) const { return dependency_.at(static_cast<size_t>(site)); }  // D(site, site + 1)
  /// Smallest and largest measured entropy; nothing measured: 0 and 1.
  double lowest_entropy() const { return lowest_; }
  double highest_entropy() const { return highest_; }
  const Partition& partition() const { return partition_; }
  BlockMark mark(int block) const;
  const BlockSearched* result(int block) const;
  /// Differs from what the run has, or had at its end.
  bool edited() const { return partition_ != run_partition_; }

  /// Takes over what the run knows. The run's partition replaces the user's only when it changed; undo starts afresh
  /// then.
  void show(const RunState& state);
  /// Before a run: `sites` sites without measurements, one block each: to be shaped by hand.
  void show_unmeasured(int sites);

  int selected_site() const { return selected_; }
  void select(int site);
  int selected_block() const { return partition_.blocks.empty() ? -1 : partition_.block_of(selected_); }

  // Edits. Each is one step of undo(); false and no change where it is not legal.
  bool move_border(int block, int last);
  bool split_after(int site);
  bool merge_with_next(int block);
  bool set_locked(int block, bool locked);
  bool replace_partition(const Partition& partition, const QString& text);
  /// A drag: previews without steps of undo, then one step for the whole way.
  void begin_drag();
  bool drag_border(int block, int last);
  void end_drag(bool keep);
  bool dragging() const { return before_drag_.has_value(); }
  QUndoStack& undo_stack() { return undo_; }

  /// Where the border behind `block` may stand: the smallest and largest last site that are legal.
  std::pair<int, int> border_range(int block) const;
  /// "Layer 3, attention input"
  static QString site_name(int site);
  QString describe_site(int site) const;
  QString describe_block(int block) const;

 Q_SIGNALS:
  void changed();           // anything that is drawn
  void partition_edited();  // by the user, undo and redo included
  void selection_changed(int site);

 private:
  friend class PartitionCommand;
  bool apply_edit(const Partition& next, const QString& text);
  void set_partition(const Partition& partition);

  std::vector<double> entropy_, dependency_;  // [sites]
  double lowest_ = 0, highest_ = 1;
  Partition partition_, run_partition_;
  std::optional<Partition> before_drag_;
  RunState state_;
  int selected_ = 0;
  QUndoStack undo_;
};

}  // namespace qvlm::studio
