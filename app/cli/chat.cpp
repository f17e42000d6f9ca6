// qvlm chat: one answer, a dialogue on the terminal, or (--json) a dialogue with another program.
#include "core/inference/chat.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>

#include "app/cli/command.h"
#include "app/cli/line_reader.h"
#include "app/cli/model_options.h"
#include "core/base/error.h"
#include "core/input/chat_template.h"

namespace qvlm::cli {

namespace {

struct Options {
  ModelOptions model;
  RunOptions run;
  std::vector<std::string> images;
  std::string prompt, system;
  SamplingParameters sampling;
  int max_tokens = 256;
};

/// A loaded model with what a dialogue needs.
struct Partner {
  std::shared_ptr<const Model> model;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<Generator> generator;
  ChatReady ready;
};

Partner load(const Options& options) {
  const auto begin = std::chrono::steady_clock::now();
  Partner partner;
  partner.model = open_model(options.model);
  partner.tokenizer = Tokenizer::open(*partner.model);
  recognise_template(partner.model->config().chat_template);  // an unknown template is said before minutes of loading
  partner.generator = make_generator(partner.model, options.run);
  partner.ready.info = partner.generator->info();
  partner.ready.model = options.model.model;
  partner.ready.takes_images = partner.generator->config().vision.has_value();
  partner.ready.context_length = partner.generator->context_length();
  partner.ready.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return partner;
}

std::string status_line(const AnswerFinished& answer) {
  std::string line = fmt::format("[{}; {} tokens", describe(answer.info), answer.tokens);
  if (answer.decode_tokens_per_second > 0) line += fmt::format(", {:.1f} tokens/s", answer.decode_tokens_per_second);
  line += fmt::format(", first after {:.2f} s", answer.first_token_seconds);
  if (answer.reason == "length") line += "; cut at --max-tokens";
  if (answer.reason == "context") line += "; the context is full";
  if (answer.reason == "stopped") line += "; stopped";
  if (answer.device_losses > 0) line += "; the device was lost and opened again";
  return line + "]";
}

/// Streams an answer as text, or as events with --json.
AnswerFinished answer(Session& session, ChatSession& chat, const Ask& ask, std::stop_token stop) {
  const auto listener = [&](const ChatEvent& event) {
    session.output.json_line(to_json_line(event));
    if (const auto* token = std::get_if<TokenGenerated>(&event)) session.output.text(token->text);
  };
  const AnswerFinished finished = chat.ask(ask, listener, stop);
  session.output.text("\n");
  session.output.note(status_line(finished));
  return finished;
}

void answer_once(Session& session, const Options& options) {
  Ask ask{.sampling = options.sampling, .max_tokens = options.max_tokens};
  if (!options.system.empty()) ask.turns.push_back({"system", options.system, {}});
  ask.turns.push_back({"user", options.prompt, options.images});
  Partner partner = load(options);
  session.output.json_line(to_json_line(ChatEvent(partner.ready)));
  ChatSession chat(*partner.generator, *partner.tokenizer);
  const AnswerFinished finished = answer(session, chat, ask, session.interrupt.token());
  if (finished.reason == "stopped") throw Cancelled();
}

constexpr const char* kHelp =
    "/image PATH  puts a picture before the next question\n"
    "/clear       begins a new dialogue\n"
    "/quit        ends\n";

/// A dialogue on the terminal. ctrl-C stops an answer; at the prompt it ends the dialogue.
void talk(Session& session, const Options& options) {
  Partner partner = load(options);
  ChatSession chat(*partner.generator, *partner.tokenizer);
  session.output.note(describe(partner.ready.info));
  const bool terminal = isatty(STDIN_FILENO) != 0;
  if (terminal) session.output.text(kHelp);
  Ask ask{.sampling = options.sampling, .max_tokens = options.max_tokens};
  std::vector<std::string> images = options.images;
  const auto begin_anew = [&] {
    ask.turns.clear();
    if (!options.system.empty()) ask.turns.push_back({"system", options.system, {}});
  };
  begin_anew();
  LineReader reader(STDIN_FILENO, session.interrupt.token());
  for (;;) {
    if (terminal) session.output.text("> ");
    const auto line = reader.next();
    if (!line || *line == "/quit") return;
    if (line->empty()) continue;
    if (*line == "/help") {
      session.output.text(kHelp);
    } else if (*line == "/clear") {
      begin_anew();
      images.clear();
    } else if (line->starts_with("/image ")) {
      const std::string path = line->substr(7);
      if (std::error_code problem; !std::filesystem::is_regular_file(path, problem)) {
        session.output.note(path + ": no such file");
      } else {
        images.push_back(path);
      }
    } else if (line->starts_with("/")) {
      session.output.note("unknown command " + *line + "; /help lists them");
    } else {
      ask.turns.push_back({"user", *line, images});
      try {
        Interrupt::Scope scope(session.interrupt);
        const AnswerFinished finished = answer(session, chat, ask, scope.token());
        ask.turns.push_back({"assistant", finished.text, {}});
        images.clear();
      } catch (const Error& error) {
        ask.turns.pop_back();
        session.output.note(error.what());
      }
    }
  }
}

/// What the reading thread hands to the answering one.
class CommandQueue {
 public:
  explicit CommandQueue(Session& session) : session_(session) {}

  void take_line(const std::string& line) {
    try {
      ChatCommand command = chat_command_from_json_line(line);
      const std::lock_guard lock(mutex_);
      if (auto* ask = std::get_if<Ask>(&command)) {
        asks_.push_back({std::move(*ask), false});
      } else {
        if (std::holds_alternative<Quit>(command)) quit_ = true;
        if (running_) running_->request_stop();
        for (Waiting& waiting : asks_) waiting.stopped = true;
      }
    } catch (const Error& error) {
      session_.output.json_line(to_json_line(ChatEvent(ChatFailed{error.what()})));
    }
    changed_.notify_all();
  }

  void end_of_input() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  struct Waiting {
    Ask ask;
    bool stopped = false;  // before it began: its answer is an empty one
  };

  /// The next question; nothing when the dialogue is over.
  std::optional<Waiting> next(std::stop_token stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return quit_ || ended_ || !asks_.empty(); });
    if (quit_ || stop.stop_requested() || asks_.empty()) return std::nullopt;
    Waiting waiting = std::move(asks_.front());
    asks_.pop_front();
    return waiting;
  }

  /// While an answer runs {"stop": true} reaches it.
  void set_running(Interrupt::Scope* scope) {
    const std::lock_guard lock(mutex_);
    running_ = scope;
    if (running_ && quit_) running_->request_stop();
  }

 private:
  Session& session_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> asks_;
  Interrupt::Scope* running_ = nullptr;
  bool quit_ = false, ended_ = false;
};

/// A dialogue with another program: commands on stdin, events on stdout.
void serve(Session& session, const Options& options) {
  Partner partner = load(options);
  session.output.json_line(to_json_line(ChatEvent(partner.ready)));
  ChatSession chat(*partner.generator, *partner.tokenizer);
  CommandQueue queue(session);
  ControlLines lines([&](const std::string& line) { queue.take_line(line); }, [&] { queue.end_of_input(); });
  while (const auto waiting = queue.next(session.interrupt.token())) {
    Interrupt::Scope scope(session.interrupt);
    queue.set_running(&scope);
    if (waiting->stopped) scope.request_stop();
    try {
      answer(session, chat, waiting->ask, scope.token());
    } catch (const Error& error) {
      session.output.json_line(to_json_line(ChatEvent(ChatFailed{error.what()})));
    }
    queue.set_running(nullptr);
  }
}

}  // namespace

Command add_chat(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Command command;
  command.app = app.add_subcommand("chat", "Answers about pictures: one question (--prompt), or a dialogue");
  add_model_options(*command.app, options->model);
  add_run_options(*command.app, options->run);
  command.app->add_option("--image", options->images, "A picture before the question; several times for several")
      ->allow_extra_args(false);
  CLI::Option* prompt = command.app->add_option("--prompt", options->prompt, "The question; without it, a dialogue");
  command.app->add_option("--system", options->system, "A system message");
  command.app->add_option("--max-tokens", options->max_tokens, "Longest answer, tokens")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.app->add_option("--temperature", options->sampling.temperature, "0: greedy")->capture_default_str();
  command.app->add_option("--top-k", options->sampling.top_k, "Only the k likeliest tokens; 0: all")
      ->capture_default_str();
  command.app->add_option("--top-p", options->sampling.top_p, "Only the likeliest tokens of this mass")
      ->capture_default_str();
  command.app->add_option("--repetition-penalty", options->sampling.repetition_penalty, "Above 1: repeats less")
      ->capture_default_str();
  command.app->add_option("--seed", options->sampling.seed, "Of the random numbers")->capture_default_str();
  command.run = [options, prompt](Session& session) {
    try {
      validate(options->sampling);
    } catch (const Error& error) {
      throw UsageError(error.what());
    }
    if (prompt->count() > 0) return answer_once(session, *options);
    if (session.output.json()) return serve(session, *options);
    talk(session, *options);
  };
  command.report_failure = [](Session& session, const std::string& message) {
    session.output.json_line(to_json_line(ChatEvent(ChatFailed{message})));
  };
  return command;
}

}  // namespace qvlm::cli
