// Calibration sets in their three forms, the subset that a seed draws, and what is refused.
#include <QTest>

#include "core/data/calibration_set.h"
#include "tests/data/set_folder.h"

using namespace qvlm;

namespace {

constexpr const char* kConversations = R"([
  {"id": "one", "image": "a.png", "conversations": [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "a dog"},
                                                    {"from": "human", "value": "And its colour?"}, {"from": "gpt", "value": "red"}]},
  {"id": 2, "images": ["a.png", "b.png"], "conversations": [{"from": "human", "value": "Which?\n<image>\n<image>"}, {"from": "gpt", "value": "first"}]}
])";

}  // namespace

class TestCalibrationSet : public QObject {
  Q_OBJECT
 private slots:
  void reads_llava_conversations() {
    SetFolder folder;
    folder.write("images/a.png", "");
    folder.write("images/b.png", "");
    folder.write("conversations.json", kConversations);
    const auto samples = read_calibration_set(folder.path());
    QCOMPARE(samples.size(), size_t{2});
    QCOMPARE(samples[0].id, std::string("one"));
    QCOMPARE(samples[0].images, (std::vector<std::filesystem::path>{folder.path("images/a.png")}));
    QCOMPARE(samples[0].messages.size(), size_t{4});
    QCOMPARE(samples[0].messages[0].text, std::string("What is it?"));
    QCOMPARE(samples[0].messages[0].images, 1);
    QCOMPARE(samples[0].messages[3].text, std::string("red"));
    QVERIFY(samples[0].messages[3].role == Role::ASSISTANT);
    QCOMPARE(samples[1].id, std::string("2"));
    QCOMPARE(samples[1].messages[0].images, 2);
    QCOMPARE(samples[1].messages[0].text, std::string("Which?"));
  }

  void names_absent_pictures() {
    SetFolder folder;
    const auto file = folder.write("conversations.json", kConversations);
    const auto message = message_of([&] { read_calibration_set(file); });
    QVERIFY2(message.starts_with(file.string() + ": 3 problems:"), message.c_str());
    QVERIFY(message.find("entry \"one\": image: no such file: " + folder.path("a.png").string()) != std::string::npos);
    QVERIFY(message.find(folder.path("b.png").string()) != std::string::npos);
  }

  void shows_five_of_many_problems() {
    SetFolder folder;
    std::string entries;
    for (int i = 0; i < 9; ++i) {
      entries += (i ? "," : "") + std::string(R"({"id": "same", "image": "x.png", "conversations": [{"from": "human", "value": "no mark"}]})");
    }
    const auto file = folder.write("set.json", "[" + entries + "]");
    const auto message = message_of([&] { read_calibration_set(file); });
    QVERIFY2(message.find("9 problems, of which the first 5:") != std::string::npos, message.c_str());
    QCOMPARE(std::count(message.begin(), message.end(), '\n'), std::ptrdiff_t{5});
    QVERIFY(message.find("expected 1 times <image>, one an image, found 0") != std::string::npos);
  }

  void refuses_duplicate_ids_and_unknown_speakers() {
    SetFolder folder;
    const auto twice = folder.write("twice.json", R"([{"id": "a", "conversations": [{"from": "human", "value": "x"}]}, {"id": "a", "conversations": [{"from": "human", "value": "y"}]}])");
    QVERIFY(message_of([&] { read_calibration_set(twice); }).find("id: expected one that is there once, found it twice") != std::string::npos);
    const auto robot = folder.write("robot.json", R"([{"id": "a", "conversations": [{"from": "robot", "value": "x"}]}])");
    QVERIFY(message_of([&] { read_calibration_set(robot); }).find("\"robot\"") != std::string::npos);
  }

  void reads_a_folder_of_pictures() {
    SetFolder folder;
    for (const char* name : {"b.png", "a.JPG", "c.webp", "notes.md"}) folder.write(name, "");
    CalibrationOptions options;
    options.prompt = "What do you see?";
    const auto samples = read_calibration_set(folder.path(), options);
    QCOMPARE(samples.size(), size_t{3});
    QCOMPARE(samples[0].id, std::string("a.JPG"));
    QCOMPARE(samples[2].messages.size(), size_t{1});
    QCOMPARE(samples[2].messages[0].text, options.prompt);
    QCOMPARE(samples[2].messages[0].images, 1);
    options.prompt = " ";
    QVERIFY(message_of([&] { read_calibration_set(folder.path(), options); }).find("empty") != std::string::npos);
  }

  void reads_texts() {
    SetFolder folder;
    const auto samples = read_calibration_set(folder.write("text.txt", "first line\nsecond line\r\n\n\n  \nanother text"));
    QCOMPARE(samples.size(), size_t{2});
    QCOMPARE(samples[0].text, std::string("first line\nsecond line"));
    QCOMPARE(samples[1].text, std::string("another text"));
    QVERIFY(samples[0].messages.empty());
  }

  void draws_by_seed() {
    std::vector<Sample> all(100);
    for (size_t i = 0; i < all.size(); ++i) all[i].id = std::to_string(i);
    const auto ids = [&](int64_t count, uint64_t seed) {
      std::vector<int> result;
      for (const Sample& sample : select_samples(all, count, seed)) result.push_back(std::stoi(sample.id));
      return result;
    };
    QCOMPARE(ids(5, 1), ids(5, 1));
    QVERIFY(ids(5, 1) != ids(5, 2));
    const auto chosen = ids(40, 7);
    QCOMPARE(chosen.size(), size_t{40});
    QVERIFY(std::is_sorted(chosen.begin(), chosen.end()));
    QVERIFY(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
    QCOMPARE(ids(0, 1).size(), size_t{100});
    QCOMPARE(ids(1000, 1).size(), size_t{100});
  }

  void refuses_what_is_no_set() {
    SetFolder folder;
    QVERIFY(message_of([&] { read_calibration_set(folder.path("absent.json")); }).find("no such file") != std::string::npos);
    QVERIFY(message_of([&] { read_calibration_set(folder.path()); }).find("pictures") != std::string::npos);
    const auto other = folder.write("other.json", R"({"a": 1})");
    QVERIFY(message_of([&] { read_calibration_set(other); }).find("expected a calibration set") != std::string::npos);
    const auto cut = folder.write("cut.json", R"([{"id": "a", )");
    QVERIFY(message_of([&] { read_calibration_set(cut); }).find(cut.string()) != std::string::npos);
    const auto empty = folder.write("empty.txt", "\n \n");
    QVERIFY(message_of([&] { read_calibration_set(empty); }).find("expected a text") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(TestCalibrationSet)
#include "test_calibration_set.moc"
