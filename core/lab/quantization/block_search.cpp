// Tree search with shared prefixes, its branches side by side.
#include "core/lab/quantization/block_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace qvlm::quantization {
namespace {

using State = SearchableBlock::State;
using KeptState = std::vector<calibration::KeptTensor>;

double comparable(double loss) { return std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss; }

class Search {
 public:
  Search(const SearchableBlock& block, const SearchSettings& settings, const ScoreListener& on_score)
      : block_(block), settings_(settings), on_score_(on_score), depth_(block.depth()), candidates_(block.candidates()) {}

  BlockSearchResult run() {
    Tuple prefix;
    score_tree(enter(SampleSet::SEARCH), prefix);
    measure_spread();
    const Tuple unclipped(static_cast<size_t>(depth_), 0);
    const bool all_rescored = static_cast<int>(on_search_.size()) <= settings_.rescored_tuples;
    // A single site whose candidates are all rescored needs no pass of its own.
    std::optional<Tuple> layerwise;
    if (depth_ > 1 || !all_rescored) layerwise = layerwise_tuple();

    std::set<Tuple> finalists{unclipped};
    if (layerwise) finalists.insert(*layerwise);
    for (const Tuple& tuple : best_on_search()) finalists.insert(tuple);
    rescore(finalists);

    result_.joint = least_of(overall_);
    result_.layerwise = layerwise ? *layerwise : least_of(alone_);
    result_.joint_error = overall_.at(result_.joint).relative();
    result_.layerwise_error = overall_.at(result_.layerwise).relative();
    result_.unclipped_error = overall_.at(unclipped).relative();
    return result_;
  }

  BlockSearchResult score(const Tuple& tuple) {
    Deviation sum;
    for (const SampleSet set : {SampleSet::SEARCH, SampleSet::REST}) {
      std::vector<Deviation> deviations(block_.parts(set));
      side_by_side(deviations.size(), [&](size_t part) {
        State state = block_.enter(set, part);
        for (int position = 0; position < depth_; ++position) state = block_.step(state, position, tuple[static_cast<size_t>(position)]);
        deviations[part] = block_.end_deviation(set, part, state);
      });
      for (const Deviation& deviation : deviations) sum = sum + deviation;
      result_.site_forwards += depth_ * block_.samples(set);
    }
    result_.joint = result_.layerwise = tuple;
    result_.joint_error = result_.layerwise_error = result_.unclipped_error = sum.relative();
    return result_;
  }

 private:
  void side_by_side(size_t count, const std::function<void(size_t)>& work) {
    const auto checked = [&](size_t i) {
      if (settings_.check) settings_.check();
      work(i);
    };
    if (settings_.workers) {
      settings_.workers->run(count, checked);
    } else {
      for (size_t i = 0; i < count; ++i) checked(i);
    }
  }

  // One state a part.
  std::vector<State> enter(SampleSet set) const {
    std::vector<State> states;
    for (size_t part = 0; part < block_.parts(set); ++part) states.push_back(block_.enter(set, part));
    return states;
  }

  // Scores every tuple that begins with `prefix`, in lexicographic order. The last two sites are one round of side by side work:
  // a part and a candidate of the last but one each.
  void score_tree(const std::vector<State>& states, Tuple& prefix) {
    const int position = static_cast<int>(prefix.size());
    const int64_t samples = block_.samples(SampleSet::SEARCH);
    if (position + 2 < depth_) {
      for (int candidate = 0; candidate < candidates_; ++candidate) {
        std::vector<State> next(states.size());
        side_by_side(states.size(), [&](size_t part) { next[part] = block_.step(states[part], position, candidate); });
        result_.site_forwards += samples;
        prefix.push_back(candidate);
        score_tree(next, prefix);
        prefix.pop_back();
      }
      return;
    }
    const bool two = position + 1 < depth_;
    const auto c = static_cast<size_t>(candidates_);
    const size_t last = two ? c : 1;                              // candidates of the last site in one piece of work
    std::vector<Deviation> deviations(states.size() * c * last);  // [candidate][last candidate][part]
    std::vector<Deviation> alone(depth_ == 1 ? states.size() * c : 0);
    side_by_side(states.size() * c, [&](size_t piece) {
      const size_t part = piece % states.size(), candidate = piece / states.size();
      const State next = block_.step(states[part], position, static_cast<int>(candidate));
      for (size_t i = 0; i < last; ++i) {
        const State end = two ? block_.step(next, position + 1, static_cast<int>(i)) : next;
        deviations[(candidate * last + i) * states.size() + part] = block_.end_deviation(SampleSet::SEARCH, part, end);
      }
      if (!alone.empty()) alone[candidate * states.size() + part] = block_.deviation(SampleSet::SEARCH, part, next, 0);
    });
    result_.site_forwards += static_cast<int64_t>(two ? c + c * c : c) * samples;
    for (size_t tuple = 0; tuple < c * last; ++tuple) {
      Tuple scored = prefix;
      scored.push_back(static_cast<int>(tuple / last));
      if (two) scored.push_back(static_cast<int>(tuple % last));
      Deviation sum;
      for (size_t part = 0; part < states.size(); ++part) sum = sum + deviations[tuple * states.size() + part];
      on_search_[scored] = sum;
      for (size_t part = 0; part < states.size() && !alone.empty(); ++part) alone_[scored] = alone_[scored] + alone[tuple * states.size() + part];
      if (on_score_) on_score_(scored, sum.relative(), samples);
    }
  }

  void measure_spread() {
    double best = std::numeric_limits<double>::infinity(), worst = 0;
    for (const auto& [tuple, deviation] : on_search_) {
      const double loss = comparable(deviation.relative());
      best = std::min(best, loss);
      worst = std::max(worst, loss);
    }
    result_.spread = best > 0 && std::isfinite(worst) ? (worst - best) / best : (worst > best ? 1.0 : 0.0);
  }

  // Site by site, each candidate over the parts of both sets; the best one's states go on.
  Tuple layerwise_tuple() {
    const size_t search_parts = block_.parts(SampleSet::SEARCH), parts = search_parts + block_.parts(SampleSet::REST);
    const auto set_of = [&](size_t i) { return i < search_parts ? SampleSet::SEARCH : SampleSet::REST; };
    const auto part_of = [&](size_t i) { return i < search_parts ? i : i - search_parts; };
    std::vector<KeptState> states(parts);  // empty: where the block is entered
    Tuple tuple;
    for (int position = 0; position < depth_; ++position) {
      std::vector<KeptState> best;
      double least = 0;
      for (int candidate = 0; candidate < candidates_; ++candidate) {
        std::vector<KeptState> next(parts);
        std::vector<Deviation> deviations(parts);
        side_by_side(parts, [&](size_t i) {
          const State before = position == 0 ? block_.enter(set_of(i), part_of(i)) : loaded(states[i]);
          const State behind = block_.step(before, position, candidate);
          deviations[i] = block_.deviation(set_of(i), part_of(i), behind, position);
          if (position + 1 < depth_) next[i] = kept(behind, states[i], before);
        });
        Deviation sum;
        for (const Deviation& deviation : deviations) sum = sum + deviation;
        const double loss = comparable(sum.relative());
        if (best.empty() || loss < least) {
          least = loss;
          best = std::move(next);
          if (candidate == 0) {
            tuple.push_back(0);
          } else {
            tuple.back() = candidate;
          }
        }
      }
      result_.site_forwards += candidates_ * (block_.samples(SampleSet::SEARCH) + block_.samples(SampleSet::REST));
      states = std::move(best);
    }
    return tuple;
  }

  // A tensor that the step left as it was is not kept twice.
  KeptState kept(const State& now, const KeptState& from, const State& before) const {
    KeptState result;
    for (size_t i = 0; i < now.size(); ++i) {
      if (i < from.size() && now[i].is_same(before[i])) {
        result.push_back(from[i]);
      } else {
        result.push_back(settings_.spill != nullptr ? settings_.spill->keep(now[i]) : calibration::KeptTensor(now[i]));
      }
    }
    return result;
  }

  static State loaded(const KeptState& kept) {
    State state;
    for (const calibration::KeptTensor& tensor : kept) state.push_back(tensor.get());
    return state;
  }

  std::vector<Tuple> best_on_search() const {
    std::vector<Tuple> tuples;
    for (const auto& [tuple, deviation] : on_search_) tuples.push_back(tuple);
    const auto loss = [this](const Tuple& tuple) { return comparable(on_search_.at(tuple).relative()); };
    std::stable_sort(tuples.begin(), tuples.end(), [&](const Tuple& a, const Tuple& b) { return loss(a) < loss(b); });
    tuples.resize(std::min(tuples.size(), static_cast<size_t>(settings_.rescored_tuples)));
    return tuples;
  }

  // Each part of the rest walks over all finalists in lexicographic order, so that neighbours share the states of their common prefix.
  void rescore(const std::set<Tuple>& finalists) {
    const size_t parts = block_.parts(SampleSet::REST);
    std::vector<std::vector<Deviation>> deviations(parts), alone(parts);  // [part][finalist]
    side_by_side(parts, [&](size_t part) {
      std::vector<State> path{block_.enter(SampleSet::REST, part)};  // path[i]: the state before site i, for `current`
      Tuple current;
      for (const Tuple& tuple : finalists) {
        const size_t shared = shared_prefix(current, tuple);
        path.resize(shared + 1);
        for (size_t position = shared; position < tuple.size(); ++position) {
          path.push_back(block_.step(path.back(), static_cast<int>(position), tuple[position]));
        }
        current = tuple;
        deviations[part].push_back(block_.end_deviation(SampleSet::REST, part, path.back()));
        if (depth_ == 1) alone[part].push_back(block_.deviation(SampleSet::REST, part, path.back(), 0));
      }
    });
    Tuple current;
    size_t index = 0;
    for (const Tuple& tuple : finalists) {
      Deviation sum = on_search_.at(tuple);
      for (const auto& of_part : deviations) sum = sum + of_part[index];
      for (size_t part = 0; part < parts && depth_ == 1; ++part) alone_[tuple] = alone_[tuple] + alone[part][index];
      ++index;
      overall_[tuple] = sum;
      result_.site_forwards += static_cast<int64_t>(tuple.size() - shared_prefix(current, tuple)) * block_.samples(SampleSet::REST);
      current = tuple;
      if (parts > 0 && on_score_) on_score_(tuple, sum.relative(), block_.samples(SampleSet::SEARCH) + block_.samples(SampleSet::REST));
    }
  }

  static size_t shared_prefix(const Tuple& a, const Tuple& b) {
    return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  }

  static Tuple least_of(const std::map<Tuple, Deviation>& deviations) {
    auto best = deviations.begin();  // tuples in lexicographic order: among equals the first stays
    for (auto it = deviations.begin(); it != deviations.end(); ++it) {
      if (comparable(it->second.relative()) < comparable(best->second.relative())) best = it;
    }
    return best->first;
  }

  const SearchableBlock& block_;
  const SearchSettings& settings_;
  const ScoreListener& on_score_;
  int depth_, candidates_;
  std::map<Tuple, Deviation> on_search_, overall_;
  std::map<Tuple, Deviation> alone_;  // of a single site's own output
  BlockSearchResult result_;
};

}  // namespace

BlockSearchResult search_block(const SearchableBlock& block, const SearchSettings& settings, const ScoreListener& on_score) {
  return Search(block, settings, on_score).run();
}

BlockSearchResult score_only(const SearchableBlock& block, const SearchSettings& settings, const Tuple& tuple) {
  return Search(block, settings, {}).score(tuple);
}

}  // namespace qvlm::quantization
