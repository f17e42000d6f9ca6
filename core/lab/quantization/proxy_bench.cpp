// Random assignments, their measured losses, and the proxies' predictions.
#include "core/lab/quantization/proxy_bench.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include "core/base/error.h"
#include "core/lab/calibration/float_pass.h"
#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/assignment_errors.h"
#include "core/lab/quantization/site_proxies.h"
#include "core/lab/reference/threads.h"
#include "core/run/bit_budget.h"
#include "core/run/rank_correlation.h"

namespace qvlm {
namespace {

using namespace quantization;

// Assignments as the request wants them, from its seed alone.
class Draws {
 public:
  Draws(const DecoderConfig& config, const Recipe& recipe) : config_(config), recipe_(recipe), random_(recipe.seed) {
    for (int site = 0; site < sites(); ++site) weights_ += shape_of(config, Site::at(site).kind).weights();
  }

  BitAssignment draw() {
    const auto widths = budget_widths();
    std::vector<size_t> chosen(static_cast<size_t>(sites()));
    for (size_t& one : chosen) one = below(widths.size());
    if (recipe_.budget_bits_per_weight > 0) move_into_budget(chosen);
    BitAssignment bits;
    for (const size_t one : chosen) bits.push_back(widths[one]);
    return bits;
  }

  double bits_per_weight(const BitAssignment& bits) const {
    double bytes = 0;
    for (int site = 0; site < sites(); ++site) {
      bytes += static_cast<double>(stored_bytes(shape_of(config_, Site::at(site).kind), bits[static_cast<size_t>(site)], recipe_));
    }
    return 8 * bytes / static_cast<double>(weights_);
  }

 private:
  int sites() const { return config_.layers * kSitesPerLayer; }
  size_t below(size_t count) { return static_cast<size_t>(random_() % count); }  // the same on every machine, unlike the distributions

  double size_of(const std::vector<size_t>& chosen) const {
    BitAssignment bits;
    for (const size_t one : chosen) bits.push_back(budget_widths()[one]);
    return bits_per_weight(bits);
  }

  // A step down at random while it is too large, then a step up at each site, in random order, while that fits.
  void move_into_budget(std::vector<size_t>& chosen) {
    while (size_of(chosen) > recipe_.budget_bits_per_weight) {
      size_t& one = chosen[below(chosen.size())];
      if (one > 0) --one;
    }
    std::vector<size_t> order;
    for (size_t i = 0; i < chosen.size(); ++i) order.insert(order.begin() + static_cast<int64_t>(below(i + 1)), i);
    for (bool moved = true; moved;) {
      moved = false;
      for (const size_t site : order) {
        if (chosen[site] + 1 >= budget_widths().size()) continue;
        ++chosen[site];
        if (size_of(chosen) <= recipe_.budget_bits_per_weight) {
          moved = true;
        } else {
          --chosen[site];
        }
      }
    }
  }

  const DecoderConfig& config_;
  const Recipe& recipe_;
  std::mt19937_64 random_;
  int64_t weights_ = 0;
};

// A proxy: its name, and a number of each site at each width.
struct Proxy {
  std::string name;
  std::vector<std::vector<double>> of_site;  // [sites][widths]
};

size_t width_index(int bits) {
  const auto widths = budget_widths();
  return static_cast<size_t>(std::find(widths.begin(), widths.end(), bits) - widths.begin());
}

void check(const ProxyBenchRequest& request, const Recipe& recipe) {
  validate(recipe, "recipe");
  if (request.assignments < 3) throw Error::in("proxies", "assignments", "3 or more", std::to_string(request.assignments));
  if (recipe.budget_megabytes > 0 || recipe.budget_milliseconds > 0) throw Error::in("proxies", "budget", "bits a weight, or none", "megabytes or milliseconds");
  if (recipe.rotation != RotationMode::NONE) throw Error::in("proxies", "rotation", "none", std::string(name_of(recipe.rotation)));
  if (has_budget(recipe)) {
    const DecoderConfig& decoder = request.model->config().decoder;
    const double least = smallest_budget(decoder, recipe, layerwise_partition(decoder.layers * kSitesPerLayer));
    if (recipe.budget_bits_per_weight < least) {
      throw Error::in("recipe", "budget_bits_per_weight", "at least " + std::to_string(least), std::to_string(recipe.budget_bits_per_weight));
    }
  }
}

}  // namespace

ProxyBenchResult rank_proxies(const ProxyBenchRequest& request, const std::function<void(const std::string&, int, int)>& on_progress,
                              std::stop_token stop) {
  if (!request.model) throw Error("proxies: no model");
  const Model& model = *request.model;
  Recipe recipe = request.recipe;
  if (recipe.threads == 0) recipe.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  recipe.search_samples = recipe.samples;  // everything is measured on all of them
  check(request, recipe);
  const auto progress = [&](const std::string& phase, int done, int total) {
    if (stop.stop_requested()) throw Cancelled();
    if (on_progress) on_progress(phase, done, total);
  };
  reference::set_threads(recipe.threads);
  const reference::Workers workers(recipe.threads);
  CalibrationOptions options;
  options.images = request.calibration_images;
  options.prompt = request.calibration_prompt;
  options.samples = recipe.samples;
  options.seed = recipe.seed;
  calibration::Batches batches;
  AnswerRows answers;
  {
    const auto prompts = calibration::build_prompts(model, read_calibration_set(request.calibration, options));
    const int count = static_cast<int>(prompts.size());
    const auto embedded = calibration::embed_prompts(model, prompts, workers, [&](int done) { progress("pictures", done, count); });
    batches = calibration::make_batches(embedded, recipe.search_samples);
    answers = answer_rows(prompts);
  }
  const int layers = model.config().decoder.layers, sites = layers * kSitesPerLayer;
  calibration::FloatPassListener listener;
  listener.on_layer = [&](int done) { progress("statistics", done, layers); };
  const auto measured = calibration::float_pass(model, batches, recipe, listener, workers);

  // Every site alone at every width, and the random assignments, in one go.
  const std::vector<int> widths(budget_widths().begin(), budget_widths().end());
  int passed = 0;
  const auto costs = rounding_costs(model, batches, recipe, measured.statistics, widths, workers, [&] { progress("proxies", ++passed, 2 * layers); });
  std::vector<BitAssignment> assignments;
  for (int site = 0; site < sites; ++site) {
    for (const int width : widths) assignments.emplace_back(static_cast<size_t>(sites), 0)[static_cast<size_t>(site)] = width;
    assignments.emplace_back(static_cast<size_t>(sites), 0)[static_cast<size_t>(site)] = recipe.weight_bits;
  }
  const size_t alone = assignments.size(), per_site = widths.size() + 1;
  Draws draws(model.config().decoder, recipe);
  for (int i = 0; i < request.assignments; ++i) assignments.push_back(draws.draw());
  const int steps = steps_of_assignments(model, batches, assignments.size());
  const auto errors = assignment_errors(model, batches, recipe, assignments, answers, workers, [&](int done) { progress("assignments", done, steps); });

  // Bits first: minus a site's share of the weights times its width.
  std::vector<Proxy> proxies{{"bits", {}}, {"weight-error", {}}, {"hessian-error", {}}, {"activation-error", {}}, {"dependency-error", {}},
                             {"fisher-error", {}}, {"closed-form", {}}, {"alone", {}}};
  double weights = 0;
  for (int site = 0; site < sites; ++site) weights += static_cast<double>(shape_of(model.config().decoder, Site::at(site).kind).weights());
  for (size_t site = 0; site < static_cast<size_t>(sites); ++site) {
    for (Proxy& proxy : proxies) proxy.of_site.emplace_back();
    const double share = static_cast<double>(shape_of(model.config().decoder, Site::at(static_cast<int>(site)).kind).weights()) / weights;
    const double at_reference = errors[site * per_site + widths.size()].divergence;
    for (size_t w = 0; w < widths.size(); ++w) {
      const RoundingCost& cost = costs[site][w];
      const double values[] = {-share * widths[w],
                               cost.weight_error,
                               cost.hessian_error,
                               cost.activation_error,
                               measured.entropies[site].dependency * cost.relative_error,
                               cost.fisher_error,
                               modelled_loss(at_reference, recipe.weight_bits, widths[w]),
                               errors[site * per_site + w].divergence};
      for (size_t p = 0; p < proxies.size(); ++p) proxies[p].of_site[site].push_back(values[p]);
    }
  }

  ProxyBenchResult result;
  result.samples = batches.samples;
  std::vector<double> divergences, hidden;
  for (size_t i = alone; i < assignments.size(); ++i) {
    RankedAssignment row;
    row.bits = assignments[i];
    row.bits_per_weight = draws.bits_per_weight(row.bits);
    row.hidden = errors[i].hidden;
    row.divergence = errors[i].divergence;
    for (const Proxy& proxy : proxies) {
      double sum = 0;
      for (size_t site = 0; site < row.bits.size(); ++site) sum += proxy.of_site[site][width_index(row.bits[site])];
      row.predicted.push_back(sum);
    }
    divergences.push_back(row.divergence);
    hidden.push_back(row.hidden);
    result.assignments.push_back(std::move(row));
  }
  for (size_t p = 0; p < proxies.size(); ++p) {
    std::vector<double> predicted;
    for (const RankedAssignment& row : result.assignments) predicted.push_back(row.predicted[p]);
    result.names.push_back(proxies[p].name);
    result.proxies.push_back({proxies[p].name, rank_correlation(predicted, divergences), rank_correlation(predicted, hidden)});
  }
  std::stable_sort(result.proxies.begin(), result.proxies.end(), [](const RankedProxy& a, const RankedProxy& b) {
    const auto key = [](double rho) { return std::isnan(rho) ? -2.0 : rho; };
    return key(a.rho_divergence) > key(b.rho_divergence);
  });
  return result;
}

}  // namespace qvlm
