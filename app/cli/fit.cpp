// qvlm fit: on which devices a model has room, and how fast their memory lets it answer.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/cli/model_options.h"
#include "core/export/device_fit.h"

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  int64_t context = 0;
  double share = 1;
  std::vector<std::string> devices;
};

void fit_all(Session& session, const Options& options) {
  std::vector<FitDevice> devices = known_fit_devices();
  for (const std::string& own : options.devices) devices.push_back(parse_fit_device(own));
  const FitModel model = fit_model(*open_model(options.model));
  const int64_t context = options.context > 0 ? options.context : std::min(model.config.decoder.context_length, 4096);
  const FitMemory memory = fit_memory(model, context);
  session.output.text(fmt::format("{} at {} positions: {} weights, {} keys and values, {} working\n", bytes_text(memory.total()), context,
                                  bytes_text(memory.weights), bytes_text(memory.kv_cache), bytes_text(memory.working)));
  session.output.text(fmt::format("{:32} {:>10} {:>8} {:>10} {:>22}\n", "device", "usable", "fits", "context", "tokens/s at most"));
  auto rows = nlohmann::ordered_json::array();
  for (const FitDevice& device : devices) {
    const Fit one = fit(model, device, context, options.share);
    session.output.text(fmt::format("{:32} {:>10} {:>8} {:>10} {:>10.1f} to {:>8.1f}\n", device.name, bytes_text(one.usable_bytes),
                                    one.fits ? "yes" : "no",
                                    one.longest_context, one.full_tokens_per_second, one.empty_tokens_per_second));
    rows.push_back({{"device", device.name},
                    {"memory_gib", device.memory_gib},
                    {"usable_bytes", one.usable_bytes},
                    {"bandwidth_gbps", device.bandwidth_gbps},
                    {"basis", device.basis},
                    {"fits", one.fits},
                    {"longest_context", one.longest_context},
                    {"tokens_per_second_empty", one.empty_tokens_per_second},
                    {"tokens_per_second_full", one.full_tokens_per_second}});
  }
  const nlohmann::ordered_json result{{"event", "Fitted"},
                                      {"context", context},
                                      {"model_context", model.config.decoder.context_length},
                                      {"share", options.share},
                                      {"bytes", memory.total()},
                                      {"weight_bytes", memory.weights},
                                      {"kv_cache_bytes", memory.kv_cache},
                                      {"working_bytes", memory.working},
                                      {"step_bytes", model.step_bytes},
                                      {"devices", rows}};
  session.output.json_line(result.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

Command add_fit(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("fit", "On which devices a model has room, and the tokens a second that their memory lets through");
  add_model_options(*command.app, options->model);
  command.app->add_option("--context", options->context, "Positions; if not given the model's, at most 4096")->check(CLI::PositiveNumber);
  command.app->add_option("--share", options->share, "Share of the bandwidth that decoding reaches (`qvlm bench` measures it); 1: a bound")
      ->capture_default_str();
  command.app->add_option("--device", options->devices, "An own entry, NAME:GIB:GBPS, any number of times");
  command.run = [options](Session& session) { fit_all(session, *options); };
  return command;
}

}  // namespace qvlm::cli
