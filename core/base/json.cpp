// Reading JSON strictly. The only file of the base that includes the whole of nlohmann's header.
#include "core/base/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <nlohmann/json.hpp>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/mapped_file.h"

namespace qvlm {

namespace {

constexpr int kMaxDepth = 200;

template <typename T>
struct Read;

template <typename Int>
struct ReadInteger {
  static constexpr const char* expected = "an integer";
  static std::optional<Int> from(const Json& value) {
    if (value.is_number_unsigned()) {
      const auto number = value.get<uint64_t>();
      if (number <= static_cast<uint64_t>(std::numeric_limits<Int>::max())) return static_cast<Int>(number);
    } else if (value.is_number_integer()) {
      const auto number = value.get<int64_t>();
      if (number >= std::numeric_limits<Int>::min() && number <= std::numeric_limits<Int>::max())
        return static_cast<Int>(number);
    } else if (value.is_number_float()) {  // 336.0 is what some tools write
      const double number = value.get<double>();
      if (number == std::floor(number) && std::abs(number) < 1e9) return static_cast<Int>(number);
    }
    return std::nullopt;
  }
};
template <>
struct Read<int> : ReadInteger<int> {};
template <>
struct Read<int64_t> : ReadInteger<int64_t> {};

template <>
struct Read<bool> {
  static constexpr const char* expected = "true or false";
  static std::optional<bool> from(const Json& value) {
    return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
  }
};
template <>
struct Read<double> {
  static constexpr const char* expected = "a finite number";
  static std::optional<double> from(const Json& value) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) return std::nullopt;
    return value.get<double>();
  }
};
template <>
struct Read<float> {
  static constexpr const char* expected = "a finite number";
  static std::optional<float> from(const Json& value) {
    const auto number = Read<double>::from(value);
    if (!number || !std::isfinite(static_cast<float>(*number))) return std::nullopt;
    return static_cast<float>(*number);
  }
};
template <>
struct Read<std::string> {
  static constexpr const char* expected = "a string";
  static std::optional<std::string> from(const Json& value) {
    return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
  }
};
template <typename T>
struct Read<std::vector<T>> {
  static constexpr const char* expected =
      std::is_same_v<T, std::string> ? "an array of strings" : "an array of numbers";
  static std::optional<std::vector<T>> from(const Json& value) {
    if (!value.is_array()) return std::nullopt;
    std::vector<T> result;
    for (const Json& element : value) {
      auto one = Read<T>::from(element);
      if (!one) return std::nullopt;
      result.push_back(std::move(*one));
    }
    return result;
  }
};

const Json* find(const Json& object, const std::string& key, const std::string& file) {
  if (!object.is_object()) throw Error::in(file, "where \"" + key + "\" belongs", "an object", describe(object));
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "an array of " + std::to_string(value.size());
    case Json::value_t::string: {
      std::string text = value.get<std::string>();
      if (text.size() > 60) text = text.substr(0, 60) + "...";
      return "the string \"" + text + "\"";
    }
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    default:
      return "the number " + value.dump();
  }
}

Json parse_json(std::string_view text, const std::string& file) {
  const auto guard = [&file](int depth, Json::parse_event_t event, Json&) {
    if (depth > kMaxDepth && (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start))
      throw Error::in(file, "JSON", "at most " + std::to_string(kMaxDepth) + " levels of nesting", "more");
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), guard);
  } catch (const Json::exception& problem) {
    std::string reason = problem.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    if (const auto bracket = reason.find("] "); bracket != std::string::npos) reason = reason.substr(bracket + 2);
    throw Error(file + ": not valid JSON: " + reason);
  }
}

Json read_json(const std::filesystem::path& path) {
  const MappedFile file(path);
  if (static_cast<int64_t>(file.bytes().size()) > kMaxJsonBytes)
    throw Error::in(path.string(), "JSON", "at most 512 MiB", std::to_string(file.bytes().size()) + " bytes");
  return parse_json({reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}, path.string());
}

bool has_field(const Json& object, const std::string& key) {
  if (!object.is_object()) return false;
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

template <typename T>
T field(const Json& object, const std::string& key, const std::string& file) {
  const Json* value = find(object, key, file);
  if (value == nullptr) throw Error::in(file, key, Read<T>::expected, "nothing");
  auto result = Read<T>::from(*value);
  if (!result) throw Error::in(file, key, Read<T>::expected, describe(*value));
  return std::move(*result);
}

template <typename T>
T field_or(const Json& object, const std::string& key, const std::string& file, T fallback) {
  const Json* value = find(object, key, file);
  if (value == nullptr || value->is_null()) return fallback;
  return field<T>(object, key, file);
}

#define QVLM_INSTANTIATE(T)                                                 \
  template T field<T>(const Json&, const std::string&, const std::string&); \
  template T field_or<T>(const Json&, const std::string&, const std::string&, T);
QVLM_INSTANTIATE(bool)
QVLM_INSTANTIATE(int)
QVLM_INSTANTIATE(int64_t)
QVLM_INSTANTIATE(float)
QVLM_INSTANTIATE(double)
QVLM_INSTANTIATE(std::string)
QVLM_INSTANTIATE(std::vector<int>)
QVLM_INSTANTIATE(std::vector<int64_t>)
QVLM_INSTANTIATE(std::vector<float>)
QVLM_INSTANTIATE(std::vector<double>)
QVLM_INSTANTIATE(std::vector<std::string>)
#undef QVLM_INSTANTIATE

const Json& object_field(const Json& object, const std::string& key, const std::string& file) {
  const Json* value = find(object, key, file);
  if (value == nullptr) throw Error::in(file, key, "an object", "nothing");
  if (!value->is_object()) throw Error::in(file, key, "an object", describe(*value));
  return *value;
}

const Json& array_field(const Json& object, const std::string& key, const std::string& file) {
  const Json* value = find(object, key, file);
  if (value == nullptr) throw Error::in(file, key, "an array", "nothing");
  if (!value->is_array()) throw Error::in(file, key, "an array", describe(*value));
  return *value;
}

void refuse_unknown_keys(const Json& object, std::initializer_list<std::string_view> known, const std::string& file) {
  if (!object.is_object()) throw Error::in(file, "", "an object", describe(object));
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::string near = nearest(key, std::vector<std::string>(known.begin(), known.end()));
    throw Error(file + ": unknown key \"" + key + "\"" + (near.empty() ? "" : " (did you mean \"" + near + "\"?)"));
  }
}

void write_json(const std::filesystem::path& path, const Json& value) {
  write_file(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  size_t best = word.size() / 2 + 1;  // further away than this is another word
  std::string result;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + best || word.size() > candidate.size() + best) continue;
    std::vector<size_t> row(candidate.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= word.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t above = row[j];
        row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    if (row.back() < best) {
      best = row.back();
      result = candidate;
    }
  }
  return result;
}

}  // namespace qvlm
