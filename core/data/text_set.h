// A plain text that a model's perplexity is measured on.
#pragma once

#include <filesystem>
#include <string>

namespace qvlm {

/// A .txt file.
bool is_text_set(const std::filesystem::path& path);

/// The whole text, line ends as "\n". Throws Error naming the file: absent, larger than 256 MiB, not UTF-8, without a
/// word.
std::string read_text_set(const std::filesystem::path& path);

}  // namespace qvlm
