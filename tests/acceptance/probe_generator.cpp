// The same through the Generator interface, as answers are made.
#include "core/base/error.h"
#include "core/lab/reference/reference_generator.h"
#include "gpu/vulkan_generator.h"
#include "tests/acceptance/probe_logits.h"

namespace qvlm::acceptance {

std::vector<float> generator_logits(std::shared_ptr<const Model> model, std::span<const PromptPart> parts, const std::string& backend, int64_t rows) {
  std::unique_ptr<Generator> generator;
  if (backend == "reference") generator = reference::make_reference_generator(std::move(model));
  if (backend == "vulkan") generator = make_vulkan_generator(std::move(model));
  if (!generator) throw Error("unknown backend " + backend);
  generator->append(parts);
  return generator->last_logits(rows);
}

}  // namespace qvlm::acceptance
