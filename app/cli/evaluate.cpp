// qvlm evaluate: accuracy by category, and with --against KL and agreement.
#include "core/evaluation/evaluate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/line_reader.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#include "core/data/question_set.h"
#include "core/inference/struct_json.h"

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  RunOptions run;
  std::string questions, images, against, against_backend;
  int limit = 0, max_tokens = 32;
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

void evaluate_model(Session& session, const Options& options) {
  std::vector<Sample> questions = read_question_set(options.questions, {.images = options.images});
  if (options.limit > 0 && questions.size() > static_cast<size_t>(options.limit))
    questions.resize(static_cast<size_t>(options.limit));
  const auto model = open_model(options.model);
  const auto tokenizer = Tokenizer::open(*model);
  const auto generator = make_generator(model, options.run);
  std::unique_ptr<Generator> other;
  EvaluationOptions evaluation{.max_tokens = options.max_tokens,
                               .blank_images = options.blank_images,
                               .model = options.model.model,
                               .questions_path = options.questions,
                               .against_model = options.against};
  if (!options.against.empty()) {
    ModelOptions other_model = options.model;
    other_model.model = options.against;
    RunOptions other_run = options.run;
    if (!options.against_backend.empty()) other_run.backend = options.against_backend;
    if (other_run.backend == "reference") other_run.device.clear();
    other = make_generator(open_model(other_model), other_run);
    evaluation.against = other.get();
  }

  Interrupt::Scope scope(session.interrupt);
  std::unique_ptr<ControlLines> lines;
  if (session.output.json()) {
    lines = std::make_unique<ControlLines>([&](const std::string& line) { take_control_line(session, line, scope); },
                                           [] {});
  }
  int asked = 0, right = 0, total = static_cast<int>(questions.size());
  const EvaluationFinished result = evaluate(
      *generator, *tokenizer, questions, evaluation,
      [&](const EvaluationEvent& event) {
        session.output.json_line(to_json_line(event));
        if (const auto* answered = std::get_if<QuestionAnswered>(&event)) {
          ++asked;
          right += answered->right ? 1 : 0;
          session.output.progress(
              fmt::format("{} of {} questions, {:.1f} % right", asked, total, 100.0 * right / asked));
        }
      },
      scope.token());
  session.output.text(to_text(result));
}

}  // namespace

Command add_evaluate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app =
      app.add_subcommand("evaluate", "Accuracy by category on a question set; --against adds KL and agreement");
  add_model_options(*command.app, options->model);
  add_run_options(*command.app, options->run);
  command.app->add_option("--questions", options->questions, "The question set: a file or a folder")->required();
  command.app->add_option("--images", options->images, "Where the set's pictures are; if not given, beside its file");
  command.app->add_option("--limit", options->limit, "Only the first N questions; 0: all")
      ->check(CLI::NonNegativeNumber);
  command.app->add_option("--against", options->against,
                          "Another MODEL to compare with, usually the one in full precision");
  command.app
      ->add_option("--against-backend", options->against_backend,
                   "Where the other model runs; as --backend if not given")
      ->check(CLI::IsMember({"vulkan", "reference"}));
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
