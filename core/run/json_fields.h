// Strict reading and plain writing of a struct's fields as JSON: each struct lists its fields once, for both directions. Internal to core/run.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace qvlm::json_fields {

using Json = nlohmann::ordered_json;

/// The double whose shortest decimal form is that of the float: 0.995f is written as 0.995 and read back bit-equal.
inline double shortest(float value) {
  char text[48];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

inline Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
inline Json number(float value) { return std::isfinite(value) ? Json(shortest(value)) : Json(nullptr); }

/// Appends fields to a JSON object in the order listed. Numbers that are not finite become null.
class Writer {
 public:
  explicit Writer(Json& object) : object_(object) {}

  template <class T>
  void operator()(const char* key, const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      object_[key] = number(value);
    } else {
      object_[key] = value;
    }
  }
  template <class T>
  void operator()(const char* key, const std::vector<T>& values) {
    Json array = Json::array();
    for (const T& value : values) {
      if constexpr (std::is_floating_point_v<T>) {
        array.push_back(number(value));
      } else {
        array.push_back(value);
      }
    }
    object_[key] = std::move(array);
  }
  template <class Enum>
  void choice(const char* key, const Enum& value, std::span<const std::pair<std::type_identity_t<Enum>, std::string_view>> names) {
    for (const auto& [candidate, name] : names) {
      if (candidate == value) object_[key] = std::string(name);
    }
  }
  /// A value that the caller has made itself.
  void json(const char* key, Json value) { object_[key] = std::move(value); }

 private:
  Json& object_;
};

/// Takes fields from a JSON object; finish() refuses the keys that nobody took.
class Reader {
 public:
  /// `required`: a missing field is an error; otherwise it keeps its value. `origin` names the source in messages.
  Reader(const Json& object, std::string origin, bool required)
      : object_(object), origin_(std::move(origin)), required_(required) {
    if (!object.is_object()) throw Error::in(origin_, "", "a JSON object", object.type_name());
  }

  template <class T>
  void operator()(const char* key, T& value) {
    if (const Json* found = take(key)) value = convert<T>(*found, key);
  }
  template <class T>
  void operator()(const char* key, std::vector<T>& values) {
    const Json* found = take(key);
    if (found == nullptr) return;
    if (!found->is_array()) throw Error::in(origin_, key, "an array", found->type_name());
    values.clear();
    for (const Json& element : *found) values.push_back(convert<T>(element, key));
  }
  template <class Enum>
  void choice(const char* key, Enum& value, std::span<const std::pair<std::type_identity_t<Enum>, std::string_view>> names) {
    const Json* found = take(key);
    if (found == nullptr) return;
    const std::string text = convert<std::string>(*found, key);
    std::string known;
    for (const auto& [candidate, name] : names) {
      if (name == text) {
        value = candidate;
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    throw Error::in(origin_, key, "one of " + known, "\"" + text + "\"");
  }
  bool has(const char* key) const { return object_.contains(key); }
  /// A field that the caller reads itself; nullptr if it is absent and not required.
  const Json* take(const char* key) {
    taken_.insert(key);
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (required_) throw Error::in(origin_, key, "a value", "nothing");
    return nullptr;
  }
  const std::string& origin() const { return origin_; }
  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (!taken_.contains(key)) throw Error(origin_ + ": unknown key \"" + key + "\"");
    }
  }

 private:
  template <class T>
  T convert(const Json& value, const char* key) const {
    if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) throw Error::in(origin_, key, "true or false", value.dump());
      return value.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      if (!value.is_number_integer()) throw Error::in(origin_, key, "an integer", value.dump());
      const bool positive = value.is_number_unsigned() || value.get<int64_t>() >= 0;
      if constexpr (std::is_unsigned_v<T>) {
        if (!positive) throw Error::in(origin_, key, "an integer that is not negative", value.dump());
      }
      const bool fits = positive ? value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<T>::max())
                                 : value.get<int64_t>() >= static_cast<int64_t>(std::numeric_limits<T>::min());
      if (!fits) throw Error::in(origin_, key, "an integer of " + std::to_string(sizeof(T) * 8) + " bits", value.dump());
      return value.get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (value.is_null()) return std::numeric_limits<T>::quiet_NaN();
      if (!value.is_number()) throw Error::in(origin_, key, "a number", value.dump());
      return static_cast<T>(value.get<double>());
    } else {
      static_assert(std::is_same_v<T, std::string>);
      if (!value.is_string()) throw Error::in(origin_, key, "a string", value.dump());
      return value.get<std::string>();
    }
  }

  const Json& object_;
  std::string origin_;
  bool required_;
  std::set<std::string> taken_;
};

/// Parses one JSON text; the message of a syntax error names `origin`.
inline Json parse(const std::string& text, const std::string& origin) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(origin + ": not valid JSON: " + error.what());
  }
}

}  // namespace qvlm::json_fields
