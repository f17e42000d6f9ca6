// Lines from standard input, given up when a stop is asked for.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace qvlm::cli {

/// One reader a file descriptor.
class LineReader {
 public:
  LineReader(int file, std::stop_token stop);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  /// The next line without its end; nothing at the end of the file or when stopped. A last line without an end counts.
  std::optional<std::string> next();

 private:
  int file_, wake_;
  std::string buffer_;
  bool ended_ = false;
  std::stop_token stop_;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

/// Calls `on_line` for every line of standard input on its own thread, `on_end` once at its end, until destroyed.
class ControlLines {
 public:
  ControlLines(std::function<void(const std::string&)> on_line, std::function<void()> on_end);

 private:
  std::jthread thread_;
};

}  // namespace qvlm::cli
