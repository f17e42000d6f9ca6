// qvlm evaluate: accuracy by category or perplexity of a text, and with --against KL, agreement and McNemar's test.
#include "core/evaluation/evaluate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>

#include "app/cli/command.h"
#include "app/cli/line_reader.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#include "core/data/question_set.h"
#include "core/data/text_set.h"
#include "core/inference/struct_json.h"

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  RunOptions run;
  std::string questions, images, against, against_backend, against_result;
  int limit = 0, max_tokens = 32, batch = 0, against_kv = 0;
  bool blank_images = false;
};

/// {"stop": true} on stdin.
void take_control_line(Session& session, const std::string& line, Interrupt::Scope& scope) {
  try {
    const nlohmann::json command = parse_line(line);
    if (!command.contains("stop")) throw Error::in("", "command", "\"stop\"", line.substr(0, 120));
    scope.request_stop();
  } catch (const Error& error) {
    session.output.json_line(to_json_line(EvaluationEvent(EvaluationFailed{error.what()})));
  }
}

/// Counts what is done and says how long the rest takes.
class Teller {
 public:
  explicit Teller(Output& output) : output_(output) {}

  void operator()(const EvaluationEvent& event) {
    output_.json_line(to_json_line(event));
    if (const auto* started = std::get_if<EvaluationStarted>(&event)) total_ = started->questions;
    if (const auto* answered = std::get_if<QuestionAnswered>(&event)) {
      right_ += answered->right ? 1 : 0;
      tell("questions", fmt::format(", {:.1f} % right", 100.0 * right_ / (done_ + 1)));
    }
    if (const auto* scored = std::get_if<TextScored>(&event)) {
      nll_ += scored->nll;
      tokens_ += scored->tokens;
      tell("stretches", fmt::format(", perplexity {:.3f}", std::exp(nll_ / static_cast<double>(tokens_))));
    }
  }

 private:
  void tell(const char* what, const std::string& figure) {
    ++done_;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    output_.progress(fmt::format("{} of {} {}{}, {:.0f} s left", done_, total_, what, figure,
                                 seconds / done_ * (total_ - done_)));
  }

  Output& output_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int total_ = 0, done_ = 0, right_ = 0;
  double nll_ = 0;
  int64_t tokens_ = 0;
};

RunOptions other_run(const Options& options) {
  RunOptions run = options.run;
  if (!options.against_backend.empty()) run.backend = options.against_backend;
  if (run.backend == "reference") run.device.clear();
  run.kv_bits = options.against_kv;  // not --kv: what a cache of 8 bits costs is seen against the other side's own
  return run;
}

/// The engine answers one by one; both models of a comparison are asked the same batches.
int batch_of(const Options& options) {
  const bool engine = options.run.backend == "vulkan" || (!options.against.empty() && other_run(options).backend == "vulkan");
  if (engine && options.batch > 1) throw UsageError("--batch belongs to --backend reference; the engine answers one by one");
  return engine ? 1 : options.batch == 0 ? EvaluationOptions{}.batch : options.batch;
}

void evaluate_model(Session& session, const Options& options) {
  const bool text = is_text_set(options.questions);
  EvaluationOptions evaluation{.max_tokens = options.max_tokens,
                               .batch = batch_of(options),
                               .blank_images = options.blank_images,
                               .model = options.model.model,
                               .questions_path = options.questions};
  std::vector<Sample> questions;
  if (!text) questions = read_question_set(options.questions, {.images = options.images});
  if (options.limit > 0 && questions.size() > static_cast<size_t>(options.limit))
    questions.resize(static_cast<size_t>(options.limit));
  std::optional<Baseline> earlier;
  if (!options.against_result.empty()) {
    if (text) throw UsageError("--against-result belongs to question sets; give --against MODEL");
    earlier = read_baseline(options.against_result);
    evaluation.baseline = &*earlier;
    evaluation.against_model = earlier->model.empty() ? options.against_result : earlier->model;
  }
  const auto model = open_model(options.model);
  const auto tokenizer = Tokenizer::open(*model);
  const auto generator = make_batch_generator(model, options.run);
  std::unique_ptr<BatchGenerator> other;
  if (!options.against.empty()) {
    ModelOptions other_model = options.model;
    other_model.model = evaluation.against_model = options.against;
    other = make_batch_generator(open_model(other_model), other_run(options));
    evaluation.against = [&]() -> BatchGenerator& { return *other; };
  }

  Interrupt::Scope scope(session.interrupt);
  std::unique_ptr<ControlLines> lines;
  if (session.output.json()) {
    lines = std::make_unique<ControlLines>([&](const std::string& line) { take_control_line(session, line, scope); },
                                           [] {});
  }
  Teller teller(session.output);
  const auto listener = [&](const EvaluationEvent& event) { teller(event); };
  const EvaluationFinished result =
      text ? evaluate_text(*generator, *tokenizer, read_text_set(options.questions), options.limit, evaluation, listener,
                           scope.token())
           : evaluate(*generator, *tokenizer, questions, evaluation, listener, scope.token());
  session.output.text(to_text(result));
}

}  // namespace

Command add_evaluate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app =
      app.add_subcommand("evaluate", "Accuracy by category on a question set, or perplexity of a text; --against compares");
  add_model_options(*command.app, options->model);
  add_run_options(*command.app, options->run);
  command.app->add_option("--questions", options->questions, "The question set: a file or a folder; or a text (.txt), "
                                                              "cut into stretches of --context tokens")
      ->required();
  command.app->add_option("--images", options->images, "Where the set's pictures are; if not given, beside its file");
  command.app->add_option("--limit", options->limit, "Only the first N questions (stretches of a text); 0: all")
      ->check(CLI::NonNegativeNumber);
  command.app->add_option("--against", options->against,
                          "Another MODEL to compare with, usually the one in full precision");
  command.app
      ->add_option("--against-backend", options->against_backend,
                   "Where the other model runs; as --backend if not given")
      ->check(CLI::IsMember({"vulkan", "reference"}));
  command.app->add_option("--against-kv", options->against_kv, "Bits of the other model's KV cache, as --kv")->check(CLI::IsMember({32, 16, 8}));
  command.app->add_option("--against-result", options->against_result,
                          "What the other model answered: lines of an earlier evaluate --json. It is not asked again; "
                          "with --against its logits are computed for KL, else there is none");
  command.app->add_option("--batch", options->batch, "reference: most questions asked together; 0: 32")
      ->check(CLI::NonNegativeNumber);
  command.app->add_option("--max-tokens", options->max_tokens, "Longest answer, tokens")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.app->add_flag("--blank-images", options->blank_images, "Replace every picture by a grey one");
  command.run = [options](Session& session) { evaluate_model(session, *options); };
  command.report_failure = [](Session& session, const std::string& message) {
    session.output.json_line(to_json_line(EvaluationEvent(EvaluationFailed{message})));
  };
  return command;
}

}  // namespace qvlm::cli
