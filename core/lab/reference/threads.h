// How many threads libtorch computes with, and how independent parts of a calculation share them. This header is free of torch.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace qvlm {
class Crew;
}

namespace qvlm::reference {

/// For every computation of this process from now on. count >= 1.
void set_threads(int count);
int threads();

/// libtorch's version, for recipes and reports: "1.13.1".
const char* torch_version();

/// Runs independent parts side by side, each on one thread of its own: libtorch's own threads meet after every small operation and wait
/// actively there, which on a busy machine costs several times the work itself. So they rest from the first Workers of more than one
/// thread on; matrix products outside of parts still have the BLAS's threads. What a part computes does not depend on the number of threads.
class Workers {
 public:
  /// count >= 1, the caller's thread among them.
  explicit Workers(int count);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const { return count_; }
  /// work(0) .. work(parts - 1), each once; returns when all are done. Parts see the caller's gradient mode. Within a part, and with one
  /// worker, parts run one after the other; a lone part has all of the BLAS's threads. Throws what a part threw first.
  void run(size_t parts, const std::function<void(size_t part)>& work) const;

 private:
  int count_;
  std::unique_ptr<Crew> crew_;
};

}  // namespace qvlm::reference
