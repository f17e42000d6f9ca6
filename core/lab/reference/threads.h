// How many threads libtorch computes with. This header is free of torch.
#pragma once

namespace qvlm::reference {

/// For every computation of this process from now on. count >= 1.
void set_threads(int count);
int threads();

/// libtorch's version, for recipes and reports: "1.13.1".
const char* torch_version();

}  // namespace qvlm::reference
