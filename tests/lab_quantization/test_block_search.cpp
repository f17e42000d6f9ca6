// The tree search against brute force over all tuples, on a block small enough to enumerate.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <atomic>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/lab/quantization/block_search.h"
#include "core/lab/quantization/search_pass.h"
#include "core/run/search_cost.h"

using namespace qvlm;
using namespace qvlm::quantization;

namespace {

// A chain of small nonlinear maps whose candidates perturb each map differently; samples are rows.
class ToyBlock : public SearchableBlock {
 public:
  ToyBlock(int depth, int candidates, int search, int rest, int seed) : depth_(depth), candidates_(candidates), search_(search), rest_(rest) {
    torch::manual_seed(seed);
    input_ = torch::randn({search + rest, 5});
    for (int d = 0; d < depth; ++d) {
      exact_.push_back(torch::randn({5, 5}) * 0.6);
      std::vector<torch::Tensor> options;
      for (int c = 0; c < candidates; ++c) options.push_back(exact_.back() + torch::randn({5, 5}) * 0.2);
      options_.push_back(options);
    }
    auto x = input_ + 0.1;  // the float path enters with another stream
    for (int d = 0; d < depth; ++d) {
      x = torch::tanh(torch::mm(x, exact_[static_cast<size_t>(d)]));
      targets_.push_back(x);
    }
  }
  int depth() const override { return depth_; }
  int candidates() const override { return candidates_; }
  int64_t samples(SampleSet set) const override { return set == SampleSet::SEARCH ? search_ : rest_; }
  // A part is one sample.
  size_t parts(SampleSet set) const override { return static_cast<size_t>(samples(set)); }
  State enter(SampleSet set, size_t i) const override { return {row(input_, set, i)}; }
  State step(const State& state, int position, int candidate) const override {
    ++steps;
    return {torch::tanh(torch::mm(state[0], options_[static_cast<size_t>(position)][static_cast<size_t>(candidate)]))};
  }
  Deviation deviation(SampleSet set, size_t i, const State& state, int position) const override {
    const auto target = this->target(set, i, position);
    return {(state[0] - target).square().sum().item<double>(), target.square().sum().item<double>()};
  }
  // Error of a prefix of choices over the given sets, by itself: of the output of its last site, or of what leaves the block.
  double error(const Tuple& tuple, bool with_rest, bool leaves = false) const {
    Deviation sum;
    for (const SampleSet set : {SampleSet::SEARCH, SampleSet::REST}) {
      if (set == SampleSet::REST && (!with_rest || rest_ == 0)) continue;
      for (size_t i = 0; i < parts(set); ++i) {
        State state = enter(set, i);
        for (size_t site = 0; site < tuple.size(); ++site) state = step(state, static_cast<int>(site), tuple[site]);
        sum = sum + (leaves ? end_deviation(set, i, state) : deviation(set, i, state, static_cast<int>(tuple.size()) - 1));
      }
    }
    return sum.relative();
  }
  torch::Tensor target(SampleSet set, size_t i, int position) const { return row(targets_[static_cast<size_t>(position)], set, i); }
  mutable std::atomic<int> steps = 0;

 private:
  torch::Tensor row(const torch::Tensor& x, SampleSet set, size_t i) const {
    return x.narrow(0, static_cast<int64_t>(i) + (set == SampleSet::SEARCH ? 0 : search_), 1);
  }
  int depth_, candidates_, search_, rest_;
  torch::Tensor input_;
  std::vector<torch::Tensor> exact_, targets_;
  std::vector<std::vector<torch::Tensor>> options_;
};

// What leaves it is not its last site's output: two sums of its channels.
class SummingBlock : public ToyBlock {
 public:
  using ToyBlock::ToyBlock;
  Deviation end_deviation(SampleSet set, size_t i, const State& state) const override {
    const auto target = this->target(set, i, depth() - 1);
    const auto weights = torch::tensor({{1.0f, 0.0f}, {1.0f, 0.0f}, {-1.0f, 2.0f}, {0.0f, 1.0f}, {0.0f, 1.0f}});
    return {torch::mm(state[0] - target, weights).square().sum().item<double>(), torch::mm(target, weights).square().sum().item<double>()};
  }
};

std::vector<Tuple> all_tuples(int depth, int candidates) {
  std::vector<Tuple> tuples{{}};
  for (int d = 0; d < depth; ++d) {
    std::vector<Tuple> longer;
    for (const Tuple& tuple : tuples) {
      for (int c = 0; c < candidates; ++c) {
        longer.push_back(tuple);
        longer.back().push_back(c);
      }
    }
    tuples = longer;
  }
  return tuples;
}

}  // namespace

class TestBlockSearch : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void equalsBruteForceWhenAllAreRescored() {
    for (int seed = 0; seed < 10; ++seed) {
      for (int depth = 1; depth <= 3; ++depth) {
        const ToyBlock block(depth, 4, 3, 5, seed);
        const auto result = search_block(block, {1000});
        Tuple best;
        double least = INFINITY, best_on_search = INFINITY, worst_on_search = 0;
        for (const Tuple& tuple : all_tuples(depth, 4)) {
          const double error = block.error(tuple, true), on_search = block.error(tuple, false);
          best_on_search = std::min(best_on_search, on_search);
          worst_on_search = std::max(worst_on_search, on_search);
          if (error < least) {
            least = error;
            best = tuple;
          }
        }
        QCOMPARE(result.joint, best);
        QVERIFY(std::abs(result.joint_error - least) < 1e-9);
        QVERIFY(std::abs(result.spread - (worst_on_search - best_on_search) / best_on_search) < 1e-6);
        QVERIFY(std::abs(result.unclipped_error - block.error(Tuple(static_cast<size_t>(depth), 0), true)) < 1e-9);
      }
    }
  }

  void layerwiseIsGreedyBySite() {
    for (int seed = 0; seed < 10; ++seed) {
      const ToyBlock block(3, 5, 3, 5, seed);
      const auto result = search_block(block, {8});
      Tuple greedy;
      for (int position = 0; position < 3; ++position) {
        double least = INFINITY;
        int chosen = 0;
        for (int c = 0; c < 5; ++c) {
          Tuple tuple = greedy;
          tuple.push_back(c);
          const double error = block.error(tuple, true);
          if (error < least) {
            least = error;
            chosen = c;
          }
        }
        greedy.push_back(chosen);
      }
      QCOMPARE(result.layerwise, greedy);
      QVERIFY(std::abs(result.layerwise_error - block.error(greedy, true)) < 1e-9);
      QVERIFY(result.joint_error <= result.layerwise_error);
    }
  }

  // The joint choice is by what leaves the block, the layer-wise one by each site's own output; of a single site too.
  void jointIsByWhatLeavesTheBlock() {
    int differ = 0;
    for (int seed = 0; seed < 10; ++seed) {
      for (int depth = 1; depth <= 3; ++depth) {
        for (const int rescored : {1000, 3}) {
          const SummingBlock block(depth, 5, 3, 5, seed);
          const auto result = search_block(block, {rescored});
          Tuple greedy;
          for (int position = 0; position < depth; ++position) {
            greedy.push_back(0);
            Tuple best = greedy;
            for (greedy.back() = 0; greedy.back() < 5; ++greedy.back()) {
              if (block.error(greedy, true) < block.error(best, true)) best = greedy;
            }
            greedy = best;
          }
          QCOMPARE(result.layerwise, greedy);
          QVERIFY(std::abs(result.layerwise_error - block.error(greedy, true, true)) < 1e-9);
          QVERIFY(std::abs(result.joint_error - block.error(result.joint, true, true)) < 1e-9);
          QVERIFY(result.joint_error <= result.layerwise_error);
          differ += result.joint != result.layerwise ? 1 : 0;
          if (rescored < 1000) continue;
          for (const Tuple& tuple : all_tuples(depth, 5)) QVERIFY(result.joint_error <= block.error(tuple, true, true) + 1e-12);
          QVERIFY(std::abs(score_only(block, {}, result.joint).joint_error - result.joint_error) < 1e-9);
        }
      }
    }
    QVERIFY(differ > 20);
  }

  void jointBeatsLayerwiseSomewhere() {
    int better = 0;
    for (int seed = 0; seed < 20; ++seed) {
      const auto result = search_block(ToyBlock(3, 5, 3, 5, seed), {8});
      better += result.joint_error < result.layerwise_error ? 1 : 0;
    }
    QVERIFY(better > 5);
  }

  void treeSharesPrefixes() {
    const ToyBlock block(3, 5, 1, 0, 1);  // one sample, nothing to rescore on
    std::map<Tuple, double> scores;
    const auto result = search_block(block, {8}, [&](const Tuple& tuple, double loss, int64_t samples) {
      QCOMPARE(samples, int64_t{1});
      scores[tuple] = loss;
    });
    QCOMPARE(scores.size(), size_t{125});
    QCOMPARE(result.site_forwards, int64_t{5 + 25 + 125 + 15});  // the tree, and the layer-wise pass of 3 x 5
    QCOMPARE(block.steps, 5 + 25 + 125 + 15);
    for (const auto& [tuple, loss] : scores) QVERIFY(std::abs(loss - block.error(tuple, false)) < 1e-9);
  }

  void costIsPlanned() {
    for (int depth = 1; depth <= 3; ++depth) {
      const ToyBlock block(depth, 5, 2, 6, 3);
      const auto result = search_block(block, {8});
      const int64_t plan = planned_forwards(depth, 5, 8, 2, 8, SearchMode::JOINT);
      QVERIFY2(result.site_forwards <= plan && result.site_forwards > plan / 2, qPrintable(QString("%1 of %2").arg(result.site_forwards).arg(plan)));
    }
  }

  void rescoredLossesCoverAllSamples() {
    const ToyBlock block(2, 5, 2, 6, 2);
    int rescored = 0;
    search_block(block, {4}, [&](const Tuple& tuple, double loss, int64_t samples) {
      if (samples != 8) return;
      ++rescored;
      QVERIFY(std::abs(loss - block.error(tuple, true)) < 1e-9);
    });
    QVERIFY(rescored >= 4 && rescored <= 6);  // four, the layer-wise one and the unclipped one
  }

  void stopsWhereTheListenerThrows() {
    const ToyBlock block(3, 5, 2, 2, 2);
    int scored = 0;
    QVERIFY_THROWS_EXCEPTION(Cancelled, search_block(block, {8}, [&](const Tuple&, double, int64_t) {
                               if (++scored == 7) throw Cancelled();
                             }));
    QCOMPARE(scored, 7);
  }

  void scoreOnly() {
    const ToyBlock block(2, 5, 2, 2, 2);
    const auto result = score_only(block, {}, {0, 0});
    QVERIFY(std::abs(result.joint_error - block.error({0, 0}, true)) < 1e-9);
    QCOMPARE(result.spread, 0.0);
    QCOMPARE(result.site_forwards, int64_t{8});
  }

  void editsTakeBackWhatTheyTouch() {
    const Partition before{{{0, 1}, {2, 4}, {5, 7}}};
    const auto fresh = [] {
      KnownResults known;
      for (const auto& [first, last] : {std::pair{0, 1}, std::pair{2, 4}, std::pair{5, 7}}) {
        BlockSearched block;
        block.first_site = first;
        block.last_site = last;
        known.add(block);
      }
      known.add(LayerQuantized{0, "", "", 0, 0, 0, 0});
      known.add(LayerQuantized{1, "", "", 0, 0, 0, 0});
      return known;
    };
    Partition narrow = before;
    narrow.split_after(5);
    KnownResults known = fresh();
    QCOMPARE(known.partition_changed(before, narrow, false), 5);
    QCOMPARE(known.layers.size(), size_t{1});
    known = fresh();
    QCOMPARE(known.partition_changed(before, before, false), 8);
    QCOMPARE(known.layers.size(), size_t{2});
    Partition wide = before;
    wide.set_bits(2, 8);
    known = fresh();
    QCOMPARE(known.partition_changed(before, wide, false), 5);
    QCOMPARE(known.blocks.size(), size_t{2});
    known = fresh();
    QCOMPARE(known.partition_changed(before, wide, true), 2);  // site 4 shares layer 1 with sites 5 to 7
    QCOMPARE(known.blocks.size(), size_t{1});
    QCOMPARE(known.layers.size(), size_t{0});
  }
};

QTEST_GUILESS_MAIN(TestBlockSearch)
#include "test_block_search.moc"
