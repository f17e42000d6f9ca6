// JSON files and typed access to their fields, with messages that name file, field, expected and found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace qvlm {

using Json = nlohmann::json;

/// The largest JSON file that is read: 512 MiB (tokenizers of 250,000 pieces take some 30 MB).
inline constexpr int64_t kMaxJsonBytes = int64_t{512} << 20;

/// Throws Error naming the file: absent, too large, or the byte at which it stops being JSON. Nesting is limited to 200.
Json read_json(const std::filesystem::path& path);
Json parse_json(std::string_view text, const std::string& file);

/// object[key] as T: bool, int, int64_t, float, double, std::string, std::vector of int / float / std::string.
/// A number must be integral and in range for int types, finite for floats. Throws Error "FILE: KEY: expected X, found Y".
template <typename T>
T field(const Json& object, const std::string& key, const std::string& file);

/// As field(), but `fallback` where the key is absent or null.
template <typename T>
T field_or(const Json& object, const std::string& key, const std::string& file, T fallback);

/// True where the key is there and not null.
bool has_field(const Json& object, const std::string& key);

/// object[key], which must be an object (or an array). Throws Error.
const Json& object_field(const Json& object, const std::string& key, const std::string& file);
const Json& array_field(const Json& object, const std::string& key, const std::string& file);

/// Throws Error naming the first key of `object` that is not in `known`, and the nearest known one.
void refuse_unknown_keys(const Json& object, std::initializer_list<std::string_view> known, const std::string& file);

/// "the number 3", "the string \"abc\"", "an object": what a message says it found.
std::string describe(const Json& value);

/// Indented text of a JSON value with a line end, written beside its target and renamed.
void write_json(const std::filesystem::path& path, const Json& value);

/// The candidate nearest to `word` by edit distance, or empty when none is near. For "did you mean".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace qvlm
