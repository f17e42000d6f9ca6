// qvlm: every capability as a command. Exit status 0, 1 (failed) or 2 (usage).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/cli/command.h"
#include "core/base/error.h"

namespace {

using namespace qvlm;
using namespace qvlm::cli;

int fail(Session& session, const Command& command, const std::string& message, int status) {
  session.output.end_progress();
  std::fprintf(stderr, "qvlm: %s\n", message.c_str());
  try {
    if (command.report_failure) {
      command.report_failure(session, message);
    } else {
      session.output.json_line(nlohmann::ordered_json{{"event", "Failed"}, {"message", message}}.dump(
          -1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    }
  } catch (const Error&) {
    // standard output is gone; the message stands on stderr
  }
  return status;
}

int run(Session& session, const Command& command) {
  try {
    command.run(session);
    session.output.end_progress();
    return 0;
  } catch (const UsageError& error) {
    return fail(session, command, error.what(), 2);
  } catch (const std::bad_alloc&) {
    return fail(session, command, "too little memory", 1);
  } catch (const std::exception& error) {
    return fail(session, command, error.what(), 1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Loads, calibrates, quantizes (Q-VLM), evaluates and runs vision-language models.", "qvlm");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.set_version_flag("--version", QVLM_VERSION);
  bool json = false, verbose = false;
  std::vector<Command> commands{add_devices(app), add_inspect(app), add_quantize(app), add_evaluate(app),
                                add_chat(app),    add_bench(app),   add_export(app),   add_table(app),
                                add_proxies(app), add_fit(app)};
  for (const Command& command : commands) {
    command.app->add_flag("--json", json, "One JSON object a line on stdout; the last line is the result");
    command.app->add_flag("--verbose", verbose, "Progress as lines on stderr, on a terminal or not");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    const bool named = argc > 1 && argv[1][0] != '-';
    bool known = false;
    for (const Command& command : commands) known = known || (named && command.app->get_name() == argv[1]);
    if (named && !known) {
      std::fprintf(stderr, "qvlm: unknown command %s\nSee: qvlm --help\n", argv[1]);
      return 2;
    }
    std::fprintf(stderr, "qvlm: %s\n", error.what());
    for (const Command& command : commands) {
      if (command.app->parsed() > 0) std::fprintf(stderr, "See: qvlm %s --help\n", command.app->get_name().c_str());
    }
    return 2;
  }
  try {
    Interrupt interrupt;
    Output output;
    output.set_json(json);
    output.set_verbose(verbose);
    Session session{output, interrupt};
    for (const Command& command : commands) {
      if (*command.app) return run(session, command);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "qvlm: %s\n", error.what());
    return 1;
  }
  return 2;
}
