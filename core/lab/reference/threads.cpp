// Thread counts of libtorch and of the BLAS below it.
#include "core/lab/reference/threads.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "core/base/error.h"

namespace qvlm::reference {

void set_threads(int count) {
  if (count < 1) throw Error::in("", "threads", "at least 1", std::to_string(count));
  at::set_num_threads(count);
  // OpenBLAS keeps threads of its own, which at::set_num_threads does not reach.
  using Setter = void (*)(int);
  if (auto* setter = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) setter(count);
}

int threads() { return at::get_num_threads(); }

const char* torch_version() { return TORCH_VERSION; }

}  // namespace qvlm::reference
