// The text that the demo tokenizer is trained on.
#pragma once

#include <string>
#include <vector>

namespace qvlm::demo {

/// Dialogues of the training split, and general English so that other words are not spelled letter by letter.
std::vector<std::string> tokenizer_corpus();

}  // namespace qvlm::demo
