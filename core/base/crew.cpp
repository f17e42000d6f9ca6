// Sharing the parts of a calculation between threads.
#include "core/base/crew.h"

namespace qvlm {

Crew::Crew(int threads) : begin_(threads), end_(threads) {
  for (int i = 1; i < threads; ++i) {
    threads_.emplace_back([this] {
      for (;;) {
        begin_.arrive_and_wait();
        if (!work_) return;
        take_parts();
        end_.arrive_and_wait();
      }
    });
  }
}

Crew::~Crew() {
  work_ = nullptr;
  begin_.arrive_and_wait();
}

void Crew::run(size_t parts, const std::function<void(size_t)>& work) {
  work_ = &work;
  parts_ = parts;
  next_ = 0;
  failure_ = nullptr;
  begin_.arrive_and_wait();
  take_parts();
  end_.arrive_and_wait();
  if (failure_) std::rethrow_exception(failure_);
}

void Crew::take_parts() {
  for (size_t part = next_++; part < parts_; part = next_++) {
    try {
      (*work_)(part);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

}  // namespace qvlm
