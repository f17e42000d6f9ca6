// What a command is: options declared on the parser, and what runs when it was chosen. One file a command.
#pragma once

#include <functional>
#include <string>

#include "app/cli/interrupt.h"
#include "app/cli/output.h"

namespace CLI {
class App;
}

namespace qvlm::cli {

/// What every command works with.
struct Session {
  Output& output;
  Interrupt& interrupt;  // ctrl-C
};

/// Throws Error (exit status 1), UsageError (2), Cancelled (1).
using Run = std::function<void(Session&)>;

struct Command {
  CLI::App* app = nullptr;
  Run run;
  std::function<void(Session&, const std::string& message)>
      report_failure;  // with --json: the failure as the command's own event, if it has one
};

Command add_devices(CLI::App& app);
Command add_inspect(CLI::App& app);
Command add_quantize(CLI::App& app);
Command add_evaluate(CLI::App& app);
Command add_chat(CLI::App& app);
Command add_bench(CLI::App& app);
Command add_export(CLI::App& app);
Command add_fit(CLI::App& app);
Command add_table(CLI::App& app);
Command add_proxies(CLI::App& app);

}  // namespace qvlm::cli
