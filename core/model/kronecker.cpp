// The factors of a width, and their product as it is written down.
#include "core/model/kronecker.h"

#include <vector>

#include "core/base/error.h"

namespace qvlm {

KroneckerShape kronecker_shape(int64_t width) {
  if (width < 1) throw Error::in("Kronecker transform", "width", "at least 1", std::to_string(width));
  KroneckerShape shape{1, width};
  for (int64_t left = 2; left * left <= width; ++left)
    if (width % left == 0) shape = {left, width / left};
  return shape;
}

std::string transform_part(SiteKind kind, std::string_view half) {
  return "transform." + std::string(short_name_of(kind)) + "." + std::string(half);
}

void apply_kronecker(std::span<float> x, std::span<const float> a, int64_t left, std::span<const float> b, int64_t right) {
  const auto m = static_cast<size_t>(left), n = static_cast<size_t>(right);
  if (left < 1 || right < 1 || a.size() != m * m || b.size() != n * n || x.size() % (m * n) != 0)
    throw Error("Kronecker transform: sizes do not fit: " + std::to_string(x.size()) + " numbers, factors of " +
                std::to_string(a.size()) + " and " + std::to_string(b.size()));
  std::vector<double> y(m * n);
  for (size_t at = 0; at < x.size(); at += m * n) {
    for (size_t k = 0; k < m; ++k)
      for (size_t l = 0; l < n; ++l) {
        double sum = 0;
        for (size_t i = 0; i < m; ++i)
          for (size_t j = 0; j < n; ++j)
            sum += static_cast<double>(x[at + i * n + j]) * static_cast<double>(a[i * m + k]) * static_cast<double>(b[j * n + l]);
        y[k * n + l] = sum;
      }
    for (size_t i = 0; i < m * n; ++i) x[at + i] = static_cast<float>(y[i]);
  }
}

}  // namespace qvlm
