// Counting what is known, and predicting the error by the blocks that were searched.
#include "app/studio/models/partition_forecast.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "app/studio/models/model_summary.h"
#include "core/run/bit_choice.h"
#include "core/run/search_cost.h"

namespace qvlm::studio {

namespace {

struct ForecastWords {
  Q_DECLARE_TR_FUNCTIONS(ForecastWords)
};

int bits_of(const Block& block, const Recipe& recipe) {
  return block.bits != 0 ? block.bits : recipe.weight_bits;
}

/// " (+8 %)"; empty where nothing changes.
QString change_text(double before, double after, int digits) {
  if (!(before > 0)) return {};
  const double percent = 100 * (after / before - 1);
  if (std::abs(percent) < 0.5 * std::pow(10, -digits)) return {};
  const QString sign = percent > 0 ? QStringLiteral("+") : QStringLiteral("−");
  return QStringLiteral(" (%1%2 %)").arg(sign, QLocale().toString(std::abs(percent), 'f', digits));
}

}  // namespace

ForecastGrounds forecast_grounds(const RunState& state, const Recipe& recipe, int samples,
                                 const std::optional<std::array<SiteShape, kSitesPerLayer>>& shapes) {
  ForecastGrounds grounds;
  grounds.recipe = recipe;
  grounds.samples = samples;
  grounds.shapes = shapes;
  std::array<double, kMaxBlockDepth + 1> gains{};
  std::array<int, kMaxBlockDepth + 1> counts{};
  double seconds = 0;
  int64_t forwards = 0;
  for (const auto& [first, found] : state.blocks) {
    const int depth = found.last_site - found.first_site + 1;
    if (depth < 1 || depth > kMaxBlockDepth || !(found.layerwise_error > 0)) continue;
    gains[size_t(depth)] += (found.layerwise_error - found.joint_error) / found.layerwise_error;
    ++counts[size_t(depth)];
    seconds += found.seconds;
    forwards += found.site_forwards;
    if (grounds.site_errors.empty()) {
      grounds.site_errors.assign(state.sites.size(), 0);
      grounds.site_bits.assign(state.sites.size(), recipe.weight_bits);
    }
    const int block = state.partition.block_of(first);
    for (int site = found.first_site; site <= found.last_site && site < int(state.sites.size()); ++site) {
      grounds.site_errors[size_t(site)] = found.layerwise_error / depth;
      if (block >= 0) grounds.site_bits[size_t(site)] = bits_of(state.partition.blocks[size_t(block)], recipe);
    }
  }
  for (size_t depth = 2; depth <= kMaxBlockDepth; ++depth)
    grounds.gain[depth] = counts[depth] > 0 ? gains[depth] / counts[depth] : grounds.gain[depth - 1];
  if (forwards > 0) grounds.seconds_a_forward = seconds / double(forwards);
  return grounds;
}

PartitionForecast forecast(const Partition& partition, const ForecastGrounds& grounds) {
  PartitionForecast result;
  const Recipe& recipe = grounds.recipe;
  const int candidates = int(candidates_of(recipe).size()), searched = std::min(recipe.search_samples, grounds.samples);
  int64_t weights = 0;
  for (const Block& block : partition.blocks) {
    result.site_forwards += planned_forwards(block.depth(), candidates, grounds.samples, searched, recipe.rescored_tuples, recipe.search);
    double error = 0;
    for (int site = block.first; site <= block.last; ++site) {
      if (size_t(site) < grounds.site_errors.size())
        error += modelled_loss(grounds.site_errors[size_t(site)], grounds.site_bits[size_t(site)], bits_of(block, recipe));
      if (!grounds.shapes) continue;
      const SiteShape& shape = (*grounds.shapes)[size_t(site % kSitesPerLayer)];
      result.stored_bytes += stored_bytes(shape, bits_of(block, recipe), recipe);
      weights += shape.weights();
    }
    result.error += error * (1 - grounds.gain[size_t(std::clamp(block.depth(), 1, kMaxBlockDepth))]);
  }
  if (weights > 0) result.bits_a_weight = 8.0 * double(result.stored_bytes) / double(weights);
  return result;
}

QString forecast_text(const PartitionForecast& before, const PartitionForecast& after) {
  QStringList parts;
  if (before.error > 0 && after.error > 0) {
    const QString change = change_text(before.error, after.error, 1).trimmed();
    if (!change.isEmpty()) parts << ForecastWords::tr("error %1, predicted").arg(change.mid(1, change.size() - 2));
  }
  if (after.stored_bytes > 0) {
    parts << ForecastWords::tr("%1, %2 bits a weight%3")
                 .arg(bytes_text(after.stored_bytes), QLocale().toString(after.bits_a_weight, 'f', 2),
                      change_text(double(before.stored_bytes), double(after.stored_bytes), 1));
  }
  parts << ForecastWords::tr("%1 site forwards%2")
               .arg(QLocale().toString(qlonglong(after.site_forwards)),
                    change_text(double(before.site_forwards), double(after.site_forwards), 0));
  return parts.join(QStringLiteral("  ·  "));
}

}  // namespace qvlm::studio
