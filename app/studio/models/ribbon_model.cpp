// Every edit is a pair of partitions on the undo stack.
#include "app/studio/models/ribbon_model.h"

#include <QUndoCommand>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/sites.h"

namespace qvlm::studio {

class PartitionCommand : public QUndoCommand {
 public:
  PartitionCommand(RibbonModel& model, Partition before, Partition after, const QString& text)
      : QUndoCommand(text), model_(model), before_(std::move(before)), after_(std::move(after)) {}
  void undo() override { model_.set_partition(before_); }
  void redo() override { model_.set_partition(after_); }

 private:
  RibbonModel& model_;
  Partition before_, after_;
};

RibbonModel::RibbonModel(QObject* parent) : QObject(parent) {}

void RibbonModel::show(const RunState& state) {
  // Only what the ribbon draws is kept; statistics and candidates stay with the run.
  state_.partition = state.partition;
  state_.blocks = state.blocks;
  state_.block_in_search =
      state.status == RunStatus::RUNNING || state.status == RunStatus::PAUSED ? state.block_in_search : -1;
  const size_t count = state.sites.size();
  entropy_.assign(count, std::numeric_limits<double>::quiet_NaN());
  dependency_.assign(count, std::numeric_limits<double>::quiet_NaN());
  lowest_ = 1;
  highest_ = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!state.sites[i].entropy) continue;
    entropy_[i] = state.sites[i].entropy->entropy;
    dependency_[i] = state.sites[i].entropy->dependency;
    lowest_ = std::min(lowest_, entropy_[i]);
    highest_ = std::max(highest_, entropy_[i]);
  }
  if (lowest_ > highest_) {
    lowest_ = 0;
    highest_ = 1;
  }
  if (state.partition.blocks.empty()) {
    // Measured, not partitioned yet: what was there stays, so that colours appear as they are measured.
    if (partition_.sites() != static_cast<int>(count)) {
      partition_ = layerwise_partition(static_cast<int>(count));
      before_drag_.reset();
      undo_.clear();
    }
    run_partition_ = partition_;
  } else if (state.partition != run_partition_ || partition_.sites() != static_cast<int>(count)) {
    run_partition_ = state.partition;
    // A change that comes back from the run is the user's own: its history stays.
    if (partition_ != run_partition_) {
      partition_ = run_partition_;
      before_drag_.reset();
      undo_.clear();
    }
  }
  if (selected_ >= sites()) selected_ = 0;
  Q_EMIT changed();
}

void RibbonModel::show_unmeasured(int sites) {
  RunState state;
  state.sites.resize(static_cast<size_t>(sites));
  state.partition = layerwise_partition(sites);
  run_partition_ = {};
  partition_ = {};
  undo_.clear();
  show(state);
}

BlockMark RibbonModel::mark(int block) const {
  if (block < 0 || block >= static_cast<int>(partition_.blocks.size())) return BlockMark::NONE;
  const size_t at = static_cast<size_t>(block);
  if (edited()) {
    size_t common = 0;
    while (common < partition_.blocks.size() && common < run_partition_.blocks.size() &&
           partition_.blocks[common] == run_partition_.blocks[common]) {
      ++common;
    }
    if (at >= common && !state_.blocks.empty()) {
      const auto& theirs = run_partition_.blocks;
      const bool same = std::find(theirs.begin(), theirs.end(), partition_.blocks[at]) != theirs.end();
      return same ? BlockMark::AFFECTED : BlockMark::EDITED;
    }
    if (at >= common) return BlockMark::EDITED;
  }
  if (result(block) != nullptr) return BlockMark::SEARCHED;
  if (state_.block_in_search == block) return BlockMark::SEARCHING;
  return BlockMark::NONE;
}

const BlockSearched* RibbonModel::result(int block) const {
  if (block < 0 || block >= static_cast<int>(partition_.blocks.size())) return nullptr;
  const Block& here = partition_.blocks[static_cast<size_t>(block)];
  const auto found = state_.blocks.find(here.first);
  return found != state_.blocks.end() && found->second.last_site == here.last ? &found->second : nullptr;
}

void RibbonModel::select(int site) {
  if (sites() == 0) return;
  site = std::clamp(site, 0, sites() - 1);
  if (site == selected_) return;
  selected_ = site;
  Q_EMIT selection_changed(site);
  Q_EMIT changed();
}

void RibbonModel::set_partition(const Partition& partition) {
  partition_ = partition;
  Q_EMIT changed();
  Q_EMIT partition_edited();
}

bool RibbonModel::apply_edit(const Partition& next, const QString& text) {
  if (next == partition_) return false;
  undo_.push(new PartitionCommand(*this, partition_, next, text));  // push() calls redo()
  return true;
}

bool RibbonModel::move_border(int block, int last) {
  Partition next = partition_;
  return next.move_border(block, last) && apply_edit(next, tr("Move border"));
}

bool RibbonModel::split_after(int site) {
  Partition next = partition_;
  return next.split_after(site) && apply_edit(next, tr("Split block"));
}

bool RibbonModel::merge_with_next(int block) {
  Partition next = partition_;
  return next.merge_with_next(block) && apply_edit(next, tr("Merge blocks"));
}

bool RibbonModel::set_locked(int block, bool locked) {
  Partition next = partition_;
  return next.set_locked(block, locked) && apply_edit(next, locked ? tr("Lock block") : tr("Unlock block"));
}

bool RibbonModel::replace_partition(const Partition& partition, const QString& text) {
  return apply_edit(partition, text);
}

void RibbonModel::begin_drag() {
  before_drag_ = partition_;
}

bool RibbonModel::drag_border(int block, int last) {
  if (!before_drag_) return false;
  Partition next = *before_drag_;
  if (next.blocks[static_cast<size_t>(block)].last != last && !next.move_border(block, last)) return false;
  if (next == partition_) return true;
  partition_ = next;
  Q_EMIT changed();
  return true;
}

void RibbonModel::end_drag(bool keep) {
  if (!before_drag_) return;
  const Partition after = partition_;
  partition_ = *before_drag_;
  before_drag_.reset();
  if (keep && after != partition_) {
    apply_edit(after, tr("Move border"));
  } else {
    Q_EMIT changed();
  }
}

std::pair<int, int> RibbonModel::border_range(int block) const {
  const auto& blocks = before_drag_ ? before_drag_->blocks : partition_.blocks;
  const Block& left = blocks.at(static_cast<size_t>(block));
  const Block& right = blocks.at(static_cast<size_t>(block) + 1);
  if (left.locked || right.locked) return {left.last, left.last};
  return {std::max(left.first, right.last - kMaxBlockDepth), std::min(right.last - 1, left.first + kMaxBlockDepth - 1)};
}

QString RibbonModel::site_name(int site) {
  const Site at = Site::at(site);
  QString kind;
  switch (at.kind) {
    case SiteKind::ATTENTION_INPUT:
      kind = tr("attention input");
      break;
    case SiteKind::OUTPUT_INPUT:
      kind = tr("output input");
      break;
    case SiteKind::MLP_INPUT:
      kind = tr("MLP input");
      break;
    case SiteKind::DOWN_INPUT:
      kind = tr("down input");
      break;
  }
  return tr("Layer %1, %2").arg(at.layer).arg(kind);
}

QString RibbonModel::describe_site(int site) const {
  QString text = tr("%1 (site %2)").arg(site_name(site)).arg(site);
  if (!std::isnan(entropy(site))) text += QLatin1Char('\n') + tr("Entropy %1").arg(entropy(site), 0, 'f', 3);
  if (!std::isnan(dependency(site)) && site + 1 < sites()) {
    text += QLatin1Char('\n') + tr("Dependency on the next site %1").arg(dependency(site), 0, 'f', 3);
  }
  return text;
}

QString RibbonModel::describe_block(int block) const {
  const Block& here = partition_.blocks.at(static_cast<size_t>(block));
  QString text = here.depth() == 1 ? tr("Block %1: site %2").arg(block + 1).arg(here.first)
                                   : tr("Block %1: sites %2 to %3").arg(block + 1).arg(here.first).arg(here.last);
  if (here.locked) text += tr(", locked");
  if (const BlockSearched* found = result(block)) {
    text +=
        QLatin1Char('\n') +
        tr("Error layer-wise %1, joint %2").arg(found->layerwise_error, 0, 'g', 3).arg(found->joint_error, 0, 'g', 3);
    if (!found->search_has_effect) text += QLatin1Char('\n') + tr("Search has no effect here");
  }
  switch (mark(block)) {
    case BlockMark::SEARCHING:
      text += QLatin1Char('\n') + tr("Being searched");
      break;
    case BlockMark::EDITED:
      text += QLatin1Char('\n') + tr("Edited: will be searched again");
      break;
    case BlockMark::AFFECTED:
      text += QLatin1Char('\n') + tr("Affected by an edit before it");
      break;
    default:
      break;
  }
  return text;
}

}  // namespace qvlm::studio
