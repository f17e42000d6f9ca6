// Entropy, dependency, statistics and their sampling, each against a plain loop.
#include <torch/types.h>
#include <torch/utils.h>

#undef slots
#include <QtTest>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/lab/calibration/batches.h"
#include "core/lab/calibration/entropy.h"
#include "core/lab/calibration/level_sampler.h"
#include "core/lab/calibration/statistics.h"

using namespace qvlm;
using namespace qvlm::calibration;

namespace {

using Rows = std::vector<std::vector<double>>;

Rows soft_assignment_plain(const std::vector<float>& u, const std::vector<float>& weight, int levels) {
  Rows rows;
  for (size_t i = 0; i < u.size(); ++i) {
    std::vector<double> row;
    double sum = 0;
    for (int m = 0; m < levels; ++m) {
      row.push_back(std::exp(-static_cast<double>(weight[i]) * (u[i] - m) * (u[i] - m)));
      sum += row.back();
    }
    for (double& p : row) p /= sum;
    rows.push_back(row);
  }
  return rows;
}

double entropy_plain(const std::vector<double>& p) {
  double h = 0;
  for (const double x : p) h -= x > 0 ? x * std::log(x) : 0;
  return h / std::log(static_cast<double>(p.size()));
}

// D = -sum_ab J_ab ln(J_ab / sum_b J_ab), J = mean over positions of a outer b.
double dependency_plain(const Rows& a, const Rows& b) {
  const size_t levels = a.front().size();
  double d = 0;
  for (size_t m = 0; m < levels; ++m) {
    std::vector<double> row(levels);
    double sum = 0;
    for (size_t n = 0; n < levels; ++n) {
      for (size_t i = 0; i < a.size(); ++i) row[n] += a[i][m] * b[i][n] / static_cast<double>(a.size());
      sum += row[n];
    }
    for (const double joint : row) d -= joint > 0 ? joint * std::log(joint / sum) : 0;
  }
  return d / std::log(static_cast<double>(levels));
}

torch::Tensor tensor_of(const std::vector<float>& values) { return torch::tensor(values, torch::kFloat32); }

// Three samples of 5, 3 and 4 tokens, width 6.
Batches three_samples(int search_samples) {
  torch::manual_seed(3);
  return make_batches({torch::randn({1, 5, 6}), torch::randn({1, 3, 6}), torch::randn({1, 4, 6})}, search_samples, 2);
}

std::vector<torch::Tensor> hidden_of(const Batches& batches) {
  std::vector<torch::Tensor> hidden;
  for (const Batch& batch : batches.all) hidden.push_back(batch.hidden);
  return hidden;
}

}  // namespace

class TestEntropy : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void softAssignment() {
    const std::vector<float> u{0.0f, 1.4f, 2.9f, 3.0f, -0.7f}, step{0.5f, 0.1f, 2.0f, 1.0f, 0.02f};
    const LevelSamples samples{tensor_of(u), tensor_of(step)};
    const auto free_rows = soft_assignment_plain(u, std::vector<float>(u.size(), 1), 4);
    const auto literal_rows = soft_assignment_plain(u, step, 4);
    const auto unit_free = soft_assignment(samples, 4), literal = soft_assignment(samples, 4, Softness::PAPER_LITERAL);
    for (size_t i = 0; i < u.size(); ++i) {
      for (size_t m = 0; m < 4; ++m) {
        QVERIFY(std::abs(unit_free[static_cast<int64_t>(i)][static_cast<int64_t>(m)].item<double>() - free_rows[i][m]) < 1e-6);
        QVERIFY(std::abs(literal[static_cast<int64_t>(i)][static_cast<int64_t>(m)].item<double>() - literal_rows[i][m]) < 1e-6);
      }
    }
  }

  void entropyAndDependencyEqualPlainLoops() {
    torch::manual_seed(1);
    std::vector<float> u, v;
    for (int i = 0; i < 300; ++i) {
      u.push_back(7.5f + 3 * torch::randn({1}).item<float>());
      v.push_back(0.6f * u.back() + 3 + torch::randn({1}).item<float>());
    }
    const std::vector<float> ones(u.size(), 1);
    const auto a = soft_assignment_plain(u, ones, 16), b = soft_assignment_plain(v, ones, 16);
    const auto sa = soft_assignment({tensor_of(u), tensor_of(ones)}, 16), sb = soft_assignment({tensor_of(v), tensor_of(ones)}, 16);
    const auto joint = joint_distribution(sa, sb);
    QVERIFY(std::abs(joint.sum().item<double>() - 1) < 1e-5);
    QVERIFY(std::abs(normalised_conditional_entropy(joint) - dependency_plain(a, b)) < 1e-5);
    std::vector<double> marginal(16);
    for (const auto& row : a) {
      for (size_t m = 0; m < 16; ++m) marginal[m] += row[m] / static_cast<double>(a.size());
    }
    QVERIFY(std::abs(normalised_entropy(sa.mean(0)) - entropy_plain(marginal)) < 1e-5);
    // H(b | a) <= H(b), and knowing a tells something here.
    QVERIFY(normalised_conditional_entropy(joint) < normalised_entropy(sb.mean(0)) - 0.01);
  }

  void limits() {
    QVERIFY(std::abs(normalised_entropy(torch::full({16}, 1.0 / 16)) - 1) < 1e-6);
    QCOMPARE(normalised_entropy(torch::eye(16)[3]), 0.0);
    const auto independent = torch::full({4, 4}, 1.0 / 16);
    QVERIFY(std::abs(normalised_conditional_entropy(independent) - 1) < 1e-6);
    QVERIFY(std::abs(normalised_conditional_entropy(torch::eye(4) / 4)) < 1e-6);  // the second is known from the first
  }

  void batchesSkipPadding() {
    const Batches batches = three_samples(1);
    QCOMPARE(batches.search_batches, size_t{1});
    QCOMPARE(batches.all.size(), size_t{2});
    QCOMPARE(batches.tokens, 12);
    QCOMPARE(batches.longest, 5);
    QCOMPARE(batches.all[1].samples, (std::vector<int>{1, 2}));
    const Batch& padded = batches.all[1];
    QCOMPARE(real_rows(padded, padded.hidden).size(0), 7);
    auto dirty = padded.hidden.clone();
    dirty[0][3].fill_(1e6);  // a padding row
    const double expected = real_rows(padded, padded.hidden).square().sum().item<double>();
    QVERIFY(std::abs(energy(padded, dirty) - expected) < 1e-3 * expected);
    QVERIFY(std::abs(squared_error(padded, dirty, torch::zeros_like(dirty)) - expected) < 1e-3 * expected);
    QVERIFY_THROWS_EXCEPTION(Error, make_batches({}, 1));
    QVERIFY_THROWS_EXCEPTION(Error, make_batches({torch::zeros({1, 0, 4})}, 1));
  }

  void samplerTakesWhatItSays_data() {
    QTest::addColumn<int>("granularity");
    QTest::newRow("token") << static_cast<int>(ActivationGranularity::DYNAMIC_TOKEN);
    QTest::newRow("group") << static_cast<int>(ActivationGranularity::DYNAMIC_GROUP);
    QTest::newRow("static") << static_cast<int>(ActivationGranularity::STATIC_TENSOR);
  }
  void samplerTakesWhatItSays() {
    QFETCH(int, granularity);
    const Batches batches = three_samples(2);
    ActivationQuantizer q{static_cast<ActivationGranularity>(granularity), 4, 3, -2.0f, 1.5f, 1.0f};
    const LevelSampler sampler(batches, 40, 5);
    QCOMPARE(sampler.positions(), 40);
    const auto channels = sampler.channels(6), paired = sampler.paired_channels(4, 6);
    const auto got = sampler.take(batches, hidden_of(batches), channels, q);
    // All real rows in the order of the batches.
    std::vector<std::vector<float>> rows;
    std::vector<int> sample_of_row;
    for (const Batch& batch : batches.all) {
      const auto x = real_rows(batch, batch.hidden).contiguous();
      for (int64_t r = 0; r < x.size(0); ++r) rows.emplace_back(x.data_ptr<float>() + r * 6, x.data_ptr<float>() + (r + 1) * 6);
      for (size_t i = 0; i < batch.samples.size(); ++i) sample_of_row.insert(sample_of_row.end(), static_cast<size_t>(batch.lengths[i]), batch.samples[i]);
    }
    for (int64_t i = 0; i < 40; ++i) {
      const auto& row = rows[static_cast<size_t>(i * 12 / 40)];
      const int64_t channel = channels[i].item<int64_t>();
      QVERIFY(channel >= 0 && channel < 6);
      QCOMPARE(paired[i].item<int64_t>(), sampler.channels(4)[i].item<int64_t>() * 6 / 4);
      QCOMPARE(sampler.sample_of()[i].item<int64_t>(), static_cast<int64_t>(sample_of_row[static_cast<size_t>(i * 12 / 40)]));
      float lo = q.low, hi = q.high;
      if (q.granularity != ActivationGranularity::STATIC_TENSOR) {
        const int64_t group = q.granularity == ActivationGranularity::DYNAMIC_GROUP ? 3 : 6, begin = channel / group * group;
        lo = std::min(0.0f, *std::min_element(row.begin() + begin, row.begin() + begin + group));
        hi = std::max(0.0f, *std::max_element(row.begin() + begin, row.begin() + begin + group));
      }
      const float s = (hi - lo) / 15, z = std::nearbyint(-lo / s);
      QVERIFY(std::abs(got.coordinate[i].item<float>() - (row[static_cast<size_t>(channel)] / s + z)) < 1e-3f);
      QVERIFY(std::abs(got.step[i].item<float>() - s) < 1e-5f);
    }
  }

  void channelsSpread() {
    const LevelSampler sampler(three_samples(3), 600, 0);
    const auto counts = torch::bincount(sampler.channels(6), {}, 6);
    QVERIFY(counts.min().item<int64_t>() > 90 && counts.max().item<int64_t>() < 110);
  }

  void percentilesEqualPlainLoop() {
    torch::manual_seed(9);
    const auto values = std::get<0>(torch::randn({101}).sort());
    for (const float p : {1.0f, 0.995f, 0.98f, 0.75f}) {
      const auto [low, high] = percentile_bounds(values, p);
      const auto at = [&values](double position) {
        const auto i = static_cast<int64_t>(position);
        const double a = values[i].item<double>(), b = values[std::min<int64_t>(i + 1, 100)].item<double>();
        return a + (position - static_cast<double>(i)) * (b - a);
      };
      QVERIFY(std::abs(high - at(p * 100.0)) < 1e-5);
      QVERIFY(std::abs(low - at(100 - p * 100.0)) < 1e-5);
    }
  }

  void statisticsEqualPlainLoop() {
    const Batches batches = three_samples(2);
    const std::vector<float> percentiles{1, 0.9f};
    const SiteStatistics s = measure_site(batches, hidden_of(batches), percentiles, reference::Workers(1));
    std::vector<float> all;
    std::vector<double> square(6), absolute(6);
    for (const Batch& batch : batches.all) {
      const auto x = real_rows(batch, batch.hidden).contiguous();
      for (int64_t i = 0; i < x.numel(); ++i) {
        const float value = x.data_ptr<float>()[i];
        all.push_back(value);
        square[static_cast<size_t>(i % 6)] += value * value / 12.0;
        absolute[static_cast<size_t>(i % 6)] += std::abs(value) / 12.0;
      }
    }
    std::sort(all.begin(), all.end());
    QCOMPARE(s.minimum, all.front());
    QCOMPARE(s.maximum, all.back());
    QCOMPARE(s.percentile_low[0], all.front());
    QCOMPARE(s.percentile_high[0], all.back());
    const double position = 0.9 * 71;
    QVERIFY(std::abs(s.percentile_high[1] - (all[63] + (position - 63) * (all[64] - all[63]))) < 1e-4);
    for (int c = 0; c < 6; ++c) {
      QVERIFY(std::abs(s.mean_square[c].item<double>() - square[static_cast<size_t>(c)]) < 1e-5);
      QVERIFY(std::abs(s.mean_absolute[c].item<double>() - absolute[static_cast<size_t>(c)]) < 1e-5);
    }
    QCOMPARE(s.values, 72);
    int64_t counted = 0;
    for (const int64_t bin : s.histogram) counted += bin;
    QCOMPARE(counted, 72);
    const double width = (static_cast<double>(all.back()) - all.front()) / kHistogramBins;
    const int64_t in_first = std::count_if(all.begin(), all.end(), [&](float x) { return x < all.front() + width; });
    QCOMPARE(s.histogram.front(), in_first);
  }
};

QTEST_GUILESS_MAIN(TestEntropy)
#include "test_entropy.moc"
