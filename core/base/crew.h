// Threads that share the independent parts of a calculation: each takes the next part and computes it alone, so that a thread that the
// system holds up delays its own part only (a library that divides every single operation meets after each).
#pragma once

#include <atomic>
#include <barrier>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace qvlm {

class Crew {
 public:
  /// `threads` in all, the caller's among them.
  explicit Crew(int threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Calls work(0) .. work(parts - 1), each once, on any thread; returns when all are done. Throws what a part threw first.
  void run(size_t parts, const std::function<void(size_t part)>& work);

 private:
  void take_parts();

  std::barrier<> begin_, end_;
  const std::function<void(size_t)>* work_ = nullptr;  // null: go home
  size_t parts_ = 0;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;  // last: they use the others
};

}  // namespace qvlm
