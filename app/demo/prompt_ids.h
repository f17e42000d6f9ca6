// From an example to the token ids that the demo VLM is trained on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/demo/world.h"
#include "core/input/tokenizer.h"

namespace qvlm::demo {

struct TokenizedExample {
  std::vector<int32_t> ids;
  std::vector<uint8_t> trained;  // 1 where this id is an answer's token or the </s> after it; same length as ids
};

/// `<s>USER: <image>\n{q1} ASSISTANT: {a1}</s>USER: {q2} ASSISTANT: {a2}</s>...` as tokenizer.json encodes the whole
/// string; each <image> becomes image_tokens times image_id. Throws Error where the answer does not start at a token's
/// border.
TokenizedExample tokenize(const Example& example, const Tokenizer& tokenizer,
                          int32_t image_id, int image_tokens);

/// The same layout as text, without the leading <s>.
std::string dialogue_text(const Example& example);

}  // namespace qvlm::demo
