// Tokenizers as data: from tokenizer.json, tokenizer.model and GGUF's keys; what cannot be said is refused by name.
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>

#include "core/model/gguf_writer.h"
#include "core/model/pre_tokenizers.h"
#include "core/model/tokenizer_data.h"
#include "core/model/tokenizer_gguf.h"
#include "tests/model/tiny_checkpoint.h"

using namespace qvlm;
namespace fs = std::filesystem;

namespace {

const fs::path kGolden = fs::path(QVLM_SOURCE_DIR) / "tests/golden/model";
const std::string kModel = R"("model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]})";

}  // namespace

class TestTokenizerData : public QObject {
  Q_OBJECT

 private slots:
  void init() {
    folder_ = std::make_unique<QTemporaryDir>();
    path_ = folder_->path().toStdString();
  }

  void llama_style_json() {
    const TokenizerData data = read_tokenizer_json(kGolden / "llama_style.json");
    QCOMPARE(data.kind, TokenizerData::Kind::BPE);
    QVERIFY(data.byte_fallback && data.fuse_unknown && data.add_begin && !data.add_end);
    QCOMPARE(data.begin, 1);
    QCOMPARE(data.unknown, 0);
    QCOMPARE(data.pieces[3], std::string("<0x00>"));
    QCOMPARE(data.types[3], TokenType::BYTE);
    QCOMPARE(data.types[1], TokenType::CONTROL);
    QCOMPARE(data.types[0], TokenType::UNKNOWN);
    QCOMPARE(data.added.back().text, std::string("<image>"));
    QVERIFY(data.added.back().special);
    QCOMPARE(data.vocabulary(), data.added.back().id + 1);
    QCOMPARE(data.normalizers.size(), size_t{2});
    QCOMPARE(data.normalizers[0].kind, Normalizer::Kind::PREPEND);
    QCOMPARE(data.normalizers[1].content, std::string("\u2581"));
    QCOMPARE(data.decoders.size(), size_t{4});
    QCOMPARE(data.decoders[3].start, 1);
    QVERIFY(!data.merges.empty());
  }

  void byte_level_json() {
    const TokenizerData data = read_tokenizer_json(kGolden / "byte_level.json");
    QCOMPARE(data.pre_name, std::string("smollm"));
    QCOMPARE(data.pre_tokenizers.size(), size_t{2});
    QVERIFY(data.pre_tokenizers[0].individual_digits);
    QVERIFY(!data.add_begin && data.begin == -1);
    QCOMPARE(data.pieces[0], std::string("<|endoftext|>"));
  }

  void sentencepiece_model() {
    const TokenizerData data = read_tokenizer_model(kGolden / "spm_bpe.model");
    std::ifstream in(kGolden / "spm_bpe.json");
    const auto expected = tiny::json::parse(in);
    QCOMPARE(data.kind, TokenizerData::Kind::SPM);
    QCOMPARE(data.vocabulary(), 320);
    for (size_t id = 0; id < 320; ++id) {
      QCOMPARE(data.pieces[id], expected["pieces"][id].get<std::string>());
      QCOMPARE(data.scores[id], expected["scores"][id].get<float>());
    }
    QVERIFY(data.byte_fallback && data.add_prefix_space && !data.remove_extra_whitespaces &&
            data.precompiled_normalizer.empty());
    QVERIFY(data.unknown == 0 && data.begin == 1 && data.end == 2 && data.pad == 3 && data.add_begin);
    QCOMPARE(data.types[4], TokenType::BYTE);
    QCOMPARE(data.added[1].text, std::string("<s>"));
  }

  void companions() {
    fs::copy_file(kGolden / "spm_bpe.model", path_ / "tokenizer.model");
    tiny::write_text(
        path_ / "tokenizer_config.json",
        R"({"legacy":false,"add_bos_token":false,"eos_token":{"content":"<end>"},"chat_template":[{"name":"tool","template":"x"},{"name":"default","template":"y"}],
        "added_tokens_decoder":{"320":{"content":"<image>","special":true},"321":{"content":"<end>","special":true,"rstrip":true}}})");
    const TokenizerData data = read_tokenizer_model(path_ / "tokenizer.model");
    QCOMPARE(data.vocabulary(), 322);
    QCOMPARE(data.scores.size(), size_t{322});
    QCOMPARE(data.end, 321);
    QVERIFY(!data.add_begin && !data.legacy);
    QCOMPARE(data.chat_template, std::string("y"));
    QVERIFY(data.added.back().rstrip);
    tiny::write_text(path_ / "tokenizer_config.json",
                     R"({"added_tokens_decoder":{"900000000":{"content":"<image>"}}})");
    VERIFY_MESSAGE(read_tokenizer_model(path_ / "tokenizer.model"), "id of the added token \"<image>\"");
    tiny::write_text(path_ / "tokenizer_config.json", R"({"added_tokens_decoder":{"1":{"content":"<image>"}}})");
    VERIFY_MESSAGE(read_tokenizer_model(path_ / "tokenizer.model"),
                   "added token 1: expected \"<s>\", found \"<image>\"");
  }

  void refused_components_data() {
    QTest::addColumn<QString>("json");
    QTest::addColumn<QString>("message");
    const auto row = [](const char* name, const std::string& json, const char* message) {
      QTest::newRow(name) << QString::fromStdString(json) << QString(message);
    };
    row("model", R"({"model":{"type":"WordPiece","vocab":{}}})", "model: the component \"WordPiece\" is not supported");
    row("normalizer", "{" + kModel + R"(,"normalizer":{"type":"Nmt"}})",
        "normalizer: the component \"Nmt\" is not supported");
    row("pre-tokenizer", "{" + kModel + R"(,"pre_tokenizer":{"type":"BertPreTokenizer"}})",
        "pre_tokenizer: the component \"BertPreTokenizer\" is not supported");
    row("post-processor", "{" + kModel + R"(,"post_processor":{"type":"RobertaProcessing"}})",
        "post_processor: the component \"RobertaProcessing\"");
    row("decoder", "{" + kModel + R"(,"decoder":{"type":"CTC"}})", "decoder: the component \"CTC\" is not supported");
    row("suffix", R"({"model":{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}})",
        "end_of_word_suffix");
    row("merge", R"({"model":{"type":"BPE","vocab":{"a":0},"merges":["a b c"]}})",
        "merges: expected two pieces with a space between them");
    row("id", R"({"model":{"type":"BPE","vocab":{"a":4000000000},"merges":[]}})", "id of \"a\": expected 0 to");
    row("no model", R"({"a":1})", "model: expected an object, found nothing");
    row("array", "[]", "expected an object");
    row("template",
        "{" + kModel +
            R"(,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},{"Sequence":{"id":"A"}}]}})",
        "SpecialToken: expected a token of the vocabulary, found \"<s>\"");
  }
  void refused_components() {
    QFETCH(QString, json);
    QFETCH(QString, message);
    tiny::write_text(path_ / "tokenizer.json", json.toStdString());
    VERIFY_MESSAGE(read_tokenizer_json(path_ / "tokenizer.json"), message.toStdString());
  }

  void models_that_are_cut() {
    std::ifstream in(kGolden / "spm_bpe.model", std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    tiny::write_text(path_ / "tokenizer.model", whole.substr(0, 100));
    VERIFY_MESSAGE(read_tokenizer_model(path_ / "tokenizer.model"), "not a SentencePiece model, or cut");
    tiny::write_text(path_ / "tokenizer.model", "");
    VERIFY_MESSAGE(read_tokenizer_model(path_ / "tokenizer.model"), "it has no pieces");
    tiny::write_text(path_ / "tokenizer.model", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    VERIFY_MESSAGE(read_tokenizer_model(path_ / "tokenizer.model"), "not a SentencePiece model");
  }

  void gguf_keys_of_a_byte_level_tokenizer() {
    const TokenizerData data = read_tokenizer_json(kGolden / "byte_level.json"), back = through_gguf(data, 330);
    QVERIFY(back.kind == data.kind && back.merges == data.merges && back.pre_tokenizers == data.pre_tokenizers);
    QCOMPARE(back.pre_name, std::string("smollm"));
    QCOMPARE(back.vocabulary(), 330);  // the model's rows
    QCOMPARE(back.pieces[329], std::string("[PAD329]"));
    QCOMPARE(back.types[329], TokenType::UNUSED);
    QVERIFY(std::equal(data.pieces.begin(), data.pieces.end(), back.pieces.begin()));
    QVERIFY(std::equal(data.types.begin(), data.types.end(), back.types.begin()));
  }

  void gguf_keys_of_sentencepiece() {
    const TokenizerData data = read_tokenizer_model(kGolden / "spm_bpe.model"), back = through_gguf(data, 320);
    QVERIFY(back.kind == data.kind && back.pieces == data.pieces && back.scores == data.scores &&
            back.types == data.types);
    QVERIFY(back.add_prefix_space && !back.remove_extra_whitespaces && back.byte_fallback && back.unknown == 0);
    // Llama's merges become scores: the earlier the merge, the better.
    const TokenizerData merges = read_tokenizer_json(kGolden / "llama_style.json"),
                        spm = through_gguf(merges, merges.vocabulary());
    QCOMPARE(spm.kind, TokenizerData::Kind::SPM);
    const auto score_of = [&](const std::pair<std::string, std::string>& merge) {
      return spm.scores[static_cast<size_t>(
          std::find(spm.pieces.begin(), spm.pieces.end(), merge.first + merge.second) - spm.pieces.begin())];
    };
    QVERIFY(score_of(merges.merges[0]) > score_of(merges.merges[5]));
    QVERIFY(spm.add_prefix_space);
  }

  void unigram_has_no_place_in_gguf() {
    tiny::write_text(path_ / "tokenizer.json",
                     R"({"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["a",-1.5]]}})");
    const TokenizerData data = read_tokenizer_json(path_ / "tokenizer.json");
    QCOMPARE(data.kind, TokenizerData::Kind::UNIGRAM);
    QCOMPARE(data.scores[1], -1.5f);
    VERIFY_MESSAGE(through_gguf(data, 2), "unigram");
  }

  void named_pre_tokenizers() {
    for (const char* name : {"gpt-2", "smollm", "llama-bpe", "qwen2"})
      QCOMPARE(name_of_pre_tokenizers(*pre_tokenizers_of(name)), std::string(name));
    QVERIFY(!pre_tokenizers_of("martian"));
    QCOMPARE(name_of_pre_tokenizers({}), std::string("default"));
  }

 private:
  TokenizerData through_gguf(const TokenizerData& data, int vocabulary) {
    const fs::path path = path_ / "t.gguf";
    GgufWriter writer(path);
    write_tokenizer_keys(writer, data, vocabulary);
    writer.finish();
    return read_tokenizer_gguf(path);
  }

  std::unique_ptr<QTemporaryDir> folder_;
  fs::path path_;
};

QTEST_GUILESS_MAIN(TestTokenizerData)
#include "test_tokenizer_data.moc"
