// Thread counts of libtorch and of the BLAS below it.
#include "core/lab/reference/threads.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "core/base/crew.h"
#include "core/base/error.h"

namespace qvlm::reference {
namespace {

thread_local bool in_part = false;

// One thread of libtorch as long as this lives.
class SingleThreaded {
 public:
  SingleThreaded() : before_(threads()) { set_threads(1); }
  ~SingleThreaded() { set_threads(before_); }

 private:
  int before_;
};

}  // namespace

void set_threads(int count) {
  if (count < 1) throw Error::in("", "threads", "at least 1", std::to_string(count));
  at::set_num_threads(count);
  // OpenBLAS keeps threads of its own, which at::set_num_threads does not reach.
  using Setter = void (*)(int);
  if (auto* setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) setter(count);
}

int threads() { return at::get_num_threads(); }

const char* torch_version() { return TORCH_VERSION; }

Workers::Workers(int count) : count_(count), crew_(std::make_unique<Crew>(count)) {}

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
