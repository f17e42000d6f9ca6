// Token ids equal those of Hugging Face's tokenizers and of the sentencepiece library (tests/golden/tokenizers).
#include <QTest>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/input/tokenizer.h"
#include "core/input/unicode.h"
#include "tests/input/golden.h"

using namespace qvlm;

namespace {

std::string streamed(const Tokenizer& tokenizer, const std::vector<int32_t>& ids) {
  StreamingDecoder decoder(tokenizer);
  std::string text;
  for (const int32_t id : ids) {
    const std::string part = decoder.push(id);
    if (!is_valid_utf8(part)) return "half a character: " + part;
    text += part;
  }
  return text + decoder.finish();
}

/// A byte-level tokenizer without merges: one token a byte.
TokenizerData bytes_only() {
  TokenizerData data;
  data.origin = "test";
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    static char32_t next = 256;
    std::string piece;
    append_utf8(piece, printable ? static_cast<char32_t>(byte) : next++);
    data.pieces.push_back(piece);
    data.types.push_back(TokenType::NORMAL);
  }
  data.pre_tokenizers = {{PreTokenizer::Kind::BYTE_LEVEL}};
  data.decoders = {{DecoderStep::Kind::BYTE_LEVEL}};
  return data;
}

}  // namespace

class TestTokenizer : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { cases_ = std::make_unique<Json>(read_json(golden("tokenizers/cases.json"))); }
  void cleanupTestCase() { cases_.reset(); }

  void ids_equal_the_golden_ones_data() {
    QTest::addColumn<QString>("file");
    for (const auto& [file, unused] : (*cases_)["tokenizers"].items()) QTest::newRow(file.c_str()) << QString::fromStdString(file);
  }
  void ids_equal_the_golden_ones() {
    QFETCH(QString, file);
    const auto tokenizer = Tokenizer::open(golden("tokenizers/" + file.toStdString()));
    const Json& expected = (*cases_)["tokenizers"][file.toStdString()];
    const Json& strings = (*cases_)["strings"];
    for (size_t i = 0; i < strings.size(); ++i) {
      const auto text = strings[i].get<std::string>();
      const auto ids = tokenizer->encode(text, true);
      if (ids != expected["ids"][i].get<std::vector<int32_t>>()) {
        QFAIL(("string " + std::to_string(i) + " " + strings[i].dump() + ": expected " + expected["ids"][i].dump() + ", found " + Json(ids).dump()).c_str());
      }
      if (!expected.contains("decoded")) continue;
      const auto number = std::to_string(i);
      const auto decoded = expected["decoded"].contains(number) ? expected["decoded"][number].get<std::string>() : text;
      QCOMPARE(tokenizer->decode(ids, true), decoded);
      if (decoded.find("\xEF\xBF\xBD") == std::string::npos) QCOMPARE(streamed(*tokenizer, ids), decoded);
    }
  }

  void streaming_never_gives_half_a_character() {
    const auto tokenizer = Tokenizer::from(bytes_only());
    const std::string text = "aé中😀!";
    const auto ids = tokenizer->encode(text, false);
    QCOMPARE(ids.size(), text.size());
    StreamingDecoder decoder(*tokenizer);
    std::vector<std::string> parts;
    for (const int32_t id : ids) {
      if (auto part = decoder.push(id); !part.empty()) parts.push_back(part);
    }
    QCOMPARE(parts, (std::vector<std::string>{"a", "é", "中", "😀", "!"}));
    QCOMPARE(decoder.finish(), std::string());
    decoder.push(0xF0);  // the first byte of an emoji, and no more
    QCOMPARE(decoder.finish(), std::string("\xEF\xBF\xBD"));
  }

  void bytes_that_are_no_utf8_are_replaced() {
    const auto tokenizer = Tokenizer::from(bytes_only());
    QCOMPARE(tokenizer->decode(tokenizer->encode("a\xFF\xE4\xB8!", false), false), std::string("a\xEF\xBF\xBD\xEF\xBF\xBD!"));
    QCOMPARE(valid_utf8("\xED\xA0\x80"), std::string("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));  // a surrogate
    QCOMPARE(complete_utf8_prefix("ab\xF0\x9F\x98"), size_t{2});
    QCOMPARE(complete_utf8_prefix("ab\xFF"), size_t{3});  // will never become a character
  }

  void pieces_and_ids() {
    const auto tokenizer = Tokenizer::open(golden("tokenizers/llama/tokenizer.json"));
    QCOMPARE(tokenizer->token_id("<s>"), 1);
    QCOMPARE(tokenizer->piece(1), std::string("<s>"));
    QVERIFY(tokenizer->is_special(1));
    QVERIFY(tokenizer->is_added(tokenizer->token_id("<image>")));
    QCOMPARE(tokenizer->token_id("no such piece"), -1);
    QCOMPARE(tokenizer->piece(1'000'000), std::string());
    QCOMPARE(tokenizer->decode(std::vector<int32_t>{-5, 1'000'000}, true), std::string());
    QCOMPARE(tokenizer->data().begin, 1);
  }

  void long_texts_take_linear_time() {
    // A million characters without a space: one word for the merges.
    const auto tokenizer = Tokenizer::open(golden("tokenizers/llama/tokenizer.json"));
    const auto seconds = [&](size_t length) {
      std::string text;
      while (text.size() < length) text += "squarestarcirclethequestion";
      const auto start = std::chrono::steady_clock::now();
      const auto ids = tokenizer->encode(text, false);
      const double taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      return ids.empty() ? 1e9 : taken;
    };
    seconds(10'000);
    const double small = seconds(100'000), large = seconds(1'000'000);
    // Ten times the length may take some more than ten times as long; a quadratic algorithm takes a hundred times.
    QVERIFY2(large < 50 * small + 0.5, (std::to_string(small) + " s, " + std::to_string(large) + " s").c_str());
  }

  void says_what_it_cannot_do() {
    TokenizerData merge = bytes_only();
    merge.merges = {{"a", "b"}};
    const auto refused = [](TokenizerData data, const std::string& part) {
      try {
        Tokenizer::from(std::move(data));
      } catch (const Error& error) {
        return std::string(error.what()).find(part) != std::string::npos;
      }
      return false;
    };
    QVERIFY(refused(merge, "test: merge 0: expected pieces of the vocabulary, found \"ab\""));
    TokenizerData split = bytes_only();
    split.pre_tokenizers = {{PreTokenizer::Kind::SPLIT}};
    for (const char* pattern : {"(", "[a-z&&[^b]]", "\\h+"}) {
      split.pre_tokenizers[0].pattern = pattern;
      QVERIFY2(refused(split, "test: pre-tokenizer Split: pattern"), pattern);
    }
    TokenizerData pieces = bytes_only();
    pieces.kind = TokenizerData::Kind::SPM;
    QVERIFY(refused(pieces, "test: pieces: expected exactly one of the type unknown, found 0"));
    QVERIFY_THROWS_EXCEPTION(Error, Tokenizer::open(std::filesystem::path("/nowhere/tokenizer.json")));
    QVERIFY_THROWS_EXCEPTION(Error, Tokenizer::open(golden("images")));  // a folder without a tokenizer
  }

  void added_tokens_know_their_borders() {
    TokenizerData data = bytes_only();
    const auto add = [&](std::string text, bool left, bool right, bool single) {
      data.added.push_back({data.vocabulary(), text, false, left, right, false, single});
      data.pieces.push_back(text);
      data.types.push_back(TokenType::USER_DEFINED);
    };
    add("<l>", true, false, false);   // 256
    add("<r>", false, true, false);   // 257
    add("cat", false, false, true);   // 258
    add("<l>x", false, false, false);  // 259: longer, so it wins
    const auto tokenizer = Tokenizer::from(std::move(data));
    const auto ids = [&](std::string_view text) { return tokenizer->encode(text, false); };
    QCOMPARE(ids("a  <l>b"), (std::vector<int32_t>{'a', 256, 'b'}));
    QCOMPARE(ids("<r>  b"), (std::vector<int32_t>{257, 'b'}));
    QCOMPARE(ids("<r> <l>"), (std::vector<int32_t>{257, 256}));
    QCOMPARE(ids("cat"), (std::vector<int32_t>{258}));
    QCOMPARE(ids("cats"), (std::vector<int32_t>{'c', 'a', 't', 's'}));
    QCOMPARE(ids("<l>x"), (std::vector<int32_t>{259}));
  }

 private:
  std::unique_ptr<Json> cases_;
};

QTEST_GUILESS_MAIN(TestTokenizer)
#include "test_tokenizer.moc"
