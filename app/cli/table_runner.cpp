// Rows are quantized by a child process, so that their memory is their own, and evaluated here in batches.
#include "app/cli/table_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/cli/child_command.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/inference/struct_json.h"
#include "core/data/data_fingerprint.h"
#include "core/data/question_set.h"
#include "core/data/text_set.h"
#ifdef QVLM_WITH_LAB
#include "core/lab/calibration/data_fingerprint.h"
#include "core/lab/quantization/quantize_run.h"
#include "core/lab/reference/threads.h"
#endif

namespace qvlm::cli {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kLogitBytes = int64_t{768} << 20;

/// The last line of an evaluation's lines; nothing where the file is absent or cut.
std::optional<EvaluationFinished> read_finished(const fs::path& file) {
  std::ifstream lines(file, std::ios::binary);
  std::string line, last;
  while (std::getline(lines, line)) last = line;
  if (last.empty()) return {};
  try {
    const EvaluationEvent event = evaluation_event_from_json_line(last);
    const auto* finished = std::get_if<EvaluationFinished>(&event);
    return finished && !finished->stopped ? std::optional(*finished) : std::nullopt;
  } catch (const Error&) {
    return {};  // a cut line: made again
  }
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// "qvlm: MESSAGE\n" -> "MESSAGE"
std::string message_of(const ChildResult& ended) {
  std::string message = ended.errors;
  if (const size_t at = message.find("qvlm: "); at != std::string::npos) message.erase(0, at + 6);
  while (!message.empty() && message.back() == '\n') message.pop_back();
  if (message.empty()) message = "no message";
  return ended.status > 128 ? fmt::format("quantize was ended by signal {} ({})", ended.status - 128, message) : message;
}

}  // namespace

TableRunner::TableRunner(const TableSpec& spec, fs::path folder, int threads, Session& session, std::stop_token stop)
    : spec_(spec), folder_(std::move(folder)), threads_(threads), session_(session), stop_(std::move(stop)) {
  if (is_text_set(spec.questions)) {
    text_ = read_text_set(spec.questions);
    data_ = hash128_hex(std::as_bytes(std::span(text_)));
  } else {
    questions_ = read_question_set(spec.questions, {.images = spec.question_images});
    if (spec.limit > 0 && questions_.size() > static_cast<size_t>(spec.limit)) {
      questions_.resize(static_cast<size_t>(spec.limit));
    }
    data_ = fingerprint(questions_);
  }
  model_ = open_model({.model = spec.model.string(),
                       .vision_tower = spec.vision_tower.string(),
                       .chat_template = spec.chat_template});
}

TableRunner::~TableRunner() = default;

void TableRunner::begin_row(const std::string& name, int number, int rows) {
  const auto now = std::chrono::steady_clock::now();
  if (row_is_fresh_) {
    ++fresh_rows_;
    fresh_seconds_ += std::chrono::duration<double>(now - row_start_).count();
  }
  row_name_ = name;
  row_number_ = number;
  row_count_ = rows;
  row_start_ = now;
  row_is_fresh_ = false;
  session_.output.json_line(one_line({{"event", "RowStarted"}, {"name", name}, {"row", number}, {"rows", rows}}));
}

void TableRunner::tell(const std::string& phase, int64_t done, int64_t total) {
  row_is_fresh_ = true;
  session_.output.json_line(
      one_line({{"event", "RowProgress"}, {"name", row_name_}, {"phase", phase}, {"done", done}, {"total", total}}));
  const double here = std::chrono::duration<double>(std::chrono::steady_clock::now() - row_start_).count();
  // A row takes as long as the fresh ones before it did; while there is none, nothing is foretold.
  const std::string left = fresh_rows_ == 0 ? "" : fmt::format(", about {:.0f} s left", std::max(0.0, fresh_seconds_ / fresh_rows_ * (row_count_ - row_number_ + 1) - here));
  session_.output.progress(fmt::format("row {} of {} ({}): {} {} of {}{}", row_number_, row_count_, row_name_, phase, done, total, left));
}

RunOptions TableRunner::run_options() const {
  RunOptions options;
  options.backend = "reference";
  options.context = spec_.context;
  options.threads = threads_;
  return options;
}

std::string TableRunner::key_of(const Model& model, const std::string& more) const {
  return fmt::format("1 {} {} {} {} {} {} {}\n", model.fingerprint(), model_->fingerprint(), data_, spec_.limit, spec_.max_tokens,
                     spec_.context, to_hex(hash64(more)));
}

EvaluationFinished TableRunner::evaluate_model(const std::shared_ptr<const Model>& model, EvaluationOptions options,
                                               const EvaluationListener& listener) {
  const auto tokenizer = Tokenizer::open(*model);
  const auto generator = make_batch_generator(model, run_options());
  options.max_tokens = spec_.max_tokens;
  options.batch = spec_.batch;
  options.model = model->path().string();
  options.questions_path = spec_.questions.string();
  const EvaluationFinished finished =
      text_.empty() ? evaluate(*generator, *tokenizer, questions_, options, listener, stop_)
                    : evaluate_text(*generator, *tokenizer, text_, spec_.limit, options, listener, stop_);
  if (finished.stopped) throw Cancelled();
  return finished;
}

EvaluationFinished TableRunner::kept_or_made(const std::string& file, const std::string& key, const EvaluationMaker& make) {
  const fs::path answers = folder_ / (file + ".answers.jsonl"), key_file = folder_ / (file + ".key");
  if (read_text(key_file) == key) {
    if (const auto finished = read_finished(answers)) return *finished;
  }
  AtomicFile lines(answers);
  int64_t done = 0, total = 0;
  const EvaluationFinished finished = make([&](const EvaluationEvent& event) {
    lines.write(to_json_line(event) + "\n");
    if (const auto* started = std::get_if<EvaluationStarted>(&event)) total = started->questions;
    const bool one = std::holds_alternative<QuestionAnswered>(event) || std::holds_alternative<TextScored>(event);
    if (one) tell("evaluate", ++done, total);
  });
  lines.commit();
  write_file(key_file, std::string_view(key));
  return finished;
}

TableRow TableRunner::float_row() {
  TableRow row;
  row.name = row.method = row.bits = "float";
  const std::string bits = fmt::format("{:.0f} bit", model_->stored_bits());
  row.weights = bits;
  row.activations = "not quantized";
  row.evaluation = kept_or_made("float", key_of(*model_, ""), [&](const EvaluationListener& listener) {
    baseline_.emplace(kLogitBytes);
    EvaluationOptions options;
    options.record = &*baseline_;
    return evaluate_model(model_, options, listener);
  });
  return row;
}

// Answers that were kept have no logits: the model is asked again, once, rather than along every row's answers.
const Baseline& TableRunner::baseline() {
  if (!baseline_) {
    Baseline made(kLogitBytes);
    EvaluationOptions options;
    options.record = &made;
    int64_t done = 0, total = 0;
    evaluate_model(model_, options, [&](const EvaluationEvent& event) {
      if (const auto* started = std::get_if<EvaluationStarted>(&event)) total = started->questions;
      const bool one = std::holds_alternative<QuestionAnswered>(event) || std::holds_alternative<TextScored>(event);
      if (one) tell("evaluate float", ++done, total);
    });
    baseline_ = std::move(made);
  }
  return *baseline_;
}

TableRow TableRunner::row(const TableRowSpec& spec) {
  TableRow row;
  row.name = spec.name;
  row.method = spec.method;
  describe_recipe(spec.recipe, row);
  try {
    const fs::path path = folder_ / (spec.file + ".qvlm");
    if (!is_made(spec, path)) quantize(spec, path);
    row.run = read_run_figures(path / "report.json");
    const std::shared_ptr<const Model> model = open_model({.model = path.string()});
    const std::string key = key_of(*model, read_text(path / "report.json"));
    row.evaluation = kept_or_made(spec.file, key, [&](const EvaluationListener& listener) {
      EvaluationOptions options;
      options.baseline = &baseline();
      options.against_model = "float";
      options.against = [this]() -> BatchGenerator& {
        if (!float_) float_ = make_batch_generator(model_, run_options());
        return *float_;
      };
      return evaluate_model(model, options, listener);
    });
  } catch (const Cancelled&) {
    throw;
  } catch (const std::bad_alloc&) {
    row.failure = "too little memory";
  } catch (const std::exception& error) {
    row.failure = error.what();
  }
  return row;
}

std::string TableRunner::quantize_once(const std::vector<std::string>& arguments) {
  const ChildResult ended = run_child(
      arguments,
      [&](const std::string& line) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (!json.is_object() || json.value("event", "") != "Progress") return;
        tell(json.value("phase", ""), json.value("done", int64_t{0}), json.value("total", int64_t{0}));
      },
      stop_);
  return ended.status == 0 ? "" : message_of(ended);
}

#ifdef QVLM_WITH_LAB

std::string TableRunner::calibration_fingerprint(const Recipe& recipe) const {
  std::string& found = calibration_[{recipe.samples, recipe.seed}];
  if (found.empty()) {
    CalibrationOptions options;
    options.images = spec_.calibration_images;
    if (!spec_.calibration_prompt.empty()) options.prompt = spec_.calibration_prompt;
    options.samples = recipe.samples;
    options.seed = recipe.seed;
    found = calibration::data_fingerprint(*model_, spec_.calibration, options);
  }
  return found;
}

bool TableRunner::is_made(const TableRowSpec& spec, const fs::path& model) const {
  if (!fs::exists(model / "report.json") || !fs::exists(model / "recipe.json")) return false;
  Recipe wanted = spec.recipe;
  if (wanted.threads == 0) wanted.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (wanted.torch_version.empty()) wanted.torch_version = reference::torch_version();
  try {
    if (read_recipe(model / "recipe.json") != wanted) return false;
    read_run_figures(model / "report.json");
    const std::string file = (model / "report.json").string();
    const Json report = read_json(model / "report.json");
    return field<std::string>(report, "model_fingerprint", file) == model_->fingerprint() &&
           field<std::string>(report, "calibration_fingerprint", file) == calibration_fingerprint(wanted);
  } catch (const Error&) {
    return false;  // another version's files
  }
}

void TableRunner::quantize(const TableRowSpec& spec, const fs::path& model) {
  const fs::path recipe = folder_ / (spec.file + ".recipe.json");
  write_file(recipe, std::string_view(to_json(spec.recipe)));
  std::vector<std::string> arguments{"quantize", spec_.model.string(), "--calibration", spec_.calibration.string(),
                                     "-o",       model.string(),       "--recipe",      recipe.string(),
                                     "--json"};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {option, value});
  };
  add("--images", spec_.calibration_images.string());
  add("--prompt", spec_.calibration_prompt);
  add("--vision-tower", spec_.vision_tower.string());
  add("--template", spec_.chat_template);
  // What an earlier call was stopped in goes on, unless it is of another recipe, model or data. (An old NAME.qvlm would
  // stand in its way.)
  if (fs::exists(partial_of(model)) && !fs::exists(model)) {
    arguments.emplace_back("--resume");
    const std::string problem = quantize_once(arguments);
    if (problem.empty()) return;
    session_.output.note(fmt::format("{}: begins anew ({})", spec.name, problem));
    arguments.pop_back();
  }
  arguments.emplace_back("--replace");
  if (const std::string problem = quantize_once(arguments); !problem.empty()) throw Error(problem);
}

#else

std::string TableRunner::calibration_fingerprint(const Recipe&) const { throw Error(no_laboratory("table")); }
bool TableRunner::is_made(const TableRowSpec&, const fs::path&) const { throw Error(no_laboratory("table")); }
void TableRunner::quantize(const TableRowSpec&, const fs::path&) { throw Error(no_laboratory("table")); }

#endif

}  // namespace qvlm::cli
