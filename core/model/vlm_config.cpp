// What follows from a VlmConfig alone.
#include "core/model/vlm_config.h"

#include "core/model/model.h"

namespace qvlm {

int64_t VlmConfig::parameters() const {
  int64_t total = 0;
  for (const ExpectedTensor& tensor : expected_tensors(*this))
    if (!tensor.optional) total += element_count(tensor.shape, tensor.name);
  return total;
}

}  // namespace qvlm
