// Reads the dialogues of LLaVA's training format.
#include "core/data/llava_conversations.h"

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/input/normalizer_chain.h"

namespace qvlm {
namespace {

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == text.npos ? std::string() : std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

/// Ids are strings or numbers.
std::string id_of(const Json& entry, size_t index) {
  if (!has_field(entry, "id")) return std::to_string(index);
  return entry["id"].is_string() ? entry["id"].get<std::string>() : entry["id"].dump();
}

Message message_of(const Json& turn, const std::string& origin) {
  const auto from = field<std::string>(turn, "from", origin);
  Message message;
  message.text = field<std::string>(turn, "value", origin);
  if (from == "human" || from == "user") {
    message.role = Role::USER;
  } else if (from == "gpt" || from == "assistant") {
    message.role = Role::ASSISTANT;
  } else if (from == "system") {
    message.role = Role::SYSTEM;
  } else {
    throw Error::in(origin, "from", "\"human\", \"gpt\" or \"system\"", "\"" + from + "\"");
  }
  for (size_t at = message.text.find(kImagePlaceholder); at != std::string::npos; at = message.text.find(kImagePlaceholder, at + 1)) ++message.images;
  if (message.images) message.text = trimmed(replace_all(message.text, kImagePlaceholder, ""));
  return message;
}

}  // namespace

bool is_llava_conversations(const Json& set) {
  return set.is_array() && !set.empty() && set.front().is_object() && set.front().contains("conversations");
}

std::vector<Sample> parse_llava_conversations(const Json& set, const std::string& file, const std::filesystem::path& image_root, Problems& problems) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < set.size(); ++i) {
    const Json& entry = set[i];
    std::string name = std::to_string(i);
    try {
      if (!entry.is_object()) throw Error::in("", "", "an object", describe(entry));
      Sample sample;
      sample.id = id_of(entry, i);
      name = "\"" + sample.id + "\"";
      for (const char* key : {"image", "images"}) {
        if (!has_field(entry, key)) continue;
        const Json& value = entry[key];
        const auto names = value.is_string() ? std::vector<std::string>{value.get<std::string>()} : field<std::vector<std::string>>(entry, key, "");
        for (const std::string& image : names) sample.images.push_back(image_path(image_root, image));
      }
      int marks = 0;
      for (const Json& turn : array_field(entry, "conversations", "")) {
        sample.messages.push_back(message_of(turn, ""));
        marks += sample.messages.back().images;
      }
      if (sample.messages.empty()) throw Error("conversations: expected at least one turn, found none");
      if (marks != static_cast<int>(sample.images.size())) {
        throw Error::in("", "conversations", std::to_string(sample.images.size()) + " times " + std::string(kImagePlaceholder) + ", one an image",
                        std::to_string(marks));
      }
      samples.push_back(std::move(sample));
    } catch (const Error& error) {
      problems.add(name, error.what());
    }
  }
  if (set.empty()) throw Error::in(file, "", "at least one entry", "none");
  return samples;
}

}  // namespace qvlm
