// Every edit is a pair of partitions on the undo stack.
#include "app/studio/models/ribbon_model.h"

#include <QUndoCommand>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/model/sites.h"

namespace qvlm::studio {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kFewestBits = 2, kMostBits = 8;

}  // namespace

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

void RibbonModel::show(const RunState& state, const std::set<int>& reused) {
  // Only what the ribbon draws is kept; statistics and candidates stay with the run.
  state_.partition = state.partition;
  state_.blocks = state.blocks;
  const bool going = state.status == RunStatus::RUNNING || state.status == RunStatus::PAUSED;
  state_.block_in_search = going && !state.result_of(state.block_in_search) ? state.block_in_search : -1;
  reused_ = reused;
  grounds_ = forecast_grounds(state, state.recipe.value_or(recipe_), state.started.samples > 0 ? state.started.samples : recipe_.samples, shapes_);
  const size_t count = state.sites.size();
  entropy_.assign(count, kUnknown);
  dependency_.assign(count, kUnknown);
  for (size_t i = 0; i < count; ++i) {
    if (!state.sites[i].entropy) continue;
    entropy_[i] = state.sites[i].entropy->entropy;
    if (i + 1 < count) dependency_[i] = state.sites[i].entropy->dependency;
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
  refresh();
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

void RibbonModel::set_grounds(const Recipe& recipe, const std::optional<std::array<SiteShape, kSitesPerLayer>>& shapes) {
  recipe_ = recipe;
  shapes_ = shapes;
  grounds_.shapes = shapes;
  if (state_.blocks.empty()) {  // a run's own recipe stands
    grounds_.recipe = recipe;
    grounds_.samples = recipe.samples;
  }
  refresh();
  Q_EMIT changed();
}

bool RibbonModel::edited() const {
  return partition_.blocks.size() != run_partition_.blocks.size() ||
         common_blocks(partition_, run_partition_) < static_cast<int>(partition_.blocks.size());
}

void RibbonModel::refresh() {
  const auto& blocks = partition_.blocks;
  block_of_.assign(static_cast<size_t>(sites()), 0);
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (int site = blocks[b].first; site <= blocks[b].last && site < sites(); ++site) block_of_[static_cast<size_t>(site)] = static_cast<int>(b);
  }
  // Two lists of blocks in order, walked side by side.
  const size_t common = static_cast<size_t>(common_blocks(partition_, run_partition_));
  marks_.assign(blocks.size(), BlockMark::NONE);
  size_t theirs = 0;
  for (size_t b = 0; b < blocks.size(); ++b) {
    while (theirs < run_partition_.blocks.size() && run_partition_.blocks[theirs].first < blocks[b].first) ++theirs;
    const bool same = theirs < run_partition_.blocks.size() && run_partition_.blocks[theirs].first == blocks[b].first &&
                      run_partition_.blocks[theirs].last == blocks[b].last && run_partition_.blocks[theirs].bits == blocks[b].bits;
    if (b >= common && !same) {
      marks_[b] = BlockMark::EDITED;
    } else if (b >= common && !state_.blocks.empty()) {
      marks_[b] = BlockMark::AFFECTED;
    } else if (result(static_cast<int>(b)) != nullptr) {
      marks_[b] = reused_.contains(blocks[b].first) ? BlockMark::REUSED : BlockMark::SEARCHED;
    } else if (state_.block_in_search == static_cast<int>(b)) {
      marks_[b] = BlockMark::SEARCHING;
    }
  }
  const RibbonColour kept = colour_;
  for (size_t c = 0; c < ranges_.size(); ++c) {
    colour_ = static_cast<RibbonColour>(c);
    double low = kUnknown, high = kUnknown;
    for (int site = 0; site < sites(); ++site) {
      const double here = value(site);
      if (std::isnan(here)) continue;
      low = std::isnan(low) ? here : std::min(low, here);
      high = std::isnan(high) ? here : std::max(high, here);
    }
    ranges_[c] = {low, high};
  }
  colour_ = kept;
}

void RibbonModel::set_colour(RibbonColour colour) {
  if (colour == colour_) return;
  colour_ = colour;
  Q_EMIT changed();
}

double RibbonModel::value(int site) const {
  switch (colour_) {
    case RibbonColour::ENTROPY:
      return entropy(site);
    case RibbonColour::DEPENDENCY:
      return dependency(site);
    case RibbonColour::ERROR: {
      const BlockSearched* found = result(block_of(site));
      return found != nullptr && found->joint_error > 0 ? found->joint_error : kUnknown;
    }
    case RibbonColour::BITS:
      return bits(block_of(site));
  }
  return kUnknown;
}

double RibbonModel::shade(int site) const {
  const double here = value(site);
  auto [low, high] = range();
  if (std::isnan(here)) return kUnknown;
  if (colour_ == RibbonColour::BITS) return (here - kFewestBits) / (kMostBits - kFewestBits);
  if (colour_ == RibbonColour::ERROR) return high > low ? std::log(here / low) / std::log(high / low) : 0.5;
  return high > low ? (here - low) / (high - low) : 0.5;
}

int RibbonModel::bits(int block) const {
  const int own = partition_.blocks.at(static_cast<size_t>(block)).bits;
  return own != 0 ? own : grounds_.recipe.weight_bits;
}

std::pair<int, int> RibbonModel::to_search() const {
  return {static_cast<int>(std::count(marks_.begin(), marks_.end(), BlockMark::EDITED)),
          static_cast<int>(std::count(marks_.begin(), marks_.end(), BlockMark::AFFECTED))};
}

QString RibbonModel::forecast_text() const {
  if (sites() == 0) return {};
  const Partition& before = run_partition_.blocks.empty() ? partition_ : run_partition_;
  QString text = qvlm::studio::forecast_text(forecast(before, grounds_), forecast(partition_, grounds_));
  if (edited() && !state_.blocks.empty()) {
    const auto [changed, behind] = to_search();
    text = tr("%1 edited, %2 affected").arg(changed).arg(behind) + QStringLiteral("  ·  ") + text;
  }
  return text;
}

BlockMark RibbonModel::mark(int block) const {
  return block < 0 || block >= static_cast<int>(marks_.size()) ? BlockMark::NONE : marks_[static_cast<size_t>(block)];
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
  refresh();
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

bool RibbonModel::set_bits(int block, int bits) {
  Partition next = partition_;
  return next.set_bits(block, bits) && apply_edit(next, tr("Set bits"));
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
  refresh();
  Q_EMIT changed();
  return true;
}

void RibbonModel::end_drag(bool keep) {
  if (!before_drag_) return;
  const Partition after = partition_;
  partition_ = *before_drag_;
  before_drag_.reset();
  refresh();
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
  if (here.bits != 0) text += tr(", %1 bits").arg(here.bits);
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
    case BlockMark::REUSED:
      text += QLatin1Char('\n') + tr("Taken over: its input did not change");
      break;
    default:
      break;
  }
  return text;
}

}  // namespace qvlm::studio
