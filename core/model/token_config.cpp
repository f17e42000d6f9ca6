// Collects the special token ids of a checkpoint.
#include "core/model/token_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace qvlm {

namespace {

// An id, a list of ids, or nothing.
std::vector<int> read_ids(const Json& config, const std::string& key, const std::string& file, int vocabulary) {
  if (!has_field(config, key)) return {};
  std::vector<int> ids = config[key].is_array() ? field<std::vector<int>>(config, key, file)
                                                : std::vector<int>{field<int>(config, key, file)};
  std::erase(ids, -1);  // some files write -1 for none
  for (int id : ids)
    if (id < 0 || id >= vocabulary)
      throw Error::in(file, key, fmt::format("a token of the vocabulary's {}", vocabulary), std::to_string(id));
  return ids;
}

void add(std::vector<int>& to, const std::vector<int>& ids) {
  for (int id : ids)
    if (std::find(to.begin(), to.end(), id) == to.end()) to.push_back(id);
}

}  // namespace

TokenizerSource find_tokenizer(const std::filesystem::path& folder) {
  if (const auto path = folder / "tokenizer.json"; std::filesystem::exists(path))
    return {TokenizerSource::Kind::TOKENIZER_JSON, path};
  if (const auto path = folder / "tokenizer.model"; std::filesystem::exists(path))
    return {TokenizerSource::Kind::TOKENIZER_MODEL, path};
  return {};
}

void read_token_config(const std::filesystem::path& folder, const Json& config,
                       const std::optional<TokenizerData>& tokenizer, int vocabulary, TokenConfig& tokens) {
  const std::string file = (folder / "config.json").string();
  // A tokenizer may name more pieces than the model has rows for; those are never produced.
  const auto of_tokenizer = [&](int id) {
    return tokenizer && id >= 0 && id < vocabulary ? std::vector<int>{id} : std::vector<int>{};
  };
  if (const auto path = folder / "generation_config.json"; std::filesystem::exists(path)) {
    const Json generation = read_json(path);
    add(tokens.end, read_ids(generation, "eos_token_id", path.string(), vocabulary));
  }
  if (tokenizer) add(tokens.end, of_tokenizer(tokenizer->end));
  static const Json empty = Json::object();
  const Json& text = has_field(config, "text_config") ? object_field(config, "text_config", file) : empty;
  const auto from_config = [&](const char* key) {
    auto ids = read_ids(text, key, file + ": text_config", vocabulary);
    return ids.empty() ? read_ids(config, key, file, vocabulary) : ids;
  };
  if (tokens.end.empty()) add(tokens.end, from_config("eos_token_id"));
  if (tokens.end.empty() && vocabulary > 2) tokens.end = {2};  // LlamaConfig's default

  const auto begin = tokenizer ? of_tokenizer(tokenizer->begin) : from_config("bos_token_id");
  tokens.begin = !begin.empty() ? begin[0] : (tokenizer ? -1 : 1);
  if (tokens.begin >= vocabulary) tokens.begin = -1;
  const auto pad = tokenizer && tokenizer->pad >= 0 ? of_tokenizer(tokenizer->pad) : from_config("pad_token_id");
  tokens.pad = pad.empty() ? -1 : pad[0];
  tokens.add_begin = tokens.begin >= 0 && (!tokenizer || tokenizer->add_begin);
}

}  // namespace qvlm
