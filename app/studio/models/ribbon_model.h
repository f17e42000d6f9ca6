// What the block ribbon shows and edits: sites, their entropy, and a partition with undo.
#pragma once

#include <QObject>
#include <QString>
#include <QUndoStack>
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "app/studio/models/partition_forecast.h"
#include "core/run/partition.h"
#include "core/run/run_state.h"

namespace qvlm::studio {

/// Where a block stands in a run, for its mark under the ribbon. EDITED: its extent or bits are other than the run's. AFFECTED: it stands
/// behind an edit and is searched again if the stream that enters it changed. REUSED: its result was taken over after an edit.
enum class BlockMark { NONE, SEARCHING, SEARCHED, EDITED, AFFECTED, REUSED };

/// What the sites are coloured by.
enum class RibbonColour { ENTROPY, DEPENDENCY, ERROR, BITS };

class RibbonModel : public QObject {
  Q_OBJECT
 public:
  explicit RibbonModel(QObject* parent = nullptr);

  int sites() const { return static_cast<int>(entropy_.size()); }
  /// NaN where not measured yet.
  double entropy(int site) const { return entropy_.at(static_cast<size_t>(site)); }
  double dependency(int site) const { return dependency_.at(static_cast<size_t>(site)); }  // D(site, site + 1)
  RibbonColour colour() const { return colour_; }
  void set_colour(RibbonColour colour);
  /// Of the quantity that colours show; NaN where not known. Errors and bits are the site's block's.
  double value(int site) const;
  /// Smallest and largest value(); nothing known: NaN.
  std::pair<double, double> range() const { return ranges_.at(static_cast<size_t>(colour_)); }
  /// Where value(site) stands in the range, 0..1 (errors by their logarithm); NaN where not known.
  double shade(int site) const;
  /// Weight bits of a block: its own, or the recipe's.
  int bits(int block) const;
  const Partition& partition() const { return partition_; }
  BlockMark mark(int block) const;
  const BlockSearched* result(int block) const;
  /// Extents or bits differ from what the run has, or had at its end: a lock alone changes no result.
  bool edited() const;
  /// Blocks marked EDITED, and AFFECTED.
  std::pair<int, int> to_search() const;
  /// What the partition costs and is predicted to give, beside the run's (or what stood before any edit).
  QString forecast_text() const;

  /// Takes over what the run knows. The run's partition replaces the user's only when it changed; undo starts afresh
  /// then.
  /// `reused`: first sites of blocks whose results were taken over.
  void show(const RunState& state, const std::set<int>& reused = {});
  /// The recipe of a run to come, and the shapes of the model's linears, for forecasts and bits.
  void set_grounds(const Recipe& recipe, const std::optional<std::array<SiteShape, kSitesPerLayer>>& shapes);
  /// Before a run: `sites` sites without measurements, one block each: to be shaped by hand.
  void show_unmeasured(int sites);

  int selected_site() const { return selected_; }
  void select(int site);
  int selected_block() const { return partition_.blocks.empty() ? -1 : partition_.block_of(selected_); }
  int block_of(int site) const { return block_of_.at(static_cast<size_t>(site)); }

  // Edits. Each is one step of undo(); false and no change where it is not legal.
  bool move_border(int block, int last);
  bool split_after(int site);
  bool merge_with_next(int block);
  bool set_locked(int block, bool locked);
  /// 2..8, or 0 for the recipe's.
  bool set_bits(int block, int bits);
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
  /// Marks and ranges of what is shown now.
  void refresh();

  std::vector<double> entropy_, dependency_;  // [sites]
  std::vector<int> block_of_;                 // [sites]
  std::vector<BlockMark> marks_;              // [blocks]
  std::array<std::pair<double, double>, 4> ranges_{};  // by RibbonColour
  RibbonColour colour_ = RibbonColour::ENTROPY;
  std::set<int> reused_;
  Recipe recipe_;
  std::optional<std::array<SiteShape, kSitesPerLayer>> shapes_;
  ForecastGrounds grounds_;
  Partition partition_, run_partition_;
  std::optional<Partition> before_drag_;
  RunState state_;
  int selected_ = 0;
  QUndoStack undo_;
};

}  // namespace qvlm::studio
