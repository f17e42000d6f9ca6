// Plain structs to JSON and back from one list of their fields: `template <class V> void fields(V& visit, T& value)`.
#pragma once

#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace qvlm {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

/// Writes each field that it is shown.
class JsonWriter {
 public:
  nlohmann::ordered_json object = nlohmann::ordered_json::object();

  template <class T>
  void operator()(const char* name, const T& value) {
    if constexpr (IsOptional<T>::value) {
      if (value) object[name] = to_json_value(*value);
    } else {
      object[name] = to_json_value(value);
    }
  }
  template <class T>
  void optional(const char* name, const T& value) {
    (*this)(name, value);
  }

  template <class T>
  static nlohmann::ordered_json to_json_value(const T& value) {
    if constexpr (std::is_arithmetic_v<T> || std::same_as<T, std::string>) {
      return value;
    } else if constexpr (IsVector<T>::value) {
      auto array = nlohmann::ordered_json::array();
      for (const auto& item : value) array.push_back(to_json_value(item));
      return array;
    } else if constexpr (IsMap<T>::value) {
      auto object = nlohmann::ordered_json::object();
      for (const auto& [key, item] : value) object[key] = to_json_value(item);
      return object;
    } else {
      JsonWriter writer;
      fields(writer, const_cast<T&>(value));  // one list of fields serves both directions; nothing is written to
      return writer.object;
    }
  }
};

/// Reads each field that it is shown; a missing or mistyped one is an Error that names it. Unknown keys are passed
/// over, so that a newer writer can be read.
class JsonReader {
 public:
  JsonReader(const nlohmann::json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) throw Error::in("", where_, "an object", object.type_name());
  }

  template <class T>
  void operator()(const char* name, T& value) {
    const auto found = object_.find(name);
    if (found == object_.end()) {
      if constexpr (IsOptional<T>::value) {
        value.reset();
        return;
      } else {
        throw Error::in("", path_of(name), "a value", "none");
      }
    }
    from_json_value(*found, value, path_of(name));
  }
  template <class T>
  void optional(const char* name, T& value) {
    if (object_.contains(name)) (*this)(name, value);
  }

  template <class T>
  static void from_json_value(const nlohmann::json& json, T& value, const std::string& where) {
    if constexpr (std::same_as<T, bool>) {
      if (!json.is_boolean()) throw Error::in("", where, "true or false", json.type_name());
      value = json.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
      if (!json.is_number_integer()) throw Error::in("", where, "a whole number", json.type_name());
      const bool fits =
          json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>()) : std::in_range<T>(json.get<int64_t>());
      if (!fits) throw Error::in("", where, "a number within range", json.dump());
      value = json.get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!json.is_number()) throw Error::in("", where, "a number", json.type_name());
      value = json.get<T>();
    } else if constexpr (std::same_as<T, std::string>) {
      if (!json.is_string()) throw Error::in("", where, "a text", json.type_name());
      value = json.get<std::string>();
    } else if constexpr (IsOptional<T>::value) {
      value.emplace();
      from_json_value(json, *value, where);
    } else if constexpr (IsVector<T>::value) {
      if (!json.is_array()) throw Error::in("", where, "an array", json.type_name());
      value.clear();
      for (size_t i = 0; i < json.size(); ++i)
        from_json_value(json[i], value.emplace_back(), where + "[" + std::to_string(i) + "]");
    } else if constexpr (IsMap<T>::value) {
      if (!json.is_object()) throw Error::in("", where, "an object", json.type_name());
      value.clear();
      for (const auto& [key, item] : json.items()) from_json_value(item, value[key], where + "." + key);
    } else {
      JsonReader reader(json, where);
      fields(reader, value);
    }
  }

 private:
  std::string path_of(const char* name) const { return where_.empty() ? std::string(name) : where_ + "." + name; }
  const nlohmann::json& object_;
  std::string where_;
};

/// One line without the newline; text that is not UTF-8 is shown with replacement characters.
inline std::string one_line(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// {"event": NAME, ...fields}
template <class T>
std::string event_line(const char* name, const T& value) {
  JsonWriter writer;
  writer("event", std::string(name));
  fields(writer, const_cast<T&>(value));
  return one_line(writer.object);
}

/// Throws Error: not JSON, not an object.
nlohmann::json parse_line(const std::string& line);

}  // namespace qvlm
