// Question sets of every format, with tiny files in each format's own layout.
#include <QTest>

#include "core/data/data_fingerprint.h"
#include "core/data/question_set.h"
#include "core/data/text_set.h"
#include "tests/data/set_folder.h"

using namespace qvlm;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

class TestQuestionSet : public QObject {
  Q_OBJECT
 private slots:
  void reads_json_lines() {
    SetFolder folder;
    folder.write("images/0.png", "");
    folder.write("questions.jsonl",
                 "{\"id\": \"q0\", \"images\": [\"images/0.png\"], \"question\": \"What?\", \"answer\": \"dog\", \"category\": \"naming\", \"novel\": true}\n\n"
                 "{\"id\": \"q1\", \"question\": \"1 + 1?\", \"answer\": \"2\"}\n");
    const auto questions = read_question_set(folder.path());
    QCOMPARE(questions.size(), size_t{2});
    QCOMPARE(questions[0].images, (std::vector<std::filesystem::path>{folder.path("images/0.png")}));
    QCOMPARE(questions[0].messages[0].images, 1);
    QCOMPARE(questions[0].messages[0].text, std::string("What?"));
    QCOMPARE(questions[0].answer, std::string("dog"));
    QCOMPARE(questions[0].categories, (Strings{"naming"}));
    QVERIFY(questions[0].novel && !questions[1].novel);
    QVERIFY(questions[1].categories.empty());
  }

  void names_the_line_of_a_fault() {
    SetFolder folder;
    const auto file = folder.write("q.jsonl", "{\"id\": \"a\", \"question\": \"x\"}\n{\"id\": \"b\", \"question\": \"x\", \"answer\": \"\"}\nnot json\n");
    const auto message = message_of([&] { read_question_set(file); });
    QVERIFY2(message.starts_with(file.string() + ": 3 problems:"), message.c_str());
    QVERIFY(message.find("entry \"a\": answer") != std::string::npos);
    QVERIFY(message.find("entry \"b\": answer: expected a text, found an empty one") != std::string::npos);
    QVERIFY(message.find("entry in line 3") != std::string::npos);
  }

  void asks_each_turn_of_a_dialogue() {
    SetFolder folder;
    folder.write("a.png", "");
    const auto file = folder.write("set.json", R"([{"id": "d", "image": "a.png", "conversations": [
        {"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "dog"}, {"from": "human", "value": "Colour?"}, {"from": "gpt", "value": "red"}]}])");
    const auto questions = read_question_set(file);
    QCOMPARE(questions.size(), size_t{2});
    QCOMPARE(questions[0].id, std::string("d"));
    QCOMPARE(questions[1].id, std::string("d/2"));
    QCOMPARE(questions[1].messages.size(), size_t{3});
    QCOMPARE(questions[1].answer, std::string("red"));
    QCOMPARE(questions[1].images.size(), size_t{1});
  }

  void reads_science_qa() {
    SetFolder folder;
    folder.write("test/7/image.png", "");
    const auto file = folder.write("problems.json", R"({
      "7": {"question": "Which is it?", "choices": ["cat", "dog"], "answer": 1, "hint": "", "image": "image.png", "subject": "natural science", "split": "test"},
      "8": {"question": "Which word?", "choices": ["a", "b", "c"], "answer": 0, "hint": "Read this.", "image": null, "subject": "language science", "split": "test"},
      "9": {"question": "Where?", "choices": ["x", "y"], "answer": 0, "hint": "", "image": null, "subject": "social science", "split": "test"},
      "1": {"question": "Train", "choices": ["x", "y"], "answer": 0, "hint": "", "image": null, "subject": "social science", "split": "train"}})");
    const auto questions = read_question_set(file);
    QCOMPARE(questions.size(), size_t{3});
    QCOMPARE(questions[0].categories, (Strings{"NAT", "IMG"}));
    QCOMPARE(questions[1].categories, (Strings{"LAN", "TXT"}));
    QCOMPARE(questions[2].categories, (Strings{"SOC", "NO"}));
    QCOMPARE(questions[0].answer, std::string("B"));
    QCOMPARE(questions[0].messages[0].text, std::string("Context: N/A\nQuestion: Which is it?\nOptions: (A) cat (B) dog\nAnswer with the option's letter from the given choices directly."));
    QCOMPARE(questions[0].images.front(), folder.path("test/7/image.png"));
    QVERIFY(questions[1].images.empty());
    QuestionOptions options;
    options.split = "validation";
    QVERIFY(message_of([&] { read_question_set(file, options); }).find("expected at least one question") != std::string::npos);
  }

  void refuses_an_answer_that_is_no_choice() {
    SetFolder folder;
    const auto file = folder.write("problems.json", R"({"7": {"question": "?", "choices": ["a", "b"], "answer": 2, "subject": "natural science", "split": "test"}})");
    const auto message = message_of([&] { read_question_set(file); });
    QVERIFY2(message.find("entry \"7\": answer: expected one of the 2 choices (from 0), found 2") != std::string::npos, message.c_str());
  }

  void reads_vqa_v2() {
    SetFolder folder;
    folder.write("COCO_val2014_000000000042.jpg", "");
    const auto file = folder.write("v2_OpenEnded_mscoco_val2014_questions.json",
                                   R"({"data_subtype": "val2014", "questions": [{"image_id": 42, "question": "How many?", "question_id": 42000}]})");
    const auto absent = message_of([&] { read_question_set(file); });
    QVERIFY2(absent.find("v2_mscoco_val2014_annotations.json") != std::string::npos, absent.c_str());
    folder.write("v2_mscoco_val2014_annotations.json",
                 R"({"annotations": [{"question_id": 42000, "answer_type": "number", "multiple_choice_answer": "2", "answers": [{"answer": "2"}, {"answer": "3"}, {"answer": "2"}]}]})");
    const auto questions = read_question_set(file);
    QCOMPARE(questions.size(), size_t{1});
    QCOMPARE(questions[0].answer, std::string("2"));
    QCOMPARE(questions[0].answers, (Strings{"2", "3", "2"}));
    QCOMPARE(questions[0].categories, (Strings{"number"}));
    QCOMPARE(questions[0].messages[0].text, std::string("How many?\nAnswer the question using a single word or phrase."));
  }

  void a_question_without_annotation_is_named() {
    SetFolder folder;
    folder.write("COCO_val2014_000000000042.jpg", "");
    const auto file = folder.write("v2_OpenEnded_mscoco_val2014_questions.json",
                                   R"({"data_subtype": "val2014", "questions": [{"image_id": 42, "question": "How many?", "question_id": 42000}]})");
    folder.write("v2_mscoco_val2014_annotations.json", R"({"annotations": []})");
    QVERIFY(message_of([&] { read_question_set(file); }).find("entry 42000: answer: none in ") != std::string::npos);
  }

  void reads_viz_wiz() {
    SetFolder folder;
    folder.write("VizWiz_val_0.jpg", "");
    const auto file = folder.write("val.json", R"([{"image": "VizWiz_val_0.jpg", "question": "What is this?", "answer_type": "other",
        "answers": [{"answer": "cup"}, {"answer": "mug"}, {"answer": "mug"}], "answerable": 1}])");
    const auto questions = read_question_set(file);
    QCOMPARE(questions[0].answer, std::string("mug"));
    QCOMPARE(questions[0].answers.size(), size_t{3});
    QVERIFY(questions[0].messages[0].text.find("'Unanswerable'") != std::string::npos);
    QVERIFY(questions[0].images.size() == 1 && questions[0].messages[0].images == 1);
  }

  void checks_only_the_pictures_that_are_asked_about() {
    SetFolder folder;
    std::string lines;
    for (int i = 0; i < 20; ++i) {
      lines += "{\"id\": \"" + std::to_string(i) + "\", \"images\": [\"" + std::to_string(i) + ".png\"], \"question\": \"?\", \"answer\": \"a\"}\n";
    }
    const auto file = folder.write("q.jsonl", lines);
    QuestionOptions options;
    options.samples = 2;
    const auto message = message_of([&] { read_question_set(file, options); });
    QVERIFY2(message.find("2 problems") != std::string::npos, message.c_str());
    QVERIFY(message_of([&] { read_question_set(file); }).find("20 problems, of which the first 5") != std::string::npos);
  }

  void refuses_ids_that_are_there_twice() {
    SetFolder folder;
    const std::string one = "{\"id\": \"a\", \"question\": \"x\", \"answer\": \"y\"}\n";
    const auto file = folder.write("q.jsonl", one + one + one);
    const auto message = message_of([&] { read_question_set(file); });
    QVERIFY2(message.find("2 problems") != std::string::npos && message.find("entry \"a\": id: expected one") != std::string::npos, message.c_str());
  }

  void a_fingerprint_is_of_the_content() {
    SetFolder folder;
    folder.write("0.png", "one");
    const auto make = [&](const std::string& answer) {
      return read_question_set(folder.write("q.jsonl", "{\"id\": \"a\", \"images\": [\"0.png\"], \"question\": \"x\", \"answer\": \"" + answer + "\"}\n"));
    };
    const auto questions = make("y");
    const std::string first = fingerprint(questions);
    QCOMPARE(fingerprint(make("y")), first);
    QVERIFY(fingerprint(make("z")) != first);
    folder.write("0.png", "two");
    QVERIFY(fingerprint(questions) != first);
    std::filesystem::remove(folder.path("0.png"));
    QVERIFY(message_of([&] { fingerprint(questions); }).find("0.png") != std::string::npos);
  }

  void reads_texts() {
    SetFolder folder;
    QVERIFY(is_text_set("a.txt") && !is_text_set("a.json"));
    QCOMPARE(read_text_set(folder.write("a.txt", "One.\r\n\r\nTwo.\n")), std::string("One.\n\nTwo.\n"));
    QVERIFY(message_of([&] { read_text_set(folder.write("empty.txt", " \n")); }).find("empty.txt: expected a text") != std::string::npos);
    QVERIFY(message_of([&] { read_text_set(folder.write("latin.txt", "caf\xe9")); }).find("UTF-8") != std::string::npos);
    QVERIFY(message_of([&] { read_text_set(folder.path("absent.txt")); }).find("absent.txt") != std::string::npos);
  }

  void refuses_other_files() {
    SetFolder folder;
    const auto other = folder.write("other.json", "[1, 2]");
    QVERIFY(message_of([&] { read_question_set(other); }).find("expected a question set") != std::string::npos);
    QVERIFY(message_of([&] { read_question_set(folder.path()); }).find("questions.jsonl") != std::string::npos);
    QVERIFY(message_of([&] { read_question_set(folder.path("absent")); }).find("no such file") != std::string::npos);
  }
};

QTEST_GUILESS_MAIN(TestQuestionSet)
#include "test_question_set.moc"
