// Sylvester's and Paley's constructions.
#include "core/model/hadamard.h"

#include <cmath>

#include "core/base/error.h"

namespace qvlm {

namespace {

bool is_prime(int64_t n) {
  if (n < 2) return false;
  for (int64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return true;
}

// Paley I: q + 1 for a prime q = 3 (mod 4). Paley II: 2 (q + 1) for a prime q = 1 (mod 4).
bool is_paley_one(int64_t order) {
  return order % 4 == 0 && is_prime(order - 1);
}
bool is_paley_two(int64_t order) {
  return order % 4 == 0 && (order / 2 - 1) % 4 == 1 && is_prime(order / 2 - 1);
}

// Jacobsthal's bordered matrix of order q + 1: 0 on the diagonal, else the quadratic character of i - j; first row ones,
// first column `border`.
std::vector<float> bordered_characters(int64_t q, float border) {
  std::vector<float> character(static_cast<size_t>(q), -1.0f);
  character[0] = 0;
  for (int64_t i = 1; i < q; ++i) character[static_cast<size_t>(i * i % q)] = 1;
  const int64_t n = q + 1;
  std::vector<float> s(static_cast<size_t>(n * n), 0.0f);
  for (int64_t i = 1; i < n; ++i) {
    s[static_cast<size_t>(i)] = 1;
    s[static_cast<size_t>(i * n)] = border;
    for (int64_t j = 1; j < n; ++j) s[static_cast<size_t>(i * n + j)] = character[static_cast<size_t>((i - j + q) % q)];
  }
  return s;
}

}  // namespace

std::optional<HadamardOrder> hadamard_order(int64_t order) {
  if (order < 1) return std::nullopt;
  int powers = 0;
  int64_t odd = order;
  while (odd % 2 == 0) odd /= 2, ++powers;
  if (odd == 1) return HadamardOrder{1, powers};
  for (int j = 2; j <= powers && odd << j <= kLargestHadamardCore; ++j)
    if (is_paley_one(odd << j) || is_paley_two(odd << j)) return HadamardOrder{odd << j, powers - j};
  return std::nullopt;
}

int64_t hadamard_block(int64_t width) {
  if (width < 1) throw Error::in("Hadamard", "width", "1 or more", std::to_string(width));
  int64_t odd = width, even = 1;
  while (odd % 2 == 0) odd /= 2, even *= 2;
  int64_t best = even;
  for (int64_t d = 1; d * d <= odd; ++d) {
    if (odd % d != 0) continue;
    for (const int64_t part : {d, odd / d})
      if (part * even > best && hadamard_order(part * even)) best = part * even;
  }
  return best;
}

std::vector<float> hadamard_core(int64_t core) {
  if (core == 1) return {1};
  const auto n = static_cast<size_t>(core);
  if (is_paley_one(core)) {
    std::vector<float> h = bordered_characters(core - 1, -1);
    for (size_t i = 0; i < n; ++i) h[i * n + i] += 1;
    return h;
  }
  if (!is_paley_two(core)) throw Error::in("Hadamard", "core", "an order of Paley's", std::to_string(core));
  const size_t half = n / 2;
  const std::vector<float> s = bordered_characters(core / 2 - 1, 1);
  std::vector<float> h(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      const bool low = i % 2 == 1 && j % 2 == 1;
      const float character = s[i / 2 * half + j / 2] * (low ? -1.0f : 1.0f);
      const float diagonal = i / 2 == j / 2 ? (i % 2 == 0 && j % 2 == 0 ? 1.0f : -1.0f) : 0.0f;
      h[i * n + j] = character + diagonal;
    }
  return h;
}

void apply_hadamard(std::span<float> x, int64_t block) {
  const auto order = hadamard_order(block);
  if (!order) throw Error::in("Hadamard", "block", "an order of a Hadamard matrix", std::to_string(block));
  const auto size = static_cast<size_t>(block);
  if (x.size() % size != 0)
    throw Error::in("Hadamard", "block", "a divisor of " + std::to_string(x.size()), std::to_string(block));
  const auto core = static_cast<size_t>(order->core), inner = size / core;
  const std::vector<float> c = hadamard_core(order->core);
  const float scale = 1 / std::sqrt(static_cast<float>(block));
  std::vector<float> mixed(size);
  for (size_t begin = 0; begin < x.size(); begin += size) {
    const auto run = x.subspan(begin, size);
    for (size_t a = 0; a < core; ++a)
      for (size_t step = 1; step < inner; step *= 2)
        for (size_t i = 0; i < inner; ++i) {
          if ((i & step) != 0) continue;
          float& first = run[a * inner + i];
          float& second = run[a * inner + i + step];
          const float sum = first + second, difference = first - second;
          first = sum;
          second = difference;
        }
    for (size_t b = 0; b < core; ++b)
      for (size_t i = 0; i < inner; ++i) {
        float sum = 0;
        for (size_t a = 0; a < core; ++a) sum += run[a * inner + i] * c[a * core + b];
        mixed[b * inner + i] = sum * scale;
      }
    for (size_t i = 0; i < size; ++i) run[i] = mixed[i];
  }
}

}  // namespace qvlm
