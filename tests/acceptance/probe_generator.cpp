// The same through the Generator interface, as answers are made.
#include "core/base/error.h"
#include "core/lab/reference/reference_generator.h"
#include "gpu/vulkan_generator.h"
#include "tests/acceptance/probe_logits.h"

namespace qvlm::acceptance {

namespace {

std::unique_ptr<Generator> make(std::shared_ptr<const Model> model, const std::string& backend) {
  if (backend == "reference") return reference::make_reference_generator(std::move(model));
  if (backend == "vulkan") return make_vulkan_generator(std::move(model));
  throw Error("unknown backend " + backend);
}

}  // namespace

std::vector<float> generator_logits(std::shared_ptr<const Model> model, std::span<const PromptPart> parts, const std::string& backend, int64_t rows) {
  const auto generator = make(std::move(model), backend);
  generator->append(parts);
  return generator->last_logits(rows);
}

void sequence_logits(std::shared_ptr<const Model> model, std::span<const Sequence> sequences, const std::string& backend,
                     const std::function<void(size_t, std::span<const float>)>& each) {
  const auto generator = make(std::move(model), backend);
  for (size_t i = 0; i < sequences.size(); ++i) {
    generator->reset();
    generator->append(sequences[i].parts);
    each(i, generator->last_logits(sequences[i].rows));
  }
}

}  // namespace qvlm::acceptance
