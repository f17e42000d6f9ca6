// The calibration and question sets: layout, balance, splits.
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "app/demo/sets.h"

using namespace qvlm::demo;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Set {
  std::vector<nlohmann::json> questions;
  nlohmann::json calibration;
};

Set read_set(const fs::path& folder) {
  Set set;
  std::istringstream lines(text_of(folder / "questions/questions.jsonl"));
  for (std::string line; std::getline(lines, line);) set.questions.push_back(nlohmann::json::parse(line));
  set.calibration = nlohmann::json::parse(text_of(folder / "calibration/conversations.json"));
  return set;
}

}  // namespace

class TestDemoSets : public QObject {
  Q_OBJECT

 private slots:
  void the_committed_sets_are_complete() { check(QVLM_SOURCE_DIR "/resources/demo", 80, 64); }

  void writing_is_repeatable() {
    QTemporaryDir one, two;
    const World world;
    const SetSizes sizes{.calibration_examples = 8, .questions_per_category = 12, .sample_pictures = 2};
    for (const auto* folder : {&one, &two}) write_sets(world, folder->path().toStdString(), sizes);
    check(one.path().toStdString(), 12, 8);
    int files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(one.path().toStdString())) {
      if (!entry.is_regular_file()) continue;
      const fs::path other = two.path().toStdString() / fs::relative(entry.path(), one.path().toStdString());
      QVERIFY2(text_of(entry.path()) == text_of(other), entry.path().c_str());
      ++files;
    }
    QVERIFY(files > 30);
  }

 private:
  void check(const fs::path& folder, int per_category, size_t calibration) {
    const Set set = read_set(folder);
    std::map<std::string, std::map<std::string, int>> answers;
    std::map<std::string, int> totals;
    std::map<std::string, int> early;  // among the first seventh
    std::set<std::string> ids;
    int novel = 0;
    for (size_t i = 0; i < set.questions.size(); ++i) {
      const auto& question = set.questions[i];
      const auto category = question["category"].get<std::string>();
      ids.insert(question["id"].get<std::string>());
      QCOMPARE(question["images"].size(), category == "two images" ? size_t{2} : size_t{1});
      for (const auto& image : question["images"]) QVERIFY(fs::exists(folder / "questions" / image.get<std::string>()));
      QVERIFY(!question["question"].get<std::string>().empty());
      ++answers[category][question["answer"].get<std::string>()];
      ++totals[category];
      if (i < set.questions.size() / 7) ++early[category];
      novel += question["novel"].get<bool>();
    }
    QCOMPARE(ids.size(), set.questions.size());
    QCOMPARE(totals.size(), size_t{kCategories});
    for (const auto& [category, total] : totals) {
      QVERIFY(total >= per_category);
      QVERIFY(early[category] * 7 >= total - 14);
      for (const auto& [answer, count] : answers[category]) {
        QVERIFY2(count <= total * (category == "presence" ? 0.5 : 0.26) + 1, (category + ": " + answer).c_str());
      }
    }
    QVERIFY(novel * 8 >= static_cast<int>(set.questions.size()));

    QVERIFY(set.calibration.size() >= calibration);
    for (const auto& entry : set.calibration) {
      const auto images = entry.contains("image") ? nlohmann::json::array({entry["image"]}) : entry["images"];
      for (const auto& image : images) QVERIFY(fs::exists(folder / "calibration" / image.get<std::string>()));
      const auto& turns = entry["conversations"];
      QVERIFY(turns.size() >= 2 && turns.size() % 2 == 0);
      std::string marks;
      for (size_t i = 0; i < images.size(); ++i) marks += "<image>\n";
      QVERIFY(turns[0]["value"].get<std::string>().starts_with(marks));
      for (size_t i = 0; i < turns.size(); ++i)
        QCOMPARE(turns[i]["from"].get<std::string>(), i % 2 == 0 ? "human" : "gpt");
    }
  }
};

QTEST_GUILESS_MAIN(TestDemoSets)
#include "test_demo_sets.moc"
