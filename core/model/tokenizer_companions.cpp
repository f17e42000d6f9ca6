// Reads the companions of a tokenizer file.
#include "core/model/tokenizer_companions.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mapped_file.h"

namespace qvlm {

namespace {

// "</s>" or {"content": "</s>", ...}; empty where the key is absent.
std::string token_text(const Json& config, const std::string& key, const std::string& file) {
  if (!has_field(config, key)) return {};
  if (config[key].is_object()) return field<std::string>(config[key], "content", file + ": " + key);
  return field<std::string>(config, key, file);
}

AddedToken read_added(const Json& entry, int32_t id, const std::string& where) {
  AddedToken token;
  token.id = id;
  token.text = field<std::string>(entry, "content", where);
  token.special = field_or<bool>(entry, "special", where, false);
  token.lstrip = field_or<bool>(entry, "lstrip", where, false);
  token.rstrip = field_or<bool>(entry, "rstrip", where, false);
  token.normalized = field_or<bool>(entry, "normalized", where, !token.special);
  token.single_word = field_or<bool>(entry, "single_word", where, false);
  return token;
}

int32_t parse_id(const std::string& text, const std::string& where) {
  if (text.empty() || text.size() > 9 ||
      !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
    throw Error::in(where, "", "a token id as key", "\"" + text + "\"");
  return std::stoi(text);
}

void read_special(const Json& config, const std::string& file, TokenizerData& data) {
  const auto set = [&](const char* key, int32_t& id) {
    const std::string text = token_text(config, key, file);
    if (text.empty()) return;
    if (const int32_t found = find_piece(data, text); found >= 0) id = found;
  };
  set("bos_token", data.begin);
  set("eos_token", data.end);
  set("unk_token", data.unknown);
  set("pad_token", data.pad);
}

std::string template_of(const Json& value, const std::string& file) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array())
    throw Error::in(file, "chat_template", "a string or a list of named templates", describe(value));
  for (const Json& entry : value)
    if (field<std::string>(entry, "name", file + ": chat_template") == "default")
      return field<std::string>(entry, "template", file + ": chat_template");
  return {};
}

}  // namespace

int32_t find_piece(const TokenizerData& data, const std::string& piece) {
  for (const AddedToken& token : data.added)
    if (token.text == piece) return token.id;
  const auto found = std::find(data.pieces.begin(), data.pieces.end(), piece);
  return found == data.pieces.end() ? -1 : static_cast<int32_t>(found - data.pieces.begin());
}

void add_token(TokenizerData& data, const AddedToken& token, const std::string& file) {
  // Ids are dense but for a padded tail; a far larger one would only eat memory.
  if (token.id < 0 || static_cast<size_t>(token.id) > data.pieces.size() + 65536)
    throw Error::in(file, "id of the added token \"" + token.text + "\"",
                    fmt::format("0 to {}", data.pieces.size() + 65536), std::to_string(token.id));
  if (token.text.empty()) throw Error::in(file, fmt::format("added token {}", token.id), "some text", "none");
  const auto id = static_cast<size_t>(token.id);
  if (id >= data.pieces.size()) {
    data.pieces.resize(id + 1);
    data.types.resize(id + 1, TokenType::UNUSED);
    if (!data.scores.empty()) data.scores.resize(id + 1, 0.0f);
  }
  if (!data.pieces[id].empty() && data.pieces[id] != token.text)
    throw Error::in(file, fmt::format("added token {}", id), "\"" + data.pieces[id] + "\"", "\"" + token.text + "\"");
  data.pieces[id] = token.text;
  if (data.types[id] != TokenType::UNKNOWN)
    data.types[id] = token.special ? TokenType::CONTROL : TokenType::USER_DEFINED;
  const auto place = std::lower_bound(data.added.begin(), data.added.end(), token.id,
                                      [](const AddedToken& known, int32_t value) { return known.id < value; });
  if (place != data.added.end() && place->id == token.id)
    *place = token;
  else
    data.added.insert(place, token);
}

std::string read_chat_template(const std::filesystem::path& folder) {
  if (const auto path = folder / "chat_template.jinja"; std::filesystem::exists(path)) {
    const MappedFile file(path);
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
  }
  for (const char* name : {"chat_template.json", "tokenizer_config.json", "processor_config.json"})
    if (const auto path = folder / name; std::filesystem::exists(path)) {
      const Json config = read_json(path);
      if (has_field(config, "chat_template")) return template_of(config["chat_template"], path.string());
    }
  return {};
}

void read_companions(const std::filesystem::path& folder, TokenizerData& data) {
  data.chat_template = read_chat_template(folder);
  if (const auto path = folder / "added_tokens.json"; std::filesystem::exists(path)) {
    const Json added = read_json(path);
    for (const auto& [text, value] : added.items()) {
      AddedToken token;
      token.id = field<int>(added, text, path.string());
      token.text = text;
      token.normalized = true;
      if (find_piece(data, text) < 0) add_token(data, token, path.string());
    }
  }
  if (const auto path = folder / "special_tokens_map.json"; std::filesystem::exists(path))
    read_special(read_json(path), path.string(), data);
  if (const auto path = folder / "tokenizer_config.json"; std::filesystem::exists(path)) {
    const std::string file = path.string();
    const Json config = read_json(path);
    if (has_field(config, "added_tokens_decoder")) {
      const Json& table = object_field(config, "added_tokens_decoder", file);
      for (const auto& [id, entry] : table.items()) {
        const std::string where = file + ": added_tokens_decoder: " + id;
        add_token(data, read_added(entry, parse_id(id, where), where), file);
      }
    }
    read_special(config, file, data);
    data.legacy = field_or<bool>(config, "legacy", file, data.legacy);
    // Llama's tokenizer class builds its post-processor from these flags, whatever tokenizer.json holds; the others
    // ignore them.
    const auto type = field_or<std::string>(config, "tokenizer_class", file, "");
    if (data.kind != TokenizerData::Kind::BPE || type.starts_with("LlamaTokenizer") ||
        type.starts_with("CodeLlamaTokenizer")) {
      data.add_begin = field_or<bool>(config, "add_bos_token", file, data.add_begin);
      data.add_end = field_or<bool>(config, "add_eos_token", file, data.add_end);
    }
  }
}

TokenizerData read_tokenizer(const TokenizerSource& source) {
  switch (source.kind) {
    case TokenizerSource::Kind::TOKENIZER_JSON:
      return read_tokenizer_json(source.path);
    case TokenizerSource::Kind::TOKENIZER_MODEL:
      return read_tokenizer_model(source.path);
    case TokenizerSource::Kind::GGUF_FILE:
      return read_tokenizer_gguf(source.path);
    case TokenizerSource::Kind::NONE:
      break;
  }
  throw Error("the model has no tokenizer (tokenizer.json or tokenizer.model)");
}

}  // namespace qvlm
