// The content of a data set in 32 hex digits: whether two evaluations asked the same.
#pragma once

#include <string>
#include <vector>

#include "core/data/sample.h"

namespace qvlm {

/// Over ids, dialogues, texts, answers, categories and the content of the pictures' files. Throws Error naming a picture
/// that cannot be read.
std::string fingerprint(const std::vector<Sample>& samples);

}  // namespace qvlm
