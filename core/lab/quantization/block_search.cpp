// Depth-first tree search with shared prefixes.
#include "core/lab/quantization/block_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace qvlm::quantization {
namespace {

double comparable(double loss) { return std::isnan(loss) ? std::numeric_limits<double>::infinity() : loss; }

class Search {
 public:
  Search(const SearchableBlock& block, const SearchSettings& settings, const ScoreListener& on_score)
      : block_(block), settings_(settings), on_score_(on_score), depth_(block.depth()) {}

  BlockSearchResult run() {
    Tuple prefix;
    score_tree(block_.enter(SampleSet::SEARCH), prefix);
    measure_spread();
    const Tuple unclipped(static_cast<size_t>(depth_), 0);
    const bool all_rescored = static_cast<int>(on_search_.size()) <= settings_.rescored_tuples;
    // A single site whose candidates are all rescored needs no pass of its own: both searches are the same.
    std::optional<Tuple> layerwise;
    if (depth_ > 1 || !all_rescored) layerwise = layerwise_tuple();

    std::set<Tuple> finalists{unclipped};
    if (layerwise) finalists.insert(*layerwise);
    for (const Tuple& tuple : best_on_search()) finalists.insert(tuple);
    rescore(finalists);

    result_.joint = best_overall();
    result_.layerwise = layerwise.value_or(result_.joint);
    result_.joint_error = overall_.at(result_.joint).relative();
    result_.layerwise_error = overall_.at(result_.layerwise).relative();
    result_.unclipped_error = overall_.at(unclipped).relative();
    return result_;
  }

  BlockSearchResult score(const Tuple& tuple) {
    overall_[tuple] = follow(SampleSet::SEARCH, tuple) + follow(SampleSet::REST, tuple);
    result_.joint = result_.layerwise = tuple;
    result_.joint_error = result_.layerwise_error = overall_[tuple].relative();
    result_.unclipped_error = result_.joint_error;
    return result_;
  }

 private:
  SearchableBlock::State step(SampleSet set, const SearchableBlock::State& state, int position, int candidate) {
    result_.site_forwards += block_.samples(set);
    return block_.step(set, state, position, candidate);
  }

  void score_tree(const SearchableBlock::State& state, Tuple& prefix) {
    const int position = static_cast<int>(prefix.size());
    for (int candidate = 0; candidate < block_.candidates(); ++candidate) {
      const auto next = step(SampleSet::SEARCH, state, position, candidate);
      prefix.push_back(candidate);
      if (position + 1 == depth_) {
        const Deviation deviation = block_.deviation(SampleSet::SEARCH, next, position);
        on_search_[prefix] = deviation;
        if (on_score_) on_score_(prefix, deviation.relative(), block_.samples(SampleSet::SEARCH));
      } else {
        score_tree(next, prefix);
      }
      prefix.pop_back();
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

  Tuple layerwise_tuple() {
    auto search = block_.enter(SampleSet::SEARCH), rest = enter_rest();
    Tuple tuple;
    for (int position = 0; position < depth_; ++position) {
      SearchableBlock::State best_search, best_rest;
      double least = 0;
      int chosen = -1;
      for (int candidate = 0; candidate < block_.candidates(); ++candidate) {
        auto next_search = step(SampleSet::SEARCH, search, position, candidate);
        Deviation deviation = block_.deviation(SampleSet::SEARCH, next_search, position);
        SearchableBlock::State next_rest;
        if (has_rest()) {
          next_rest = step(SampleSet::REST, rest, position, candidate);
          deviation = deviation + block_.deviation(SampleSet::REST, next_rest, position);
        }
        if (chosen < 0 || comparable(deviation.relative()) < least) {
          least = comparable(deviation.relative());
          chosen = candidate;
          best_search = std::move(next_search);
          best_rest = std::move(next_rest);
        }
      }
      tuple.push_back(chosen);
      search = std::move(best_search);
      rest = std::move(best_rest);
    }
    return tuple;
  }

  std::vector<Tuple> best_on_search() const {
    std::vector<Tuple> tuples;
    for (const auto& [tuple, deviation] : on_search_) tuples.push_back(tuple);
    const auto loss = [this](const Tuple& tuple) { return comparable(on_search_.at(tuple).relative()); };
    std::stable_sort(tuples.begin(), tuples.end(), [&](const Tuple& a, const Tuple& b) { return loss(a) < loss(b); });
    tuples.resize(std::min(tuples.size(), static_cast<size_t>(settings_.rescored_tuples)));
    return tuples;
  }

  // In lexicographic order, so that neighbours share the states of their common prefix.
  void rescore(const std::set<Tuple>& finalists) {
    std::vector<SearchableBlock::State> path;  // path[i]: the state before site i, for `current`
    Tuple current;
    if (has_rest()) path.push_back(enter_rest());
    for (const Tuple& tuple : finalists) {
      Deviation deviation = on_search_.at(tuple);
      if (has_rest()) {
        const auto shared = static_cast<size_t>(std::mismatch(current.begin(), current.end(), tuple.begin()).first - current.begin());
        path.resize(shared + 1);
        for (size_t position = shared; position < tuple.size(); ++position) {
          path.push_back(step(SampleSet::REST, path.back(), static_cast<int>(position), tuple[position]));
        }
        current = tuple;
        deviation = deviation + block_.deviation(SampleSet::REST, path.back(), depth_ - 1);
        if (on_score_) on_score_(tuple, deviation.relative(), block_.samples(SampleSet::SEARCH) + block_.samples(SampleSet::REST));
      }
      overall_[tuple] = deviation;
    }
  }

  Tuple best_overall() const {
    auto best = overall_.begin();  // tuples in lexicographic order: among equals the first stays
    for (auto it = overall_.begin(); it != overall_.end(); ++it) {
      if (comparable(it->second.relative()) < comparable(best->second.relative())) best = it;
    }
    return best->first;
  }

  Deviation follow(SampleSet set, const Tuple& tuple) {
    if (block_.samples(set) == 0) return {};
    auto state = block_.enter(set);
    for (int position = 0; position < depth_; ++position) state = step(set, state, position, tuple[static_cast<size_t>(position)]);
    return block_.deviation(set, state, depth_ - 1);
  }

  bool has_rest() const { return block_.samples(SampleSet::REST) > 0; }
  SearchableBlock::State enter_rest() const { return has_rest() ? block_.enter(SampleSet::REST) : SearchableBlock::State{}; }

  const SearchableBlock& block_;
  const SearchSettings& settings_;
  const ScoreListener& on_score_;
  int depth_;
  std::map<Tuple, Deviation> on_search_, overall_;
  BlockSearchResult result_;
};

}  // namespace

BlockSearchResult search_block(const SearchableBlock& block, const SearchSettings& settings, const ScoreListener& on_score) {
  return Search(block, settings, on_score).run();
}

BlockSearchResult score_only(const SearchableBlock& block, const Tuple& tuple) { return Search(block, {}, {}).score(tuple); }

}  // namespace qvlm::quantization
