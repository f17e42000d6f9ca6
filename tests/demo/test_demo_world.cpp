// The demo world: determinism, the held-out rule, balance of the answers, labels.
#include <QtTest>
#include <map>
#include <set>

#include "app/demo/world.h"

using namespace qvlm;
using namespace qvlm::demo;

namespace {

uint64_t hash_of(const Image& image) {
  uint64_t hash = 0;
  for (const uint8_t value : image.rgb) hash = mix64(hash ^ value);
  return hash;
}

// Scenes and their questions, without pictures: quick.
template <class Visit>
void for_scenes(Split split, int count, int pictures, Visit visit) {
  for (int seed = 0; seed < count; ++seed) {
    Rng rng(static_cast<uint64_t>(seed) + 77);
    std::vector<Scene> scenes;
    for (int i = 0; i < pictures; ++i) scenes.push_back(make_scene(rng, split));
    visit(scenes, rng);
  }
}

}  // namespace

class TestDemoWorld : public QObject {
  Q_OBJECT

 private slots:
  void the_random_numbers_are_fixed() {
    Rng rng(1);
    QCOMPARE(rng.next(), uint64_t{6791897765849424158U});
  }

  void the_same_seed_gives_the_same_example() {
    const World other;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Example a = world_.example(seed, Split::TRAIN, 7), b = other.example(seed, Split::TRAIN, 7);
      QCOMPARE(a.turns.size(), b.turns.size());
      for (size_t i = 0; i < a.turns.size(); ++i) {
        QCOMPARE(a.turns[i].question, b.turns[i].question);
        QCOMPARE(a.turns[i].answer, b.turns[i].answer);
      }
      for (size_t i = 0; i < a.images.size(); ++i) QCOMPARE(hash_of(a.images[i]), hash_of(b.images[i]));
    }
  }

  // Every place of one fixed picture by its mean colour, to a level: what other machines may round differently is less.
  void a_picture_is_stable() {
    const Image image = world_.example(5, Split::TRAIN, 0, 1).images[0];
    QCOMPARE(image.width, 128);
    QCOMPARE(image.height, 128);
    const std::array<std::array<int, 3>, 16> expected = {{{207, 229, 229},
                                                          {206, 227, 227},
                                                          {188, 203, 203},
                                                          {227, 129, 123},
                                                          {207, 229, 229},
                                                          {206, 227, 227},
                                                          {202, 221, 222},
                                                          {202, 210, 211},
                                                          {207, 230, 229},
                                                          {206, 227, 227},
                                                          {205, 224, 224},
                                                          {204, 221, 222},
                                                          {195, 206, 208},
                                                          {201, 218, 219},
                                                          {205, 224, 224},
                                                          {204, 221, 222}}};
    for (size_t block = 0; block < 16; ++block) {
      std::array<double, 3> sum{};
      for (size_t y = 0; y < 32; ++y) {
        for (size_t x = 0; x < 32; ++x) {
          for (size_t c = 0; c < 3; ++c) sum[c] += image.rgb[((block / 4 * 32 + y) * 128 + block % 4 * 32 + x) * 3 + c];
        }
      }
      for (size_t c = 0; c < 3; ++c) {
        const double mean = sum[c] / 1024;
        QVERIFY2(std::abs(mean - expected[block][c]) <= 1, qPrintable(QString("block %1: %2").arg(block).arg(mean)));
      }
    }
  }

  void seeds_and_splits_give_different_pictures() {
    std::set<uint64_t> seen;
    for (uint64_t seed = 0; seed < 100; ++seed) {
      seen.insert(hash_of(world_.picture(seed, Split::TRAIN).image));
      seen.insert(hash_of(world_.picture(seed, Split::HELD_OUT).image));
      seen.insert(hash_of(world_.example(seed, Split::TRAIN, 0, 1).images[0]));
    }
    QCOMPARE(seen.size(), size_t{300});
  }

  void about_eight_percent_are_reserved() {
    int all = 0, held = 0;
    for (int place = 0; place < kPlaces; ++place) {
      for (int i = 0; i < kShapes * kColours + kPictograms; ++i) {
        const Thing thing = i < kShapes * kColours ? Thing{Kind::SHAPE, i / kColours, i % kColours}
                                                   : Thing{Kind::PICTOGRAM, i - kShapes * kColours, -1};
        ++all;
        held += reserved(thing, place) ? 1 : 0;
      }
    }
    QVERIFY2(held > all * 6 / 100 && held < all * 10 / 100, qPrintable(QString("%1 of %2").arg(held).arg(all)));
  }

  void training_never_shows_a_reserved_combination() {
    int objects = 0;
    for_scenes(Split::TRAIN, 3000, 1, [&](const std::vector<Scene>& scenes, Rng&) {
      for (const Object& object : scenes[0].objects) {
        ++objects;
        QVERIFY(!reserved(object.thing, object.place));
      }
    });
    QVERIFY(objects > 6000);
    for (uint64_t seed = 0; seed < 300; ++seed) {
      for (const Turn& turn : world_.example(seed, Split::TRAIN, 7).turns) QVERIFY(!turn.novel);
    }
  }

  void held_out_scenes_often_do() {
    int novel = 0, turns = 0;
    for_scenes(Split::HELD_OUT, 500, 1, [&](const std::vector<Scene>& scenes, Rng& rng) {
      for (const Turn& turn : ask(scenes, rng, 6)) {
        ++turns;
        novel += turn.novel ? 1 : 0;
      }
    });
    QVERIFY2(novel * 10 > turns, qPrintable(QString("%1 of %2").arg(novel).arg(turns)));
  }

  void scenes_keep_their_limits() {
    std::map<size_t, int> sizes;
    for_scenes(Split::HELD_OUT, 2000, 1, [&](const std::vector<Scene>& scenes, Rng&) {
      const Scene& scene = scenes[0];
      std::set<int> places;
      int words = 0, numbers = 0;
      for (const Object& object : scene.objects) {
        QVERIFY(object.place >= 0 && object.place < kPlaces);
        places.insert(object.place);
        words += object.thing.kind == Kind::WORD;
        numbers += object.thing.kind == Kind::NUMBER;
      }
      QCOMPARE(places.size(), scene.objects.size());
      QVERIFY(words <= 1 && numbers <= 1);
      ++sizes[scene.objects.size()];
    });
    QCOMPARE(sizes.size(), size_t{5});
    for (const auto& [size, count] : sizes) QVERIFY2(count > 300, qPrintable(QString::number(size)));
  }

  // The best that a reader of the question alone could do: the most frequent answer of each question, over many scenes.
  void a_blank_picture_answers_little_data() {
    QTest::addColumn<int>("category");
    QTest::addColumn<double>("most");
    for (int category = 0; category < kCategories; ++category) {
      const bool yes_or_no = category == static_cast<int>(Category::PRESENCE);
      QTest::newRow(std::string(category_name(static_cast<Category>(category))).c_str())
          << category << (yes_or_no ? 0.58 : 0.35);
    }
  }
  void a_blank_picture_answers_little() {
    QFETCH(int, category);
    QFETCH(double, most);
    const auto asked = static_cast<Category>(category);
    std::map<std::string, std::map<std::string, int>> answers;  // of the fit
    int right = 0, total = 0;
    const auto best = [&](const std::string& question) {
      const auto found = answers.find(question);
      if (found == answers.end()) return std::string();
      return std::max_element(found->second.begin(), found->second.end(),
                              [](auto& a, auto& b) { return a.second < b.second; })
          ->first;
    };
    int seed = 0;
    for_scenes(Split::TRAIN, 24000, asked == Category::TWO_IMAGES ? 2 : 1,
               [&](const std::vector<Scene>& scenes, Rng& rng) {
                 const bool fit = seed++ < 18000;
                 for (const Turn& turn : ask_one(scenes, rng, asked)) {
                   if (fit) {
                     ++answers[turn.question][turn.answer];
                   } else {
                     right += best(turn.question) == turn.answer ? 1 : 0;
                     ++total;
                   }
                 }
               });
    const double share = static_cast<double>(right) / total;
    qInfo("%s: the best guess without a picture is right on %.1f %% of %d", std::string(category_name(asked)).c_str(),
          100 * share, total);
    QVERIFY(total > 1000);
    QVERIFY2(share < most, qPrintable(QString::number(share)));
  }

  void questions_of_a_dialogue_differ() {
    for_scenes(Split::TRAIN, 300, 1, [&](const std::vector<Scene>& scenes, Rng& rng) {
      std::set<std::string> questions;
      const auto turns = ask(scenes, rng, 8);
      for (const Turn& turn : turns) questions.insert(turn.question);
      QCOMPARE(questions.size(), turns.size());
      QVERIFY(turns.size() >= 5);
    });
  }

  void answers_follow_from_the_scene() {
    const Scene scene{{{{Kind::SHAPE, static_cast<int>(Shape::STAR), 0}, 0},
                       {{Kind::PICTOGRAM, 0, -1}, 4},
                       {{Kind::WORD, 0, -1}, 8}}};
    std::map<std::string, std::string> answers;
    for (int seed = 0; seed < 400; ++seed) {
      Rng rng(static_cast<uint64_t>(seed));
      for (const Turn& turn : ask({scene}, rng, 8)) {
        const auto [at, fresh] = answers.emplace(turn.question, turn.answer);
        QVERIFY2(fresh || at->second == turn.answer, turn.question.c_str());
      }
    }
    const std::map<std::string, std::string> expected = {{"What is at the top left?", "red star"},
                                                         {"What is in the centre?", "dog"},
                                                         {"What is at the bottom right?", "word STOP"},
                                                         {"What colour is the star?", "red"},
                                                         {"Where is the dog?", "centre"},
                                                         {"Where is the word?", "bottom right"},
                                                         {"How many objects are there?", "3"},
                                                         {"How many stars are there?", "1"},
                                                         {"How many circles are there?", "0"},
                                                         {"Is there a red star?", "yes"},
                                                         {"Is there a blue star?", "no"},
                                                         {"What does the sign say?", "STOP"},
                                                         {"What is at the top?", "nothing"}};
    for (const auto& [question, answer] : expected) {
      QVERIFY2(answers.contains(question), question.c_str());
      QCOMPARE(answers[question], answer);
    }
  }

  void labels_show_every_object_near_its_place() {
    for (uint64_t seed = 0; seed < 300; ++seed) {
      const LabelledPicture picture = world_.picture(seed, Split::TRAIN);
      std::map<int, int> patches;  // class -> patches
      for (size_t patch = 0; patch < 64; ++patch) {
        const int label = picture.labels.object[patch];
        QVERIFY(label >= 0 && label < object_classes());
        if (label == 0) {
          QCOMPARE(picture.labels.colour[patch], int16_t{0});
          continue;
        }
        ++patches[label];
        // An object of this class stands in a cell that this patch touches (a cell is 2 2/3 patches wide).
        bool near = false;
        for (const Object& object : picture.scene.objects) {
          const double dx = static_cast<double>(patch % 8) + 0.5 - (object.place % 3 + 0.5) * 8 / 3;
          const double dy = static_cast<double>(patch / 8) + 0.5 - (object.place / 3 + 0.5) * 8 / 3;
          near = near || (class_of(object.thing) == label && std::abs(dx) < 1.9 && std::abs(dy) < 1.9 &&
                          object.thing.colour + 1 == picture.labels.colour[patch]);
        }
        QVERIFY(near);
      }
      for (const Object& object : picture.scene.objects) QVERIFY(patches[class_of(object.thing)] >= 1);
    }
  }

  void a_missing_font_is_named() {
    FontFiles fonts;
    fonts.text = "/no/such/font.ttf";
    QVERIFY_EXCEPTION_THROWN(World{fonts}, std::runtime_error);
  }

 private:
  const World world_;
};

QTEST_GUILESS_MAIN(TestDemoWorld)
#include "test_demo_world.moc"
