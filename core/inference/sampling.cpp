// Choosing the next token from its logits.
#include "core/inference/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace qvlm {

float uniform_at(uint64_t seed, int64_t position) {
  // splitmix64 (Steele, Lea, Flood 2014) as a counter-based generator: output number `position` of the stream `seed`.
  uint64_t z = seed + 0x9E3779B97F4A7C15ull * (static_cast<uint64_t>(position) + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) * 0x1.0p-24f;  // 24 bits: every value is a float below 1
}

void validate(const SamplingParameters& parameters) {
  const auto refuse = [](const char* field, const char* expected, double found) {
    throw Error::in("", field, expected, std::to_string(found));
  };
  if (!(parameters.temperature >= 0) || std::isinf(parameters.temperature)) {
    refuse("temperature", "0 (greedy) or more", parameters.temperature);
  }
  if (parameters.top_k < 0) refuse("top_k", "0 (all) or more", parameters.top_k);
  if (!(parameters.top_p > 0 && parameters.top_p <= 1)) refuse("top_p", "above 0, at most 1", parameters.top_p);
  if (!(parameters.repetition_penalty > 0) || std::isinf(parameters.repetition_penalty)) {
    refuse("repetition_penalty", "above 0", parameters.repetition_penalty);
  }
}

int32_t sample_token(std::span<const float> logits, const SamplingParameters& parameters,
                     std::span<const int32_t> recent, int64_t position) {
  if (logits.empty()) throw Error("sampling: there are no logits");
  std::vector<float> scores(logits.begin(), logits.end());  // [vocabulary]
  if (parameters.repetition_penalty != 1) {
    std::vector<int32_t> seen(recent.begin(), recent.end());  // each token is punished once, however often it came
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const int32_t id : seen) {
      if (id < 0 || static_cast<size_t>(id) >= scores.size()) continue;
      float& score = scores[static_cast<size_t>(id)];
      score = score > 0 ? score / parameters.repetition_penalty : score * parameters.repetition_penalty;
    }
  }
  const auto best = std::max_element(scores.begin(), scores.end());  // the first among equals
  if (std::any_of(scores.begin(), scores.end(), [](float score) { return std::isnan(score); })) {
    throw Error("sampling: the model's logits hold a value that is not a number");
  }
  if (parameters.temperature <= 0) return static_cast<int32_t>(best - scores.begin());

  // Descending by score, lower ids first among equals.
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto before = [&](int32_t a, int32_t b) {
    const float left = scores[static_cast<size_t>(a)], right = scores[static_cast<size_t>(b)];
    return left != right ? left > right : a < b;
  };
  if (parameters.top_k > 0 && static_cast<size_t>(parameters.top_k) < order.size()) {
    std::partial_sort(order.begin(), order.begin() + parameters.top_k, order.end(), before);
    order.resize(static_cast<size_t>(parameters.top_k));
  } else {
    std::sort(order.begin(), order.end(), before);
  }
  std::vector<double> weights(order.size());  // unnormalised probabilities, the largest is 1
  double total = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    weights[i] =
        std::exp((double(scores[static_cast<size_t>(order[i])]) - double(*best)) / double(parameters.temperature));
    total += weights[i];
  }
  size_t kept = order.size();
  if (parameters.top_p < 1) {
    double mass = 0;
    for (kept = 0; kept < order.size();) {
      mass += weights[kept++];
      if (mass >= double(parameters.top_p) * total) break;
    }
    total = mass;
  }
  const double target = double(uniform_at(parameters.seed, position)) * total;
  double sum = 0;
  for (size_t i = 0; i < kept; ++i) {
    sum += weights[i];
    if (target < sum) return order[i];
  }
  return order[kept - 1];
}

}  // namespace qvlm
