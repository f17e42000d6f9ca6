// qvlm quantize: a run of Q-VLM, told as it goes, steered by control lines.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/line_reader.h"
#include "app/cli/model_options.h"
#include "app/cli/recipe_options.h"
#include "core/base/error.h"
#include "core/inference/struct_json.h"
#include "core/model/sites.h"
#include "core/run/events.h"
#include "core/run/report.h"
#include "core/run/reuse.h"
#include "core/run/run_control.h"
#ifdef QVLM_WITH_LAB
#include "core/lab/quantization/quantize_run.h"
#endif

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  RecipeOptions recipe;
  std::string calibration, images, prompt, output, partition, reuse;
  bool resume = false, replace = false, preview = false, plan = false;
  int64_t activation_memory = 1024;  // MiB
  int stop_after_layers = 0;
  bool told_end = false;  // the run's last event has gone out
};

/// {"pause": true}, {"resume": true}, {"cancel": true}, {"partition": {...}}
void take_control_line(Session& session, const std::string& line, RunControl& control, Interrupt::Scope& scope) {
  try {
    const nlohmann::json command = parse_line(line);
    if (command.contains("pause")) {
      control.pause = true;
    } else if (command.contains("resume")) {
      control.pause = false;
    } else if (command.contains("cancel")) {
      scope.request_stop();
    } else if (command.contains("partition")) {
      control.partition.put(partition_from_json(command.at("partition").dump(), "the control line's partition"));
    } else {
      throw Error::in("", "command", "\"pause\", \"resume\", \"cancel\" or \"partition\"", line.substr(0, 120));
    }
  } catch (const Error& error) {
    // A mistyped line does not end a run; it is told beside the events.
    session.output.json_line(nlohmann::ordered_json{{"event", "ControlRefused"}, {"message", error.what()}}.dump());
  }
}

std::string site_text(int site) {
  const Site at = Site::at(site);
  return fmt::format("{}.{}", at.layer, short_name_of(at.kind));
}

/// Events as JSON lines, or as progress for people.
class Teller : public RunListener {
 public:
  Teller(Session& session, Options& options) : output_(session.output), options_(options) {}

  void on_event(const TimedEvent& timed) override {
    output_.json_line(to_json_line(timed));
    std::visit([this](const auto& event) { tell(event); }, timed.event);
  }

 private:
  void tell(const RunStarted& event) {
    output_.note(fmt::format("{} layers, {} sites, {} calibration pairs; planned: {:.0f} s, {} of memory", event.layers,
                             event.sites, event.samples, event.planned_seconds, bytes_text(event.planned_bytes)));
  }
  void tell(const PhaseStarted& event) { output_.progress(event.phase); }
  void tell(const Progress& event) {
    output_.progress(fmt::format("{} {}/{}, {:.0f} s left", event.phase, event.done, event.total, event.eta_seconds));
  }
  void tell(const PartitionChanged& event) {
    output_.note(fmt::format("partition ({}): {} blocks, h0 {:.3f}", event.origin, event.partition.blocks.size(),
                             event.threshold));
  }
  void tell(const BlockSearched& event) {
    const std::string sites = event.first_site == event.last_site
                                  ? site_text(event.first_site)
                                  : site_text(event.first_site) + " to " + site_text(event.last_site);
    output_.progress(fmt::format("block {} ({}): error {:.2e} layer-wise, {:.2e} joint{}", event.block, sites,
                                 event.layerwise_error, event.joint_error,
                                 event.refined_bounds.empty() ? "" : fmt::format(", {:.2e} refined", event.refined_error)));
  }
  void tell(const Noticed& event) { output_.note(event.text); }
  void tell(const AxesMeasured& event) {
    size_t most = 0;
    for (double sum = 0; most < event.shares.size() && sum < 0.9; ++most) sum += event.shares[most];
    output_.note(fmt::format("principal axes: {} of {} hold nine tenths of the residual stream's energy", most, event.shares.size()));
  }
  void tell(const VisionQuantized& event) {
    output_.note(fmt::format("vision tower: {:.2f} bits a weight; error of its output {:.2e}, of the projector's {:.2e}",
                             event.stored_bits, event.tower_error, event.projected_error));
  }
  void tell(const VeoStep& event) {
    output_.progress(fmt::format("veo epoch {}, step {}: tokens {:.4f}, entropy {:.4f}, error {:.4f}", event.epoch,
                                 event.step, event.token_loss, event.entropy_loss, event.error_loss));
  }
  void tell(const VeoEpoch& event) {
    output_.note(fmt::format("veo epoch {}: error {:.4f} of the tower, {:.4f} of the last hidden states{}", event.epoch,
                             event.tower_error, event.hidden_error, event.best ? "" : " (not better)"));
  }
  void tell(const VeoFinished& event) {
    output_.note(fmt::format("veo: the projector's error from {:.2e} to {:.2e}, epoch {} taken",
                             event.projected_error_before, event.projected_error, event.best_epoch));
  }
  void tell(const RunPaused&) { output_.progress("paused"); }
  void tell(const RunResumed& event) {
    output_.note(fmt::format("resumed: {} layers and {} blocks reused", event.layers_reused, event.blocks_reused));
  }
  void tell(const RunFailed&) { options_.told_end = true; }
  void tell(const RunCancelled&) { options_.told_end = true; }
  void tell(const RunFinished&) { options_.told_end = true; }
  template <class Other>
  void tell(const Other&) {}

  Output& output_;
  Options& options_;
};

#ifdef QVLM_WITH_LAB
/// NAME.qvlm.partial begun from another run; gone again where the run did not even start.
class Begun {
 public:
  Begun(const std::filesystem::path& run, const std::filesystem::path& output, bool replace) : partial_(partial_of(output)) {
    if (std::filesystem::exists(output) && !replace) throw Error(output.string() + ": exists already; choose another name, or ask for it to be replaced");
    if (replace) std::filesystem::remove_all(partial_);
    begin_from(run, partial_);
    size_ = std::filesystem::file_size(partial_ / "journal.jsonl");
  }
  ~Begun() {
    std::error_code ignored;
    if (std::filesystem::file_size(partial_ / "journal.jsonl", ignored) == size_) std::filesystem::remove_all(partial_, ignored);
  }
  Begun(const Begun&) = delete;
  Begun& operator=(const Begun&) = delete;

 private:
  std::filesystem::path partial_;
  uintmax_t size_ = 0;
};

QuantizeRequest request_of(const Options& options) {
  QuantizeRequest request;
  request.calibration = options.calibration;
  request.calibration_images = options.images;
  if (!options.prompt.empty()) request.calibration_prompt = options.prompt;
  request.output = options.output;
  request.resume = options.resume || !options.reuse.empty();
  request.replace = options.replace;
  request.memory_bytes = options.activation_memory << 20;
  request.stop_after_layers = options.stop_after_layers;
  request.preview = options.preview;
  if (options.recipe.given() || !request.resume) request.recipe = options.recipe.recipe();
  if (!options.partition.empty()) request.partition = read_partition(options.partition);
  request.model = open_model(options.model);
  return request;
}

void tell_plan(Session& session, const Options& options) {
  const PlannedQuantization plan = plan_quantization(request_of(options));
  session.output.text(fmt::format("{} layers, {} sites, {} calibration pairs; planned: {:.0f} s, {} of memory\n", plan.layers, plan.sites,
                                  plan.samples, plan.seconds, bytes_text(plan.bytes)));
  session.output.json_line(nlohmann::ordered_json{{"event", "RunPlanned"},
                                                  {"layers", plan.layers},
                                                  {"sites", plan.sites},
                                                  {"samples", plan.samples},
                                                  {"planned_seconds", plan.seconds},
                                                  {"planned_bytes", plan.bytes}}
                               .dump());
}

void run_quantization(Session& session, Options& options) {
  if (options.plan) return tell_plan(session, options);
  const QuantizeRequest request = request_of(options);
  std::optional<Begun> begun;
  if (!options.reuse.empty()) begun.emplace(options.reuse, options.output, options.replace);

  Interrupt::Scope scope(session.interrupt);
  RunControl control;
  control.stop = scope.token();
  std::unique_ptr<ControlLines> lines;
  if (session.output.json()) {
    lines = std::make_unique<ControlLines>(
        [&](const std::string& line) { take_control_line(session, line, control, scope); }, [] {});
  }
  Teller teller(session, options);
  try {
    const RunState state = quantize(request, teller, control);
    session.output.text(to_text(make_report(state), state));
    session.output.text(fmt::format("written: {}\n", options.output));
  } catch (const Cancelled&) {
    const std::string partial = partial_of(options.output).string();
    if (!control.stop.stop_requested()) {
      const std::string done = options.preview ? std::string("the edited blocks are searched: approximate")
                                               : fmt::format("stopped after {} decoder layers", options.stop_after_layers);
      session.output.text(fmt::format("{}; {} holds what is done, go on with --resume\n", done, partial));
      return;
    }
    throw Error(
        fmt::format("cancelled; {} holds what is done, go on with --resume", partial));
  }
}
#else
void run_quantization(Session&, Options&) {
  throw Error(no_laboratory("quantize"));
}
#endif

}  // namespace

Command add_quantize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("quantize", "Calibrates and quantizes a model with Q-VLM into NAME.qvlm");
  add_model_options(*command.app, options->model);
  command.app
      ->add_option("--calibration", options->calibration,
                   "The calibration set: LLaVA JSON, a folder of pictures, or a text file")
      ->required();
  command.app->add_option("--images", options->images, "Where the set's pictures are; if not given, beside it");
  command.app->add_option("--prompt", options->prompt, "The prompt for a folder of pictures");
  CLI::Option* output = command.app->add_option("-o,--output", options->output, "NAME.qvlm");
  options->recipe.add_to(*command.app);
  CLI::Option* partition = command.app->add_option("--partition", options->partition, "A partition file instead of the greedy partition");
  command.app
      ->add_option("--activation-memory", options->activation_memory,
                   "MiB for activations that wait for their turn, and as much again for candidates' weights; what is more "
                   "goes to the disk or is computed again. Does not change the result")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 30))
      ->capture_default_str();
  command.app
      ->add_option("--stop-after-layers", options->stop_after_layers,
                   "End when so many decoder layers are finished; --resume goes on")
      ->check(CLI::Range(1, 100000));
  CLI::Option* resume = command.app->add_flag("--resume", options->resume, "Take up NAME.qvlm.partial");
  CLI::Option* reuse =
      command.app
          ->add_option("--reuse", options->reuse,
                       "Another run (.qvlm or .qvlm.partial) of the same model, set and recipe: what an edited --partition leaves as it was is "
                       "taken over from it, the rest searched; the result is that of a fresh run")
          ->excludes(resume);
  CLI::Option* preview =
      command.app
          ->add_flag("--preview", options->preview,
                     "With --reuse and --partition: search only the edited blocks, keep the others' parameters, end behind the last: approximate. "
                     "--resume goes on to the whole result")
          ->needs(reuse)
          ->needs(partition);
  command.app
      ->add_flag("--plan", options->plan, "Say what the run would take, in seconds and memory, and end; -o is not needed then")
      ->excludes(resume)
      ->excludes(reuse)
      ->excludes(preview);
  command.app->add_flag("--replace", options->replace, "Delete an existing NAME.qvlm and NAME.qvlm.partial");
  command.run = [options, output](Session& session) {
    if (output->count() == 0 && !options->plan) throw UsageError("quantize: --output is required");
    run_quantization(session, *options);
  };
  command.report_failure = [options](Session& session, const std::string& message) {
    if (!options->told_end) session.output.json_line(to_json_line(TimedEvent{0, RunFailed{message}}));
  };
  return command;
}

}  // namespace qvlm::cli
