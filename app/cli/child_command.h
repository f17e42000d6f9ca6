// qvlm running another of its own commands as a child process.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace qvlm::cli {

struct ChildResult {
  int status = -1;     // exit status; 128 + signal where a signal ended it
  std::string errors;  // what it wrote to stderr
};

/// Runs this executable with `arguments`; `on_line` hears each line of its stdout. A stop asks it to end in order
/// (SIGINT), waits, and throws Cancelled. It ends with this process, whatever ends that. Throws Error where it cannot be
/// started.
ChildResult run_child(const std::vector<std::string>& arguments, const std::function<void(const std::string&)>& on_line,
                      std::stop_token stop);

}  // namespace qvlm::cli
