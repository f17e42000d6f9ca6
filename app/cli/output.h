// Where a command's words go: results on stdout, progress on stderr, and with --json one object a line on stdout.
#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace qvlm::cli {

/// Thread-safe. Lines are flushed as they come; a closed stdout ends in Error, not in a signal.
class Output {
 public:
  Output();
  void set_json(bool json) { json_ = json; }
  void set_verbose(bool verbose) { verbose_ = verbose; }
  bool json() const { return json_; }

  /// A piece of the result as text; nothing in --json mode.
  void text(std::string_view text);
  /// One line of JSON (without the newline); nothing without --json.
  void json_line(std::string_view line);
  /// A remark for people on stderr: always shown, but in --json mode.
  void note(std::string_view line);
  /// The current state of long work: rewritten in place on a terminal; with --verbose each change is a line; otherwise
  /// nothing.
  void progress(std::string_view state);
  /// Takes the progress line off the terminal.
  void end_progress();

 private:
  void write_all(int file, std::string_view text);
  void clear_progress();

  std::mutex mutex_;
  bool json_ = false, verbose_ = false, terminal_ = false;
  bool showing_progress_ = false;
  std::string last_progress_;
};

/// "1.5 GiB", "640 KiB": bytes for people.
std::string bytes_text(int64_t bytes);
/// "12.3 M", "7.1 G": a count for people.
std::string count_text(int64_t count);

}  // namespace qvlm::cli
