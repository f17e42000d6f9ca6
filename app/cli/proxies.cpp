// qvlm proxies: which cheap number tells best what an assignment of bits costs a model.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#ifdef QVLM_WITH_LAB
#include "core/lab/quantization/proxy_bench.h"
#endif

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  std::string calibration, images, prompt;
  int assignments = 200, samples = 8, weight_bits = 4, threads = 0;
  int64_t group = 32;
  bool symmetric = false;
  double budget_bits = 0;
  uint64_t seed = 0;
};

#ifdef QVLM_WITH_LAB
nlohmann::ordered_json number(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr); }

void run_proxies(Session& session, const Options& options) {
  ProxyBenchRequest request;
  request.calibration = options.calibration;
  request.calibration_images = options.images;
  if (!options.prompt.empty()) request.calibration_prompt = options.prompt;
  request.assignments = options.assignments;
  request.recipe.samples = options.samples;
  request.recipe.weight_bits = options.weight_bits;
  request.recipe.weight_group = options.group;
  request.recipe.weight_symmetric = options.symmetric;
  request.recipe.budget_bits_per_weight = options.budget_bits;
  request.recipe.seed = options.seed;
  request.recipe.threads = options.threads;
  request.model = open_model(options.model);
  Interrupt::Scope scope(session.interrupt);
  const ProxyBenchResult result = rank_proxies(
      request,
      [&](const std::string& phase, int done, int total) { session.output.progress(fmt::format("{} {}/{}", phase, done, total)); },
      scope.token());
  session.output.end_progress();
  session.output.text(fmt::format("{} random assignments of 3 to 8 bits a site{}, {} samples, group {}\nSpearman's rho with the measured loss:\n",
                                  result.assignments.size(),
                                  options.budget_bits > 0 ? fmt::format(", all of {:g} bits a weight", options.budget_bits) : "", result.samples,
                                  options.group == 0 ? "of a row" : std::to_string(options.group)));
  session.output.text(fmt::format("  {:<18} {:>9} {:>13}\n", "proxy", "KL", "hidden error"));
  nlohmann::ordered_json line{{"event", "ProxiesRanked"},
                              {"model", options.model.model},
                              {"assignments", result.assignments.size()},
                              {"samples", result.samples},
                              {"group", options.group},
                              {"symmetric", options.symmetric},
                              {"seed", options.seed},
                              {"budget_bits_per_weight", options.budget_bits},
                              {"proxies", nlohmann::ordered_json::array()}};
  for (const RankedProxy& proxy : result.proxies) {
    session.output.text(fmt::format("  {:<18} {:>9.3f} {:>13.3f}\n", proxy.name, proxy.rho_divergence, proxy.rho_hidden));
    line["proxies"].push_back({{"name", proxy.name}, {"rho_kl", number(proxy.rho_divergence)}, {"rho_hidden", number(proxy.rho_hidden)}});
  }
  for (const RankedAssignment& row : result.assignments) {
    nlohmann::ordered_json one{{"event", "AssignmentMeasured"}, {"bits", row.bits},           {"bits_per_weight", row.bits_per_weight},
                               {"kl", row.divergence},          {"hidden_error", row.hidden}, {"predicted", nlohmann::ordered_json::object()}};
    for (size_t p = 0; p < result.names.size(); ++p) one["predicted"][result.names[p]] = number(row.predicted[p]);
    session.output.json_line(one.dump());
  }
  session.output.json_line(line.dump());
}
#else
void run_proxies(Session&, const Options&) { throw Error(no_laboratory("proxies")); }
#endif

}  // namespace

Command add_proxies(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("proxies", "Ranks proxies of what mixed precision costs by their rank correlation with measured losses");
  add_model_options(*command.app, options->model);
  command.app->add_option("--calibration", options->calibration, "A calibration set, as for quantize")->required();
  command.app->add_option("--images", options->images, "Where the set's pictures are; if not given, beside it");
  command.app->add_option("--prompt", options->prompt, "The prompt for a folder of pictures");
  command.app->add_option("--assignments", options->assignments, "Random assignments of bits to the decoder's sites")
      ->check(CLI::Range(3, 100000))
      ->capture_default_str();
  command.app->add_option("--samples", options->samples, "Calibration samples that they are measured on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.app->add_option("--budget-bits", options->budget_bits, "All assignments of this size: bits a weight, with scales and zeros; 0: of any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.app->add_option("--weights", options->weight_bits, "The width at which the closed form measures a site")->check(CLI::Range(2, 8))->capture_default_str();
  command.app->add_option("--group", options->group, "Weights that share a scale; 0: a whole row")->capture_default_str();
  command.app->add_flag("--symmetric", options->symmetric, "A grid without zero points");
  command.app->add_option("--seed", options->seed, "Of what is drawn")->capture_default_str();
  command.app->add_option("--threads", options->threads, "CPU threads; 0: all")->capture_default_str();
  command.run = [options](Session& session) { run_proxies(session, *options); };
  return command;
}

}  // namespace qvlm::cli
