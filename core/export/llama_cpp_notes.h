// What llama.cpp makes of a model's pictures otherwise than the model's own code.
#pragma once

#include <string>
#include <vector>

#include "core/model/model.h"

namespace qvlm {

/// A sentence each, for people; none for a decoder without a tower. Reads the tokenizer. Throws Error.
std::vector<std::string> llama_cpp_notes(const Model& model);

}  // namespace qvlm
