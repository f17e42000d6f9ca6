// qvlm bench: how fast a model runs, as tokens a second and as a share of what the memory could give.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/latency.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#include "core/inference/pictures.h"
#include "core/input/preprocess.h"
#include "core/model/named_shapes.h"
#include "core/model/random_model.h"
#include "gpu/bench.h"
#include "gpu/vulkan_generator.h"

namespace qvlm::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  std::string shape;  // in the place of a model
  RandomGrid grid;
  int layers = 0;  // of the shape's decoder; 0: all
  RunOptions run;
  int decode_tokens = 32;
  std::vector<int64_t> prefill{32, 64, 128, 256, 512, 1024, 2048}, contexts{16, 128, 256, 1024, 4000};
  LatencyOptions latency;
};

/// Any tokens will do: speed does not depend on them.
std::vector<int32_t> some_tokens(const VlmConfig& config, int64_t count) {
  std::vector<int32_t> tokens;
  for (int64_t i = 0; i < count; ++i)
    tokens.push_back(static_cast<int32_t>((i * 7919 + 13) % config.decoder.vocabulary));
  return tokens;
}

/// Bytes that one decoded token reads: every linear once, the head, and the keys and values of the positions before it.
int64_t bytes_per_token(const VlmConfig& config, const GeneratorInfo& info, int64_t context) {
  const DecoderConfig& d = config.decoder;
  const double cached = 2.0 * d.kv_heads * d.head_dim * d.layers * static_cast<double>(context) * info.kv_bits / 8;
  return info.step_weight_bytes + static_cast<int64_t>(cached);
}

class Bench {
 public:
  Bench(Session& session, Generator& generator, std::optional<double> bandwidth)
      : session_(session), generator_(generator), bandwidth_(bandwidth) {}

  void prefill(int64_t tokens) {
    if (tokens >= generator_.context_length()) return;
    const auto prompt = some_tokens(generator_.config(), tokens);
    double best = 0;
    for (int pass = 0; pass < 3; ++pass) {  // the first one also makes what is made once
      generator_.reset();
      append_tokens(generator_, prompt, session_.interrupt.token());
      const GeneratorTimings timings = generator_.timings();
      if (pass > 0 && (best == 0 || timings.prefill_seconds < best)) best = timings.prefill_seconds;
    }
    const double rate = static_cast<double>(tokens) / best;
    session_.output.text(fmt::format("  prefill {:>5} tokens        {:8.1f} tokens/s\n", tokens, rate));
    results_.push_back({{"what", "prefill"}, {"tokens", tokens}, {"tokens_per_second", rate}});
  }

  void decode(int64_t context, int tokens) {
    if (context + tokens >= generator_.context_length()) return;
    generator_.reset();
    append_tokens(generator_, some_tokens(generator_.config(), context), session_.interrupt.token());
    append_tokens(generator_, {generator_.sample({}, {})}, session_.interrupt.token());
    std::vector<double> seconds;
    for (int i = 0; i < tokens; ++i) {
      const double before = generator_.timings().decode_seconds;
      append_tokens(generator_, {generator_.sample({}, {})}, session_.interrupt.token());
      seconds.push_back(generator_.timings().decode_seconds - before);
    }
    std::sort(seconds.begin(), seconds.end());
    const auto at = [&](double share) { return 1e3 * seconds[static_cast<size_t>(share * static_cast<double>(tokens - 1) + 0.5)]; };
    const double rate = tokens / std::accumulate(seconds.begin(), seconds.end(), 0.0);
    const int64_t bytes = bytes_per_token(generator_.config(), generator_.info(), context);
    const double gigabytes = rate * static_cast<double>(bytes) / 1e9;
    std::string line =
        fmt::format("  decode at {:>5} positions    {:8.1f} tokens/s  {:6.2f} GB/s", context, rate, gigabytes);
    Json result{{"what", "decode"},
                {"context", context},
                {"tokens_per_second", rate},
                {"p50_milliseconds", at(0.5)},
                {"p99_milliseconds", at(0.99)},
                {"bytes_per_token", bytes},
                {"gigabytes_per_second", gigabytes}};
    if (bandwidth_) {
      line += fmt::format("  {:.0f} % of the read bandwidth", 100 * gigabytes / *bandwidth_);
      result["bandwidth_fraction"] = gigabytes / *bandwidth_;
    }
    line += fmt::format("  p50 {:.2f} ms, p99 {:.2f} ms", at(0.5), at(0.99));
    session_.output.text(line + "\n");
    results_.push_back(result);
  }

  /// Where the time of a token behind `context` ones goes, or of `rows` of them. The Vulkan engine alone.
  void step(int64_t context, int64_t rows = 1) {
    generator_.reset();
    append_tokens(generator_, some_tokens(generator_.config(), context), session_.interrupt.token());
    const StepProfile profile = profile_step(generator_, rows == 1 ? 8 : 2, rows);
    const std::string what = profile.rows == 1 ? "a token" : fmt::format("{} tokens", profile.rows);
    session_.output.text(fmt::format("  {} at {:>4} positions: {} dispatches in {} {}, {:.2f} ms with kernels timed\n", what, context,
                                     profile.dispatches, profile.submissions,
                                     profile.submissions == 1 ? "submission" : "submissions", 1e3 * profile.seconds));
    double sum = 0;
    for (const KernelTime& time : profile.kernels) sum += time.seconds;
    Json kernels = Json::array();
    for (const KernelTime& time : profile.kernels) {
      session_.output.text(fmt::format("    {:<20} {:>4} x {:9.1f} us  {:5.1f} %\n", time.kernel, time.dispatches,
                                       1e6 * time.seconds / static_cast<double>(time.dispatches), 100 * time.seconds / sum));
      kernels.push_back({{"kernel", time.kernel}, {"dispatches", time.dispatches}, {"milliseconds", 1e3 * time.seconds}});
    }
    results_.push_back({{"what", rows == 1 ? "step" : "prefill_step"},
                        {"context", context},
                        {"rows", profile.rows},
                        {"dispatches", profile.dispatches},
                        {"submissions", profile.submissions},
                        {"milliseconds", 1e3 * profile.seconds},
                        {"kernels", kernels}});
  }

  void picture() {
    const VlmConfig& config = generator_.config();
    if (!config.vision || config.vision->image_tokens() > generator_.context_length()) return;  // as lengths beyond the context
    double best = 0;
    for (int pass = 0; pass < 3; ++pass) {
      Image image = blank_picture(config);
      image.rgb[0] = static_cast<uint8_t>(pass);  // another picture each time, so that none comes from the cache
      const PromptPart part(preprocess(image, config.preprocess));
      generator_.reset();
      generator_.append(std::span(&part, 1), session_.interrupt.token());
      const double seconds = generator_.timings().vision_seconds;
      if (pass > 0 && (best == 0 || seconds < best)) best = seconds;
    }
    session_.output.text(fmt::format("  picture of {:>4} pixels      {:8.3f} s ({} tokens)\n",
                                     config.vision->image_size, best, config.vision->image_tokens()));
    results_.push_back({{"what", "picture"}, {"pixels", config.vision->image_size}, {"seconds", best}});
  }

  const Json& results() const { return results_; }

 private:
  Session& session_;
  Generator& generator_;
  std::optional<double> bandwidth_;  // GB/s
  Json results_ = Json::array();
};

/// GB/s that a kernel which only reads gets from the device; nothing for the reference.
std::optional<double> read_bandwidth(const RunOptions& options) {
  if (options.backend != "vulkan") return std::nullopt;
  const DeviceChoice device = choose_device(options);
  return measure_read_bandwidth(device.index, device.name).gigabytes_per_second;
}

std::shared_ptr<const Model> random_model(const Options& options) {
  VlmConfig config = shape_named(options.shape);
  if (options.layers > 0) config.decoder.layers = options.layers;
  return make_random_model(std::move(config), options.grid);
}

void bench(Session& session, const Options& options) {
  if (options.model.model.empty() == options.shape.empty()) throw UsageError("bench takes a MODEL or --shape NAME");
  const std::shared_ptr<const Model> model = options.shape.empty() ? open_model(options.model) : random_model(options);
  if (!options.latency.file.empty()) return measure_latencies(session, *model, options.model, options.run, options.latency);
  const auto generator = make_generator(model, options.run);
  const std::optional<double> bandwidth = read_bandwidth(options.run);
  session.output.text(describe(generator->info()) + "\n");
  if (!options.shape.empty())
    session.output.text("  random weights in the shape of " + options.shape + (model->config().vision ? "\n" : ", its decoder alone\n"));
  if (bandwidth) session.output.text(fmt::format("  read bandwidth              {:8.2f} GB/s\n", *bandwidth));
  Bench bench(session, *generator, bandwidth);
  for (const int64_t tokens : options.prefill) bench.prefill(tokens);
  for (const int64_t context : options.contexts) bench.decode(context, options.decode_tokens);
  if (options.run.backend == "vulkan") {
    bench.step(std::min<int64_t>(256, generator->context_length() / 2));
    bench.step(1, std::min<int64_t>(512, generator->context_length() / 2));
  }
  bench.picture();
  Json result{{"event", "Benched"},
              {"model", options.shape.empty() ? options.model.model : options.shape},
              {"backend", generator->info().backend},
              {"device", generator->info().device},
              {"weight_bits", generator->info().weight_bits},
              {"activation_bits", generator->info().activation_bits},
              {"weight_bytes", generator->info().weight_bytes},
              {"total_bytes", generator->info().total_bytes},
              {"results", bench.results()}};
  if (bandwidth) result["read_gigabytes_per_second"] = *bandwidth;
  session.output.json_line(result.dump());
}

}  // namespace

Command add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand(
      "bench", "Speed: prefill, decode, picture; tokens/s, GB/s, share of the measured read bandwidth");
  add_model_options(*command.app, options->model);
  command.app->get_option("MODEL")->required(false);
  command.app->add_option("--shape", options->shape, "Random weights in a known shape in the place of a model")->check(CLI::IsMember(shape_names()));
  command.app->add_option("--shape-weights", options->grid.bits, "--shape: bits of the decoder's linears, 16 for float16")->capture_default_str();
  command.app->add_option("--shape-layers", options->layers, "--shape: layers of the decoder; 0: all")->check(CLI::NonNegativeNumber);
  command.app->add_option("--shape-group", options->grid.group, "--shape: columns a group")->capture_default_str();
  add_run_options(*command.app, options->run);
  command.app->add_option("--tokens", options->decode_tokens, "Tokens decoded at each context")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  const auto positive = [&](const char* name, std::vector<int64_t>& values, const char* what) {
    command.app->add_option(name, values, what)->delimiter(',')->check(CLI::PositiveNumber)->capture_default_str();
  };
  positive("--prefill", options->prefill, "Tokens computed at once; lengths beyond the context are left out");
  positive("--contexts", options->contexts, "Positions before the tokens that are decoded; likewise");
  add_latency_options(*command.app, options->latency);
  command.run = [options](Session& session) { bench(session, *options); };
  return command;
}

}  // namespace qvlm::cli
