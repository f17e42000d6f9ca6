// SentencePiece training, and the translation of its model into Hugging Face's tokenizer.json.
#include "app/demo/make_tokenizer.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "app/demo/corpus.h"
#include "core/base/error.h"

namespace qvlm::demo {
namespace {

using Json = nlohmann::ordered_json;

// LLaVA-1.5's layout: all images of a message first, then its text; an answer ends with </s>.
constexpr const char* kChatTemplate =
    "{% for message in messages %}"
    "{% if message['role'] != 'assistant' %}{{ message['role'].upper() + ': ' }}"
    "{% if message['content'] is string %}{{ message['content'] + ' ' }}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>\\n' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] + ' ' }}{% "
    "endfor %}"
    "{% endif %}{% else %}{{ 'ASSISTANT: ' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ content['text'] }}{% endfor %}"
    "{% endif %}{{ '</s>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}";

// Hands the corpus to the trainer line by line.
class Lines : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(std::vector<std::string> lines) : lines_(std::move(lines)) {}
  bool done() const override { return at_ >= lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> lines_;
  size_t at_ = 0;
};

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  if (!file.flush()) throw Error::in(path.string(), "", "a file that can be written", "an error");
}

// Every way to split a piece into two pieces, in the order in which SentencePiece prefers the merged piece (its id), as
// transformers derives merges from a SentencePiece model.
Json merges_of(const std::vector<std::string>& pieces, int first_merged) {
  std::unordered_map<std::string, int> id_of;
  for (size_t i = static_cast<size_t>(first_merged); i < pieces.size(); ++i) id_of[pieces[i]] = static_cast<int>(i);
  Json merges = Json::array();
  for (size_t i = static_cast<size_t>(first_merged); i < pieces.size(); ++i) {
    std::vector<std::tuple<int, int, std::string, std::string>> splits;
    for (size_t cut = 1; cut < pieces[i].size(); ++cut) {
      const auto left = id_of.find(pieces[i].substr(0, cut)), right = id_of.find(pieces[i].substr(cut));
      if (left == id_of.end() || right == id_of.end()) continue;
      splits.emplace_back(left->second, right->second, left->first, right->first);
    }
    std::sort(splits.begin(), splits.end());
    for (const auto& [l, r, left, right] : splits) merges.push_back({left, right});
  }
  return merges;
}

Json added_token(int id, const std::string& content) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

Json hugging_face_tokenizer(const sentencepiece::SentencePieceProcessor& model) {
  std::vector<std::string> pieces;
  Json vocabulary = Json::object();
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    pieces.push_back(model.IdToPiece(id));
    vocabulary[pieces.back()] = id;
  }
  const int first_merged = 3 + 256;  // after <unk> <s> </s> and the bytes
  const std::string blank = "\u2581";
  const Json bos = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}};
  const Json text_a = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             text_b = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens",
       {added_token(0, "<unk>"), added_token(1, "<s>"), added_token(2, "</s>"), added_token(kImageTokenId, "<image>"),
        added_token(kPadTokenId, "<pad>")}},
      {"normalizer", nullptr},
      {"pre_tokenizer", {{"type", "Metaspace"}, {"replacement", blank}, {"prepend_scheme", "first"}, {"split", false}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {bos, text_a}},
        {"pair", {bos, text_a, {{"SpecialToken", {{"id", "<s>"}, {"type_id", 1}}}}, text_b}},
        {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", Json::array({1})}, {"tokens", Json::array({"<s>"})}}}}}}},
      {"decoder",
       {{"type", "Sequence"},
        {"decoders", Json::array({{{"type", "Replace"}, {"pattern", {{"String", blank}}}, {"content", " "}},
                                  {{"type", "ByteFallback"}},
                                  {{"type", "Fuse"}},
                                  {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}})}}},
      {"model",
       {{"type", "BPE"},
        {"dropout", nullptr},
        {"unk_token", "<unk>"},
        {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr},
        {"fuse_unk", true},
        {"byte_fallback", true},
        {"ignore_merges", false},
        {"vocab", vocabulary},
        {"merges", merges_of(pieces, first_merged)}}}};
}

Json tokenizer_config() {
  Json decoder = Json::object();
  for (const auto& [id, content] : std::vector<std::pair<int, std::string>>{
           {0, "<unk>"}, {1, "<s>"}, {2, "</s>"}, {kImageTokenId, "<image>"}, {kPadTokenId, "<pad>"}}) {
    Json token = added_token(id, content);
    token.erase("id");
    decoder[std::to_string(id)] = token;
  }
  return {{"tokenizer_class", "LlamaTokenizer"},
          {"legacy", false},
          {"add_bos_token", true},
          {"add_eos_token", false},
          {"add_prefix_space", true},
          {"clean_up_tokenization_spaces", false},
          {"bos_token", "<s>"},
          {"eos_token", "</s>"},
          {"unk_token", "<unk>"},
          {"pad_token", "<pad>"},
          {"image_token", "<image>"},
          {"padding_side", "left"},
          {"model_max_length", 2048},
          {"processor_class", "LlavaProcessor"},
          {"added_tokens_decoder", decoder},
          {"chat_template", kChatTemplate}};
}

}  // namespace

void make_tokenizer(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  Lines lines(tokenizer_corpus());
  std::string serialized;
  const std::unordered_map<std::string, std::string> options = {{"model_type", "bpe"},
                                                                {"vocab_size", std::to_string(kTokenizerPieces)},
                                                                {"character_coverage", "1.0"},
                                                                {"byte_fallback", "true"},
                                                                {"split_digits", "true"},
                                                                {"allow_whitespace_only_pieces", "true"},
                                                                {"remove_extra_whitespaces", "false"},
                                                                {"normalization_rule_name", "identity"},
                                                                {"add_dummy_prefix", "true"},
                                                                {"num_threads", "1"},
                                                                {"minloglevel", "1"},
                                                                {"shuffle_input_sentence", "false"},
                                                                {"unk_id", "0"},
                                                                {"bos_id", "1"},
                                                                {"eos_id", "2"},
                                                                {"pad_id", "-1"}};
  const auto trained = sentencepiece::SentencePieceTrainer::Train(options, &lines, &serialized);
  if (!trained.ok()) throw Error("tokenizer: " + trained.ToString());
  sentencepiece::SentencePieceProcessor model;
  if (const auto loaded = model.LoadFromSerializedProto(serialized); !loaded.ok())
    throw Error("tokenizer: " + loaded.ToString());
  if (model.GetPieceSize() != kTokenizerPieces) {
    throw Error::in("tokenizer", "pieces", std::to_string(kTokenizerPieces), std::to_string(model.GetPieceSize()));
  }
  write_file(folder / "tokenizer.model", serialized);
  write_file(folder / "tokenizer.json", hugging_face_tokenizer(model).dump(1, ' ', false) + "\n");
  write_file(folder / "tokenizer_config.json", tokenizer_config().dump(2) + "\n");
  write_file(folder / "chat_template.jinja", kChatTemplate);
  const Json special = {{"bos_token", "<s>"},
                        {"eos_token", "</s>"},
                        {"unk_token", "<unk>"},
                        {"pad_token", "<pad>"},
                        {"image_token", "<image>"}};
  write_file(folder / "special_tokens_map.json", special.dump(2) + "\n");
}

}  // namespace qvlm::demo
