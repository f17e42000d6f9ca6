// Thread counts of libtorch and of the BLAS below it.
#include "core/lab/reference/threads.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <dlfcn.h>
#include <torch/version.h>

#include <atomic>

#include "core/base/crew.h"
#include "core/base/error.h"

namespace qvlm::reference {
namespace {

thread_local bool in_part = false;
std::atomic<int> wanted{0};  // what set_threads() was given; 0: nothing yet

// OpenBLAS keeps threads of its own, which at::set_num_threads does not reach.
void set_blas_threads(int count) {
  using Setter = void (*)(int);
  static auto* const setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (setter) setter(count);
}

// One thread of the BLAS as long as this lives.
class SingleThreaded {
 public:
  SingleThreaded() { set_blas_threads(1); }
  ~SingleThreaded() { set_blas_threads(threads()); }
};

}  // namespace

void set_threads(int count) {
  if (count < 1) throw Error::in("", "threads", "at least 1", std::to_string(count));
  wanted = count;
  at::set_num_threads(count);
  set_blas_threads(count);
}

int threads() { return wanted > 0 ? wanted.load() : at::get_num_threads(); }

const char* torch_version() { return TORCH_VERSION; }

Workers::Workers(int count) : count_(count), crew_(std::make_unique<Crew>(count)) {
  // libtorch's threads wait actively behind every operation, and the pool of its other backends behind every change of their number: that
  // took half of the processor's time.
  if (count > 1) {
    const int all = threads();
    at::set_num_threads(1);
    wanted = all;
  }
}

Workers::~Workers() = default;

void Workers::run(size_t parts, const std::function<void(size_t)>& work) const {
  if (in_part || parts < 2 || count_ < 2) {
    for (size_t part = 0; part < parts; ++part) work(part);
    return;
  }
  const at::ThreadLocalState state;
  const SingleThreaded single;
  crew_->run(parts, [&](size_t part) {
    const at::ThreadLocalStateGuard guard(state);
    in_part = true;
    try {
      work(part);
    } catch (...) {
      in_part = false;
      throw;
    }
    in_part = false;
  });
}

}  // namespace qvlm::reference
