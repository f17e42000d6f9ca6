// Reads tokenizer.json (Hugging Face tokenizers).
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/model/pre_tokenizers.h"
#include "core/model/tokenizer_companions.h"
#include "core/model/tokenizer_data.h"

namespace qvlm {

namespace {

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : file_(path.string()), json_(read_json(path)) {
    if (!json_.is_object()) throw Error::in(file_, "", "an object", describe(json_));
    data_.origin = file_;
  }

  TokenizerData read(const std::filesystem::path& folder) {
    read_model();
    if (json_.contains("added_tokens")) read_added_tokens();
    if (has_field(json_, "normalizer")) read_normalizer(json_["normalizer"]);
    if (has_field(json_, "pre_tokenizer")) read_pre_tokenizer(json_["pre_tokenizer"]);
    if (has_field(json_, "post_processor")) read_post_processor(json_["post_processor"]);
    if (has_field(json_, "decoder")) read_decoder(json_["decoder"]);
    if (!data_.unknown_piece.empty()) data_.unknown = find_piece(data_, data_.unknown_piece);
    mark_types();
    read_companions(folder, data_);
    data_.pre_name = name_of_pre_tokenizers(data_.pre_tokenizers);
    return std::move(data_);
  }

 private:
  [[noreturn]] void unknown(const std::string& component, const std::string& type) const {
    throw Error(file_ + ": " + component + ": the component \"" + type + "\" is not supported");
  }
  std::string type_of(const Json& component, const std::string& what) const {
    return field<std::string>(component, "type", file_ + ": " + what);
  }

  void place(const std::string& piece, int64_t id, size_t count) {
    if (id < 0 || static_cast<size_t>(id) >= count + 65536)
      throw Error::in(file_, "id of \"" + piece + "\"", fmt::format("0 to {}", count + 65535), std::to_string(id));
    if (static_cast<size_t>(id) >= data_.pieces.size()) data_.pieces.resize(static_cast<size_t>(id) + 1);
    data_.pieces[static_cast<size_t>(id)] = piece;
  }

  void read_model() {
    const Json& model = object_field(json_, "model", file_);
    const std::string where = file_ + ": model";
    const auto type = field_or<std::string>(model, "type", where, model.contains("merges") ? "BPE" : "");
    data_.byte_fallback = field_or<bool>(model, "byte_fallback", where, false);
    if (type == "Unigram") {
      data_.kind = TokenizerData::Kind::UNIGRAM;
      const Json& vocabulary = array_field(model, "vocab", where);
      for (const Json& entry : vocabulary) {
        if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
          throw Error::in(where, "vocab", "pairs of piece and score", describe(entry));
        data_.pieces.push_back(entry[0].get<std::string>());
        data_.scores.push_back(entry[1].get<float>());
      }
      data_.unknown = field_or<int>(model, "unk_id", where, -1);
      if (data_.unknown >= data_.vocabulary())
        throw Error::in(where, "unk_id", "a piece's id", std::to_string(data_.unknown));
      return;
    }
    if (type != "BPE") unknown("model", type);
    data_.kind = TokenizerData::Kind::BPE;
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"})
      if (const auto text = field_or<std::string>(model, key, where, ""); !text.empty())
        unknown("model", std::string(key) + " " + text);
    const Json& vocabulary = object_field(model, "vocab", where);
    for (const auto& [piece, id] : vocabulary.items()) {
      if (!id.is_number_integer()) throw Error::in(where, "vocab: " + piece, "an id", describe(id));
      place(piece, id.get<int64_t>(), vocabulary.size());
    }
    data_.unknown_piece = field_or<std::string>(model, "unk_token", where, "");
    data_.fuse_unknown = field_or<bool>(model, "fuse_unk", where, false);
    data_.ignore_merges = field_or<bool>(model, "ignore_merges", where, false);
    for (const Json& merge : array_field(model, "merges", where)) read_merge(merge, where);
  }

  void read_merge(const Json& merge, const std::string& where) {
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      data_.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
      return;
    }
    if (!merge.is_string()) throw Error::in(where, "merges", "\"left right\" or [left, right]", describe(merge));
    const auto text = merge.get<std::string>();
    const auto space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
      throw Error::in(where, "merges", "two pieces with a space between them", "\"" + text + "\"");
    data_.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  }

  void mark_types() {
    data_.types.assign(data_.pieces.size(), TokenType::NORMAL);
    for (size_t i = 0; i < data_.pieces.size(); ++i) {
      const std::string& piece = data_.pieces[i];
      if (piece.empty()) data_.types[i] = TokenType::UNUSED;
      if (data_.byte_fallback && piece.size() == 6 && piece.starts_with("<0x") && piece.ends_with('>'))
        data_.types[i] = TokenType::BYTE;
    }
    for (const AddedToken& token : data_.added)
      data_.types[static_cast<size_t>(token.id)] = token.special ? TokenType::CONTROL : TokenType::USER_DEFINED;
    if (data_.unknown >= 0) data_.types[static_cast<size_t>(data_.unknown)] = TokenType::UNKNOWN;
  }

  void read_added_tokens() {
    data_.types.assign(data_.pieces.size(), TokenType::NORMAL);
    const std::string where = file_ + ": added_tokens";
    for (const Json& entry : array_field(json_, "added_tokens", file_)) {
      AddedToken token;
      token.id = field<int>(entry, "id", where);
      token.text = field<std::string>(entry, "content", where);
      token.special = field_or<bool>(entry, "special", where, false);
      token.lstrip = field_or<bool>(entry, "lstrip", where, false);
      token.rstrip = field_or<bool>(entry, "rstrip", where, false);
      token.normalized = field_or<bool>(entry, "normalized", where, !token.special);
      token.single_word = field_or<bool>(entry, "single_word", where, false);
      add_token(data_, token, file_);
    }
  }

  // {"String": text} or {"Regex": text}
  std::pair<std::string, bool> read_pattern(const Json& component, const std::string& where) const {
    const Json& pattern = object_field(component, "pattern", where);
    if (has_field(pattern, "String")) return {field<std::string>(pattern, "String", where), false};
    return {field<std::string>(pattern, "Regex", where), true};
  }

  void read_normalizer(const Json& component) {
    const std::string where = file_ + ": normalizer", type = type_of(component, "normalizer");
    using Kind = Normalizer::Kind;
    static const std::map<std::string, Kind> simple{{"NFC", Kind::NFC},
                                                    {"NFD", Kind::NFD},
                                                    {"NFKC", Kind::NFKC},
                                                    {"NFKD", Kind::NFKD},
                                                    {"Lowercase", Kind::LOWERCASE},
                                                    {"StripAccents", Kind::STRIP_ACCENTS}};
    Normalizer step;
    if (type == "Sequence") {
      for (const Json& part : array_field(component, "normalizers", where)) read_normalizer(part);
      return;
    }
    if (const auto found = simple.find(type); found != simple.end()) {
      step.kind = found->second;
    } else if (type == "Prepend") {
      step.kind = Kind::PREPEND;
      step.content = field<std::string>(component, "prepend", where);
    } else if (type == "Strip") {
      step.kind = Kind::STRIP;
      step.left = field_or<bool>(component, "strip_left", where, true);
      step.right = field_or<bool>(component, "strip_right", where, true);
    } else if (type == "Replace") {
      const auto [pattern, regex] = read_pattern(component, where);
      step.kind = regex ? Kind::REPLACE_REGEX : Kind::REPLACE;
      step.pattern = pattern;
      step.content = field<std::string>(component, "content", where);
    } else {
      unknown("normalizer", type);
    }
    data_.normalizers.push_back(std::move(step));
  }

  PreTokenizer::Prepend read_prepend(const Json& component, const std::string& where) const {
    if (!has_field(component, "prepend_scheme"))
      return field_or<bool>(component, "add_prefix_space", where, true) ? PreTokenizer::Prepend::ALWAYS
                                                                        : PreTokenizer::Prepend::NEVER;
    const auto scheme = field<std::string>(component, "prepend_scheme", where);
    if (scheme == "always") return PreTokenizer::Prepend::ALWAYS;
    if (scheme == "first") return PreTokenizer::Prepend::FIRST;
    if (scheme == "never") return PreTokenizer::Prepend::NEVER;
    throw Error::in(where, "prepend_scheme", "always, first or never", "\"" + scheme + "\"");
  }

  PreTokenizer::Behavior read_behavior(const Json& component, const std::string& where) const {
    using Behavior = PreTokenizer::Behavior;
    static const std::map<std::string, Behavior> known{{"Removed", Behavior::REMOVED},
                                                       {"Isolated", Behavior::ISOLATED},
                                                       {"Contiguous", Behavior::CONTIGUOUS},
                                                       {"MergedWithPrevious", Behavior::MERGED_WITH_PREVIOUS},
                                                       {"MergedWithNext", Behavior::MERGED_WITH_NEXT}};
    const auto text = field<std::string>(component, "behavior", where);
    const auto found = known.find(text);
    if (found == known.end())
      throw Error::in(where, "behavior", "Removed, Isolated, Contiguous, MergedWithPrevious or MergedWithNext",
                      "\"" + text + "\"");
    return found->second;
  }

  void read_pre_tokenizer(const Json& component) {
    const std::string where = file_ + ": pre_tokenizer", type = type_of(component, "pre_tokenizer");
    using Kind = PreTokenizer::Kind;
    PreTokenizer step;
    if (type == "Sequence") {
      for (const Json& part : array_field(component, "pretokenizers", where)) read_pre_tokenizer(part);
      return;
    }
    if (type == "ByteLevel") {
      step.kind = Kind::BYTE_LEVEL;
      step.add_prefix_space = field_or<bool>(component, "add_prefix_space", where, true);
      step.use_regex = field_or<bool>(component, "use_regex", where, true);
    } else if (type == "Split") {
      const auto [pattern, regex] = read_pattern(component, where);
      step.kind = regex ? Kind::SPLIT : Kind::SPLIT_TEXT;
      step.pattern = pattern;
      step.behavior = read_behavior(component, where);
      step.invert = field_or<bool>(component, "invert", where, false);
    } else if (type == "Digits") {
      step.kind = Kind::DIGITS;
      step.individual_digits = field_or<bool>(component, "individual_digits", where, false);
    } else if (type == "Metaspace") {
      step.kind = Kind::METASPACE;
      step.replacement = field<std::string>(component, "replacement", where);
      step.prepend = read_prepend(component, where);
      step.split = field_or<bool>(component, "split", where, true);
    } else if (type == "Whitespace") {
      step.kind = Kind::WHITESPACE;
    } else if (type == "WhitespaceSplit") {
      step.kind = Kind::WHITESPACE_SPLIT;
    } else if (type == "Punctuation") {
      step.kind = Kind::PUNCTUATION;
      step.behavior =
          has_field(component, "behavior") ? read_behavior(component, where) : PreTokenizer::Behavior::ISOLATED;
    } else {
      unknown("pre_tokenizer", type);
    }
    data_.pre_tokenizers.push_back(std::move(step));
  }

  void read_post_processor(const Json& component) {
    const std::string where = file_ + ": post_processor", type = type_of(component, "post_processor");
    if (type == "ByteLevel") return;  // offsets only
    if (type == "Sequence") {
      for (const Json& part : array_field(component, "processors", where)) read_post_processor(part);
      return;
    }
    if (type != "TemplateProcessing") unknown("post_processor", type);
    bool behind = false;
    for (const Json& part : array_field(component, "single", where)) {
      if (has_field(part, "Sequence")) {
        behind = true;
        continue;
      }
      const auto text = field<std::string>(object_field(part, "SpecialToken", where), "id", where);
      const int32_t id = find_piece(data_, text);
      if (id < 0) throw Error::in(where, "SpecialToken", "a token of the vocabulary", "\"" + text + "\"");
      bool& flag = behind ? data_.add_end : data_.add_begin;
      if (flag) throw Error::in(where, "single", "at most one token on each side of the text", "more");
      flag = true;
      (behind ? data_.end : data_.begin) = id;
    }
  }

  void read_decoder(const Json& component) {
    const std::string where = file_ + ": decoder", type = type_of(component, "decoder");
    using Kind = DecoderStep::Kind;
    DecoderStep step;
    if (type == "Sequence") {
      for (const Json& part : array_field(component, "decoders", where)) read_decoder(part);
      return;
    }
    if (type == "ByteLevel") {
      step.kind = Kind::BYTE_LEVEL;
    } else if (type == "ByteFallback") {
      step.kind = Kind::BYTE_FALLBACK;
    } else if (type == "Fuse") {
      step.kind = Kind::FUSE;
    } else if (type == "Metaspace") {
      step.kind = Kind::METASPACE;
      step.replacement = field<std::string>(component, "replacement", where);
      step.prepend = read_prepend(component, where);
    } else if (type == "Replace") {
      const auto [pattern, regex] = read_pattern(component, where);
      if (regex) unknown("decoder", "Replace by a regular expression");
      step.kind = Kind::REPLACE;
      step.pattern = pattern;
      step.content = field<std::string>(component, "content", where);
    } else if (type == "Strip") {
      step.kind = Kind::STRIP;
      step.content = field<std::string>(component, "content", where);
      step.start = field<int>(component, "start", where);
      step.stop = field<int>(component, "stop", where);
    } else {
      unknown("decoder", type);
    }
    data_.decoders.push_back(std::move(step));
  }

  std::string file_;
  Json json_;
  TokenizerData data_;
};

}  // namespace

TokenizerData read_tokenizer_json(const std::filesystem::path& path) {
  return Reader(path).read(path.parent_path());
}

}  // namespace qvlm
