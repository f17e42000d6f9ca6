// What every Generator shares.
#include "core/inference/generator.h"

#include <utility>

namespace qvlm {

void append_tokens(Generator& generator, std::vector<int32_t> tokens, std::stop_token stop) {
  const PromptPart part(std::move(tokens));
  generator.append(std::span(&part, 1), stop);
}

std::string activation_note(const ActivationBits& bits, const std::string& whose) {
  const std::string runs = whose + "activations run as A" + std::to_string(bits.least);
  if (bits.asked != bits.least) return runs + " (model asks for A" + std::to_string(bits.asked) + ")";
  return bits.most != bits.least ? runs + " to A" + std::to_string(bits.most) : "";
}

void add_note(std::string& notes, const std::string& note) {
  if (!note.empty()) notes += (notes.empty() ? "" : "; ") + note;
}

}  // namespace qvlm
