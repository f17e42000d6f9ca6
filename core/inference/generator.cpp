// What every Generator shares.
#include "core/inference/generator.h"

#include <utility>

namespace qvlm {

void append_tokens(Generator& generator, std::vector<int32_t> tokens, std::stop_token stop) {
  const PromptPart part(std::move(tokens));
  generator.append(std::span(&part, 1), stop);
}

void add_note(std::string& notes, const std::string& note) { notes += (notes.empty() ? "" : "; ") + note; }

}  // namespace qvlm
