// Writing results, progress and JSON lines.
#include "app/cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "core/base/error.h"

namespace qvlm::cli {

Output::Output() : terminal_(isatty(STDERR_FILENO) != 0) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of write()
}

void Output::write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      if (file == STDERR_FILENO) return;  // nobody is left to tell
      throw Error(std::string("standard output: cannot write: ") + std::strerror(errno));
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void Output::clear_progress() {
  if (!showing_progress_) return;
  showing_progress_ = false;
  write_all(STDERR_FILENO, "\r\033[K");
}

void Output::text(std::string_view text) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  clear_progress();
  write_all(STDOUT_FILENO, text);
}

void Output::json_line(std::string_view line) {
  if (!json_) return;
  const std::lock_guard lock(mutex_);
  std::string whole(line);
  whole.push_back('\n');
  write_all(STDOUT_FILENO, whole);
}

void Output::note(std::string_view line) {
  if (json_) return;
  const std::lock_guard lock(mutex_);
  clear_progress();
  write_all(STDERR_FILENO, std::string(line) + "\n");
}

void Output::progress(std::string_view state) {
  if (json_ || (!terminal_ && !verbose_)) return;
  const std::lock_guard lock(mutex_);
  if (state == last_progress_) return;
  last_progress_ = state;
  if (!terminal_) {
    write_all(STDERR_FILENO, std::string(state) + "\n");
    return;
  }
  write_all(STDERR_FILENO, "\r\033[K" + std::string(state.substr(0, 110)));
  showing_progress_ = true;
}

void Output::end_progress() {
  const std::lock_guard lock(mutex_);
  clear_progress();
}

std::string bytes_text(int64_t bytes) {
  if (bytes < 10 * 1024) return fmt::format("{} bytes", bytes);
  const double value = static_cast<double>(bytes);
  if (value < 1024.0 * 1024) return fmt::format("{:.0f} KiB", value / 1024);
  if (value < 1024.0 * 1024 * 1024) return fmt::format("{:.1f} MiB", value / (1024.0 * 1024));
  return fmt::format("{:.2f} GiB", value / (1024.0 * 1024 * 1024));
}

std::string count_text(int64_t count) {
  const double value = static_cast<double>(count);
  if (value < 1e4) return fmt::format("{}", count);
  if (value < 1e6) return fmt::format("{:.1f} thousand", value / 1e3);
  if (value < 1e9) return fmt::format("{:.1f} million", value / 1e6);
  return fmt::format("{:.2f} billion", value / 1e9);
}

}  // namespace qvlm::cli
