// Waiting for a line or for the end of waiting.
#include "app/cli/line_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "core/base/error.h"

namespace qvlm::cli {

LineReader::LineReader(int file, std::stop_token stop)
    : file_(file), wake_(eventfd(0, EFD_CLOEXEC)), stop_(std::move(stop)) {
  if (wake_ < 0) throw Error("cannot read standard input: the process has no file descriptors left");
  on_stop_.emplace(stop_, [wake = wake_] {
    const uint64_t one = 1;
    [[maybe_unused]] const auto written = write(wake, &one, sizeof one);
  });
}

LineReader::~LineReader() {
  on_stop_.reset();
  close(wake_);
}

std::optional<std::string> LineReader::next() {
  for (;;) {
    if (stop_.stop_requested()) return std::nullopt;
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (ended_) {
      if (buffer_.empty()) return std::nullopt;
      return std::exchange(buffer_, "");
    }
    pollfd files[2] = {{file_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(files, 2, -1) < 0) continue;
    if (files[1].revents) return std::nullopt;
    char bytes[4096];
    const ssize_t got = read(file_, bytes, sizeof bytes);
    if (got <= 0) {
      ended_ = true;
    } else {
      buffer_.append(bytes, static_cast<size_t>(got));
    }
  }
}

ControlLines::ControlLines(std::function<void(const std::string&)> on_line, std::function<void()> on_end)
    : thread_([on_line = std::move(on_line), on_end = std::move(on_end)](std::stop_token stop) {
        LineReader reader(STDIN_FILENO, stop);
        while (const auto line = reader.next()) {
          if (!line->empty()) on_line(*line);
        }
        if (!stop.stop_requested()) on_end();
      }) {}

}  // namespace qvlm::cli
