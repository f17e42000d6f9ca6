// Writing the calibration and question sets.
#include "app/demo/sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "app/demo/small_png.h"
#include "core/base/error.h"

namespace qvlm::demo {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr uint64_t kFirstQuestionSeed = 1ULL << 20;
constexpr uint64_t kFirstSampleSeed = 1ULL << 21;

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw Error::in(path.string(), "", "a file that can be written", "an error");
}

void write_calibration(const World& world, const fs::path& folder, int examples) {
  fs::create_directories(folder / "images");
  Json set = Json::array();
  for (int i = 0; i < examples; ++i) {
    const int pictures = i % 7 == 6 ? 2 : 1;
    const Example example = world.example(kFirstCalibrationSeed + static_cast<uint64_t>(i), Split::TRAIN, 4, pictures);
    std::vector<std::string> files;
    for (int k = 0; k < pictures; ++k) {
      files.push_back(fmt::format("images/{:03}{}.png", i, k == 0 ? "" : "b"));
      write_small_png(example.images[static_cast<size_t>(k)], folder / files.back());
    }
    Json conversations = Json::array();
    std::string images;
    for (int k = 0; k < pictures; ++k) images += "<image>\n";
    for (const Turn& turn : example.turns) {
      conversations.push_back({{"from", "human"}, {"value", (conversations.empty() ? images : "") + turn.question}});
      conversations.push_back({{"from", "gpt"}, {"value", turn.answer}});
    }
    Json entry = {{"id", fmt::format("calibration-{:03}", i)}};
    if (pictures == 1) {
      entry["image"] = files[0];
    } else {
      entry["images"] = files;
    }
    entry["conversations"] = conversations;
    set.push_back(entry);
  }
  write_text(folder / "conversations.json", set.dump(1) + "\n");
}

struct Question {
  std::vector<std::string> images;
  Turn turn;
};

// No answer takes more than a quarter of a category (yes and no: half each), so that no constant answer scores.
bool answer_has_room(const std::vector<Question>& questions, const Turn& turn, int per_category) {
  const auto same = std::count_if(questions.begin(), questions.end(),
                                  [&](const Question& question) { return question.turn.answer == turn.answer; });
  return same < (turn.category == Category::PRESENCE ? (per_category + 1) / 2 : (per_category + 3) / 4);
}

// Pictures are drawn until every category has its number; a picture gives at most three questions, one a category.
void write_questions(const World& world, const fs::path& folder, int per_category) {
  fs::create_directories(folder / "images");
  std::array<std::vector<Question>, kCategories> by_category;
  const auto wanted = [&](int category) {
    return per_category - static_cast<int>(by_category[static_cast<size_t>(category)].size());
  };
  Rng rng(0x7175657374696f6eULL);
  int picture_number = 0;
  for (uint64_t seed = kFirstQuestionSeed;; ++seed) {
    int missing_one = 0;
    for (int category = 0; category < kCategories - 1; ++category) missing_one += wanted(category);
    const int missing_two = wanted(kCategories - 1);
    if (missing_one == 0 && missing_two == 0) break;
    const int pictures = missing_one == 0 || (missing_two > 0 && rng.chance(0.25)) ? 2 : 1;
    const Example example = world.example(seed, Split::HELD_OUT, 0, pictures);

    std::vector<int> categories;  // the emptiest first
    if (pictures == 2) {
      categories = {kCategories - 1, kCategories - 1, kCategories - 1};
    } else {
      for (int category = 0; category < kCategories - 1; ++category) categories.push_back(category);
      rng.shuffle(categories);
      std::stable_sort(categories.begin(), categories.end(), [&](int a, int b) { return wanted(a) > wanted(b); });
    }
    std::vector<Turn> turns;
    std::set<std::string> asked;
    for (const int category : categories) {
      const int taken = static_cast<int>(std::count_if(
          turns.begin(), turns.end(), [&](const Turn& turn) { return static_cast<int>(turn.category) == category; }));
      if (turns.size() == 3 || wanted(category) <= taken) continue;
      for (Turn& turn : ask_one(example.scenes, rng, static_cast<Category>(category))) {
        const bool room = answer_has_room(by_category[static_cast<size_t>(category)], turn, per_category);
        if (room && asked.insert(turn.question).second) turns.push_back(std::move(turn));
      }
    }
    if (turns.empty()) continue;
    std::vector<std::string> files;
    for (const Image& image : example.images) {
      files.push_back(fmt::format("images/{:03}.png", picture_number++));
      write_small_png(image, folder / files.back());
    }
    for (const Turn& turn : turns) by_category[static_cast<size_t>(turn.category)].push_back({files, turn});
  }

  // Rounds of one question a category, each round in a random order: any first part is a fair sample.
  std::string lines;
  for (auto& questions : by_category) rng.shuffle(questions);
  int number = 0;
  for (int round = 0; round < per_category; ++round) {
    std::vector<size_t> order = {0, 1, 2, 3, 4, 5, 6};
    rng.shuffle(order);
    for (const size_t category : order) {
      const Question& question = by_category[category][static_cast<size_t>(round)];
      const Json line = {{"id", fmt::format("q{:04}", number++)},
                         {"images", question.images},
                         {"question", question.turn.question},
                         {"answer", question.turn.answer},
                         {"category", category_name(question.turn.category)},
                         {"novel", question.turn.novel}};
      lines += line.dump() + "\n";
    }
  }
  write_text(folder / "questions.jsonl", lines);
}

// Rich pictures: at least four things of at least three kinds.
void write_samples(const World& world, const fs::path& folder, int count) {
  fs::create_directories(folder);
  int written = 0;
  for (uint64_t seed = kFirstSampleSeed; written < count; ++seed) {
    const LabelledPicture picture = world.picture(seed, Split::HELD_OUT);
    std::set<Kind> kinds;
    for (const Object& object : picture.scene.objects) kinds.insert(object.thing.kind);
    if (picture.scene.objects.size() < 4 || kinds.size() < 3) continue;
    write_small_png(picture.image, folder / fmt::format("sample-{}.png", ++written));
  }
}

}  // namespace

void write_sets(const World& world, const fs::path& folder, const SetSizes& sizes) {
  write_calibration(world, folder / "calibration", sizes.calibration_examples);
  write_questions(world, folder / "questions", sizes.questions_per_category);
  write_samples(world, folder / "images", sizes.sample_pictures);
}

}  // namespace qvlm::demo
