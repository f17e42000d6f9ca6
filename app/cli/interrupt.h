// ctrl-C (and SIGTERM) as a stop request: the running work ends in order, files are left whole.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace qvlm::cli {

/// One an application, made before any other thread (it blocks the signals for all threads that follow). The first
/// signal asks the innermost work to stop; another one, a second or more later within the same work, ends the process
/// at once with status 1.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Asked to stop by the first signal that arrives while no Scope is open.
  std::stop_token token() const { return whole_.get_token(); }
  void request_stop() { whole_.request_stop(); }

  /// While it lives a signal stops this piece of work alone (one answer of a dialogue).
  class Scope {
   public:
    explicit Scope(Interrupt& interrupt);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    std::stop_token token() const { return source_.get_token(); }
    void request_stop() { source_.request_stop(); }

   private:
    Interrupt& interrupt_;
    std::stop_source source_;
    std::stop_callback<std::function<void()>> whole_stops_;
  };

 private:
  void wait_for_signals();

  std::mutex mutex_;
  std::stop_source whole_;
  std::stop_source* inner_ = nullptr;  // of the open Scope
  std::chrono::steady_clock::time_point asked_;
  int signals_ = -1, wake_ = -1;  // the pipe that the handler writes to, eventfd
  std::thread thread_;
};

}  // namespace qvlm::cli
