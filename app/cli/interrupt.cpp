// Signals through a signalfd and one waiting thread.
#include "app/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>

#include "core/base/error.h"

namespace qvlm::cli {

Interrupt::Interrupt() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || wake_ < 0) throw Error("cannot wait for signals: the process has no file descriptors left");
  thread_ = std::thread([this] { wait_for_signals(); });
}

Interrupt::~Interrupt() {
  const uint64_t one = 1;
  if (write(wake_, &one, sizeof one) == sizeof one) thread_.join();
  close(signals_);
  close(wake_);
}

void Interrupt::wait_for_signals() {
  for (;;) {
    pollfd files[2] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (poll(files, 2, -1) < 0) continue;
    if (files[1].revents) return;
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) != sizeof info) continue;
    const std::lock_guard lock(mutex_);
    std::stop_source& target = inner_ ? *inner_ : whole_;
    const auto now = std::chrono::steady_clock::now();
    if (target.stop_requested()) {
      if (now - asked_ > std::chrono::seconds(1))
        _exit(1);  // asked again: the work does not hear. (timeout(1) signals twice at once.)
      continue;
    }
    asked_ = now;
    if (info.ssi_signo == SIGTERM) whole_.request_stop();
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
