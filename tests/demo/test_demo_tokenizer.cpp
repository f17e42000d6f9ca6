// The demo tokenizer: spans of a dialogue, and the committed files' agreement with each other.
#include <sentencepiece_processor.h>

#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/demo/make_tokenizer.h"
#include "app/demo/prompt_ids.h"
#include "app/demo/random_checkpoint.h"
#include "core/base/error.h"

using namespace qvlm::demo;

class TestDemoTokenizer : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() {
    QVERIFY(tokenizer_.Load(folder_ + "tokenizer.model").ok());
    native_ = qvlm::Tokenizer::open(std::filesystem::path(folder_ + "tokenizer.model"));
  }

  void every_answer_is_trained_and_nothing_else() {
    const World world;
    for (uint64_t seed = 0; seed < 60; ++seed) {
      const Example example = world.example(seed, Split::TRAIN, 7);
      const TokenizedExample tokens = tokenize(example, *native_, kImageTokenId, kImageTokens);
      QCOMPARE(tokens.ids.size(), tokens.trained.size());
      QCOMPARE(tokens.ids.front(), tokenizer_.bos_id());
      QCOMPARE(std::count(tokens.ids.begin(), tokens.ids.end(), kImageTokenId),
               static_cast<std::ptrdiff_t>(kImageTokens * example.images.size()));
      std::vector<std::string> answers;
      std::vector<int> run;
      for (size_t i = 0; i < tokens.ids.size(); ++i) {
        QVERIFY(tokens.ids[i] >= 0 && tokens.ids[i] < kVocabulary);
        if (tokens.trained[i] == 0) {
          QVERIFY(run.empty());
        } else if (tokens.ids[i] == tokenizer_.eos_id()) {
          answers.push_back(tokenizer_.DecodeIds(run));
          run.clear();
        } else {
          run.push_back(tokens.ids[i]);
        }
      }
      QCOMPARE(answers.size(), example.turns.size());
      for (size_t i = 0; i < answers.size(); ++i) QCOMPARE(answers[i], example.turns[i].answer);
    }
  }

  void the_layout_is_the_documented_one() {
    Example example;
    example.images.resize(2);
    example.turns = {{"Where is the dog?", "top left", Category::PLACE, false},
                     {"What number is shown?", "42", Category::READING, false}};
    QCOMPARE(dialogue_text(example), std::string("USER: <image>\n<image>\nWhere is the dog? ASSISTANT: top left</s>"
                                                 "USER: What number is shown? ASSISTANT: 42</s>"));
    const TokenizedExample tokens = tokenize(example, *native_, kImageTokenId, 2);
    std::string text;
    for (size_t i = 0; i < tokens.ids.size(); ++i) {
      const int id = tokens.ids[i];
      text += id == kImageTokenId ? "<image>" : tokenizer_.IdToPiece(id);
      if (tokens.trained[i] != 0) text += "!";
    }
    const std::string blank = "\u2581";
    // Numbers are read digit by digit; the line feed is a byte; only the text's start has the dummy blank.
    QVERIFY2(
        text.starts_with("<s>" + blank + "USER:" + blank + "<image><image><0x0A><image><image><0x0A>What" + blank) ||
            text.starts_with("<s>" + blank + "USER:" + blank + "<image><image><0x0A><image><image><0x0A>W"),
        text.c_str());
    QVERIFY2(text.ends_with("ASSISTANT:" + blank + "!4!2!</s>!"), text.c_str());
    QVERIFY2(text.find(blank + "top!" + blank + "left!</s>!USER:") != std::string::npos, text.c_str());
  }

  // tests/golden/demo/make_tokens.py wrote what transformers makes of the whole string from tokenizer.json.
  void ids_are_those_of_tokenizer_json() {
    std::ifstream file(QVLM_SOURCE_DIR "/tests/golden/demo/tokens.json");
    const auto golden = nlohmann::json::parse(file);
    const World world;
    int two_pictures = 0;
    QVERIFY(golden["dialogues"].size() >= 20);
    for (const auto& dialogue : golden["dialogues"]) {
      const Example example = world.example(dialogue["seed"].get<uint64_t>(), Split::TRAIN, 7);
      two_pictures += example.images.size() == 2;
      QCOMPARE(dialogue_text(example), dialogue["text"].get<std::string>());
      QCOMPARE(tokenize(example, *native_, kImageTokenId, 1).ids, dialogue["ids"].get<std::vector<int32_t>>());
    }
    QVERIFY(two_pictures >= 2);
    QVERIFY(golden["strings"].size() >= 200);
    for (const auto& entry : golden["strings"]) {
      QCOMPARE(tokenizer_.EncodeAsIds(entry["text"].get<std::string>()), entry["ids"].get<std::vector<int>>());
    }
  }

  // Checkpoints of random weights take this tokenizer; a shape that is not known, or a folder in use, leaves nothing behind.
  void random_checkpoints_refuse() {
    QTemporaryDir folder;
    RandomCheckpoint random;
    random.shape = "llava-7";
    random.folder = std::filesystem::path(folder.path().toStdString()) / "random";
    QVERIFY_THROWS_EXCEPTION(qvlm::Error, make_random_checkpoint(random));
    QVERIFY(!std::filesystem::exists(random.folder));
    random.shape = "llava-7b";
    std::ofstream(folder.path().toStdString() + "/file") << "x";
    random.folder = folder.path().toStdString();
    QVERIFY_THROWS_EXCEPTION(qvlm::Error, make_random_checkpoint(random));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
  }

  void tokenizer_json_lists_the_same_pieces() {
    std::ifstream file(folder_ + "tokenizer.json");
    const auto json = nlohmann::json::parse(file);
    QCOMPARE(tokenizer_.GetPieceSize(), kTokenizerPieces);
    const auto& vocabulary = json["model"]["vocab"];
    QCOMPARE(vocabulary.size(), static_cast<size_t>(kTokenizerPieces));
    for (int id = 0; id < kTokenizerPieces; ++id) QCOMPARE(vocabulary[tokenizer_.IdToPiece(id)].get<int>(), id);
    for (const auto& merge : json["model"]["merges"]) {
      QVERIFY(vocabulary.contains(merge[0].get<std::string>() + merge[1].get<std::string>()));
    }
    for (const auto& token : json["added_tokens"]) {
      if (token["content"] == "<image>") QCOMPARE(token["id"].get<int>(), kImageTokenId);
      if (token["content"] == "<pad>") QCOMPARE(token["id"].get<int>(), kPadTokenId);
      if (token["content"] == "<s>") QCOMPARE(token["id"].get<int>(), demo_tokens().begin);
      if (token["content"] == "</s>") QCOMPARE(std::vector{token["id"].get<int>()}, demo_tokens().end);
    }
  }

 private:
  const std::string folder_ = QVLM_SOURCE_DIR "/resources/demo/model/";
  sentencepiece::SentencePieceProcessor tokenizer_;  // the library that trained it
  std::unique_ptr<qvlm::Tokenizer> native_;         // the one that runs
};

QTEST_GUILESS_MAIN(TestDemoTokenizer)
#include "test_demo_tokenizer.moc"
