// Signals through a handler that writes to a pipe, and one waiting thread. (Not through signalfd: OpenBLAS starts threads before main,
// which do not block the signals and would die of them.)
#include "app/cli/interrupt.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

#include "core/base/error.h"

namespace qvlm::cli {

namespace {

// A handler reaches nothing but what is static.
std::atomic<int> handler_pipe{-1};

void on_signal(int number) {
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const auto written = write(handler_pipe.load(), &byte, 1);
}

}  // namespace

Interrupt::Interrupt() {
  int ends[2] = {-1, -1};
  wake_ = eventfd(0, EFD_CLOEXEC);
  if (wake_ < 0 || pipe2(ends, O_CLOEXEC) < 0)
    throw Error("cannot wait for signals: the process has no file descriptors left");
  signals_ = ends[0];
  handler_pipe = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  thread_ = std::thread([this] { wait_for_signals(); });
}

Interrupt::~Interrupt() {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) == sizeof one) thread_.join();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  close(handler_pipe.exchange(-1));
  close(signals_);
  close(wake_);
}

void Interrupt::wait_for_signals() {
  for (;;) {
    pollfd files[2] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(files, 2, -1) < 0) continue;
    if (files[1].revents) return;
    unsigned char number = 0;
    if (read(signals_, &number, 1) != 1) continue;
    const std::lock_guard lock(mutex_);
    std::stop_source& target = inner_ ? *inner_ : whole_;
    const auto now = std::chrono::steady_clock::now();
    if (target.stop_requested()) {
      if (now - asked_ > std::chrono::seconds(1))
        _exit(1);  // asked again: the work does not hear. (timeout(1) signals twice at once.)
      continue;
    }
    asked_ = now;
    if (number == SIGTERM) whole_.request_stop();
    target.request_stop();
  }
}

Interrupt::Scope::Scope(Interrupt& interrupt)
    : interrupt_(interrupt), whole_stops_(interrupt.token(), [this] { source_.request_stop(); }) {
  const std::lock_guard lock(interrupt_.mutex_);
  interrupt_.inner_ = &source_;
}

Interrupt::Scope::~Scope() {
  const std::lock_guard lock(interrupt_.mutex_);
  interrupt_.inner_ = nullptr;
}

}  // namespace qvlm::cli
