// Reads a text file whole.
#include "core/data/text_set.h"

#include <fstream>

#include "core/base/error.h"
#include "core/input/unicode.h"

namespace qvlm {
namespace {

constexpr uintmax_t kMaxTextBytes = uintmax_t{256} << 20;

}  // namespace

bool is_text_set(const std::filesystem::path& path) { return path.extension() == ".txt"; }

std::string read_text_set(const std::filesystem::path& path) {
  std::error_code problem;
  const uintmax_t bytes = std::filesystem::file_size(path, problem);
  if (problem) throw Error(path.string() + ": " + problem.message());
  if (bytes > kMaxTextBytes) {
    throw Error::in(path.string(), "size", "at most " + std::to_string(kMaxTextBytes) + " bytes", std::to_string(bytes));
  }
  std::ifstream file(path, std::ios::binary);
  std::string raw(static_cast<size_t>(bytes), '\0');
  if (!file || !file.read(raw.data(), static_cast<std::streamsize>(bytes))) throw Error(path.string() + ": cannot be read");
  if (!is_valid_utf8(raw)) throw Error::in(path.string(), "", "UTF-8", "other bytes");
  std::string text;
  for (const char c : raw) {
    if (c != '\r') text.push_back(c);
  }
  if (text.find_first_not_of(" \t\n") == std::string::npos) throw Error::in(path.string(), "", "a text", "an empty file");
  return text;
}

}  // namespace qvlm
