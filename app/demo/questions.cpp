// The question generator: one function a kind of question, each giving the question, its one answer and its target.
#include "app/demo/questions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace qvlm::demo {
namespace {

using Phrases = std::vector<std::string>;

// A question before it is accepted; target tells which object it gives away, so that a dialogue does not answer itself.
struct Draft {
  Turn turn;
  int target = -1;    // object index + 16 * scene index; -1: none
  std::string topic;  // the same for every phrasing of one question
};

// One picture as a question speaks of it.
struct View {
  const Scene& scene;
  std::string in;  // "" or " in the second picture"
  std::string of;  // "" or " of the second picture"
  int index = 0;
};

std::string at_place(int place) {
  return (place == 4 ? "in the " : "at the ") + std::string(kPlaceNames[static_cast<size_t>(place)]);
}

std::string with_article(const std::string& name) {
  return (std::string_view("aeiou").find(name[0]) != std::string_view::npos ? "an " : "a ") + name;
}

std::string shape_name(const Thing& thing) {
  return std::string(kShapeNames[static_cast<size_t>(thing.index)]);
}
std::string colour_name(int colour) {
  return std::string(kColourTable[static_cast<size_t>(colour)].name);
}
bool is_shape(const Object& object) {
  return object.thing.kind == Kind::SHAPE;
}
bool is_text(const Object& object) {
  return object.thing.kind == Kind::WORD || object.thing.kind == Kind::NUMBER;
}

template <class Predicate>
int count_if(const Scene& scene, Predicate predicate) {
  return static_cast<int>(std::count_if(scene.objects.begin(), scene.objects.end(), predicate));
}

template <class Predicate>
std::vector<int> indices(const Scene& scene, Predicate predicate) {
  std::vector<int> found;
  for (size_t i = 0; i < scene.objects.size(); ++i) {
    if (predicate(scene.objects[i])) found.push_back(static_cast<int>(i));
  }
  return found;
}

int same_shape(const Scene& scene, const Thing& thing) {
  return count_if(scene, [&](const Object& o) { return is_shape(o) && o.thing.index == thing.index; });
}

int same_thing(const Scene& scene, const Thing& thing) {
  return count_if(scene, [&](const Object& o) { return o.thing == thing; });
}

Draft about(const View& view, int object, std::string question, std::string answer, Category category) {
  const Object& target = view.scene.objects[static_cast<size_t>(object)];
  const int index = object + 16 * view.index;
  return {{std::move(question), std::move(answer), category, reserved(target.thing, target.place)},
          index,
          "object " + std::to_string(index)};
}

Draft general(std::string topic, std::string question, std::string answer, Category category) {
  return {{std::move(question), std::move(answer), category, false}, -1, std::move(topic)};
}

// How a question calls an object without ambiguity: "star", "red star", "dog", "word", "number"; nothing where it
// cannot.
std::optional<std::string> reference(const Scene& scene, const Thing& thing, Rng& rng) {
  if (thing.kind == Kind::WORD) return "word";
  if (thing.kind == Kind::NUMBER) return "number";
  if (same_thing(scene, thing) != 1) return std::nullopt;
  if (thing.kind == Kind::SHAPE && same_shape(scene, thing) == 1 && rng.chance(0.5)) return shape_name(thing);
  return name_of(thing);
}

std::optional<Draft> name_at_place(const View& view, Rng& rng) {
  const Scene& scene = view.scene;
  if (rng.chance(0.06)) {
    std::vector<int> empty;
    for (int place = 0; place < kPlaces; ++place) {
      if (count_if(scene, [&](const Object& o) { return o.place == place; }) == 0) empty.push_back(place);
    }
    return general("nothing", "What is " + at_place(rng.pick(empty)) + view.of + "?", "nothing", Category::NAMING);
  }
  const int target = rng.below(static_cast<int>(scene.objects.size()));
  const Object& object = scene.objects[static_cast<size_t>(target)];
  if (is_text(object) && rng.chance(0.6)) return std::nullopt;
  const std::string place = at_place(object.place) + view.of;
  const Phrases phrases = {"What is " + place + "?", "What is " + place + "?", "What do you see " + place + "?",
                           "Which object is " + place + "?", "Name the object " + place + "."};
  return about(view, target, rng.pick(phrases), name_of(object.thing), Category::NAMING);
}

std::optional<Draft> name_by_colour(const View& view, Rng& rng) {
  const Scene& scene = view.scene;
  const auto unique = indices(scene, [&](const Object& o) {
    return is_shape(o) && count_if(scene, [&](const Object& p) { return p.thing.colour == o.thing.colour; }) == 1;
  });
  if (unique.empty()) return std::nullopt;
  const int target = rng.pick(unique);
  const Thing& thing = scene.objects[static_cast<size_t>(target)].thing;
  const std::string colour = colour_name(thing.colour);
  const Phrases phrases = {"Which shape is " + colour + view.in + "?",
                           "What is the " + colour + " shape" + view.in + "?"};
  return about(view, target, rng.pick(phrases), shape_name(thing), Category::NAMING);
}

std::optional<Draft> naming(const View& view, Rng& rng) {
  const double kind = rng.unit();
  if (kind < 0.2) return name_by_colour(view, rng);
  if (kind < 0.35 && view.scene.objects.size() == 1) {
    const Phrases phrases = {"What is in the picture?", "What do you see?", "What does the picture show?"};
    return about(view, 0, rng.pick(phrases), name_of(view.scene.objects[0].thing), Category::NAMING);
  }
  return name_at_place(view, rng);
}

std::optional<Draft> colour(const View& view, Rng& rng) {
  const Scene& scene = view.scene;
  const bool by_place = rng.chance(0.3);
  const auto targets =
      indices(scene, [&](const Object& o) { return is_shape(o) && (by_place || same_shape(scene, o.thing) == 1); });
  if (targets.empty()) return std::nullopt;
  const int target = rng.pick(targets);
  const Object& object = scene.objects[static_cast<size_t>(target)];
  const std::string name = by_place ? "shape " + at_place(object.place) + view.of : shape_name(object.thing) + view.in;
  const Phrases phrases = {"What colour is the " + name + "?", "What colour is the " + name + "?",
                           "Which colour does the " + name + " have?", "What is the colour of the " + name + "?"};
  return about(view, target, rng.pick(phrases), colour_name(object.thing.colour), Category::COLOUR);
}

// Things that "How many ... are there?" can ask for, with how many there are.
std::vector<std::pair<std::string, int>> countable(const Scene& scene, Rng& rng) {
  std::vector<std::pair<std::string, int>> found;
  for (int i = 0; i < kShapes; ++i) {
    found.emplace_back(kShapePlurals[static_cast<size_t>(i)],
                       count_if(scene, [&](const Object& o) { return is_shape(o) && o.thing.index == i; }));
  }
  for (int i = 0; i < kColours; ++i) {
    found.emplace_back(colour_name(i) + " shapes",
                       count_if(scene, [&](const Object& o) { return o.thing.colour == i; }));
  }
  for (int i = 0; i < kPictograms; ++i) {
    const Thing thing{Kind::PICTOGRAM, i, -1};
    const int count = same_thing(scene, thing);
    // Single and absent pictograms would drown the rest: there are many, and they would make 1 and 0 safe guesses.
    const double keep = count > 1 ? 1 : count == 1 ? 0.15 : 0.04;
    if (rng.chance(keep)) found.emplace_back(kPictogramTable[static_cast<size_t>(i)].plural, count);
  }
  return found;
}

std::optional<Draft> count(const View& view, Rng& rng) {
  const Scene& scene = view.scene;
  if (rng.chance(0.33)) {
    const Phrases phrases = {"How many objects are in the picture?", "How many objects are there?",
                             "How many objects do you see?", "Count the objects."};
    return general("objects", rng.pick(phrases), std::to_string(scene.objects.size()), Category::COUNT);
  }
  if (rng.chance(0.2)) {
    const Phrases phrases = {"How many shapes are in the picture?", "How many shapes are there?"};
    return general("shapes", rng.pick(phrases), std::to_string(count_if(scene, is_shape)), Category::COUNT);
  }
  // The answer is drawn first, so that large counts, which are rare, are asked about often.
  static constexpr std::array<double, kMaxObjects + 1> kWeight = {0.4, 0.55, 1.8, 4.0, 6.0, 6.0};
  const auto things = countable(scene, rng);
  std::array<bool, kMaxObjects + 1> present{};
  for (const auto& thing : things) present[static_cast<size_t>(thing.second)] = true;
  const bool all_absent = std::count(present.begin(), present.end(), true) == 1 && present[0];
  if (all_absent && rng.chance(0.85)) return std::nullopt;
  double total = 0;
  for (size_t i = 0; i < present.size(); ++i) total += present[i] ? kWeight[i] : 0;
  double draw = rng.unit() * total;
  size_t wanted = 0;
  for (size_t i = 0; i < present.size(); ++i) {
    if (!present[i]) continue;
    wanted = i;
    draw -= kWeight[i];
    if (draw < 0) break;
  }
  Phrases names;
  for (const auto& [name, number] : things) {
    if (number == static_cast<int>(wanted)) names.push_back(name);
  }
  const std::string name = rng.pick(names);
  const Phrases phrases = {"How many " + name + " are there?", "How many " + name + " are there?",
                           "How many " + name + " are in the picture?", "How many " + name + " do you see?",
                           "Count the " + name + "."};
  return general(name, rng.pick(phrases), std::to_string(wanted), Category::COUNT);
}

std::optional<Draft> presence(const View& view, Rng& rng) {
  const Scene& scene = view.scene;
  // The kind of thing asked for is drawn from what is there, so that it does not give the answer away.
  const auto candidates = indices(scene, [](const Object& o) { return !is_text(o); });
  if (candidates.empty()) return std::nullopt;
  const int target = rng.pick(candidates);
  const Thing seen = scene.objects[static_cast<size_t>(target)].thing;
  const bool whole = rng.chance(0.7);  // "blue star", or "star" alone
  const bool yes = rng.chance(0.5);
  Thing asked = seen;
  if (!yes) {
    for (int tries = 0; tries < 200; ++tries) {
      asked = seen;
      if (seen.kind == Kind::PICTOGRAM) {
        asked.index = rng.below(kPictograms);
      } else if (!whole) {
        asked.index = rng.below(kShapes);
      } else if (const double hard = rng.unit(); hard < 0.45) {
        asked.colour = rng.below(kColours);
      } else if (hard < 0.8) {
        asked.index = rng.below(kShapes);
      } else {
        asked.index = rng.below(kShapes);
        asked.colour = rng.below(kColours);
      }
      const bool there =
          seen.kind == Kind::SHAPE && !whole ? same_shape(scene, asked) > 0 : same_thing(scene, asked) > 0;
      if (!there) break;
    }
  }
  const std::string name = seen.kind == Kind::SHAPE && !whole ? shape_name(asked) : name_of(asked);
  const Phrases phrases = {
      "Is there " + with_article(name) + "?", "Is there " + with_article(name) + " in the picture?",
      "Do you see " + with_article(name) + "?", "Does the picture show " + with_article(name) + "?"};
  const std::string question = rng.pick(phrases);
  return yes ? about(view, target, question, "yes", Category::PRESENCE)
             : general(name, question, "no", Category::PRESENCE);
}

std::optional<Draft> place(const View& view, Rng& rng) {
  const int target = rng.below(static_cast<int>(view.scene.objects.size()));
  const Object& object = view.scene.objects[static_cast<size_t>(target)];
  const auto name = reference(view.scene, object.thing, rng);
  if (!name) return std::nullopt;
  Phrases phrases = {"Where is the " + *name + view.in + "?"};
  if (view.in.empty()) {
    phrases.insert(phrases.end(), {"Where is the " + *name + "?", "Where in the picture is the " + *name + "?",
                                   "Where do you see the " + *name + "?", "At which place is the " + *name + "?"});
  }
  return about(view, target, rng.pick(phrases), std::string(kPlaceNames[static_cast<size_t>(object.place)]),
               Category::PLACE);
}

std::optional<Draft> reading(const View& view, Rng& rng) {
  const auto texts = indices(view.scene, is_text);
  if (texts.empty()) return std::nullopt;
  const int target = rng.pick(texts);
  const Object& object = view.scene.objects[static_cast<size_t>(target)];
  const bool word = object.thing.kind == Kind::WORD;
  const std::string answer =
      word ? std::string(kWordTable[static_cast<size_t>(object.thing.index)]) : std::to_string(object.thing.index);
  Phrases phrases;
  if (rng.chance(0.2)) {
    phrases = {"What is written " + at_place(object.place) + view.of + "?"};
  } else if (!view.in.empty()) {
    phrases = {word ? "What does the sign say" + view.in + "?" : "What number is shown" + view.in + "?"};
  } else if (word) {
    phrases = {"What does the sign say?", "What does the sign say?", "Which word do you see?", "Read the word.",
               "What word is written in the picture?"};
  } else {
    phrases = {"What number is shown?", "What number is shown?", "Which number do you see?", "Read the number.",
               "What number is written in the picture?"};
  }
  return about(view, target, rng.pick(phrases), answer, Category::READING);
}

// "In which picture is the dog, the first or the second?": a thing that stands in one of the two alone.
std::optional<Draft> which_picture(const std::array<View, 2>& views, Rng& rng) {
  const auto& a = views[0].scene.objects;
  const auto& b = views[1].scene.objects;
  if (rng.chance(0.25)) {
    if (a.size() == b.size()) return std::nullopt;
    const Phrases phrases = {"Which picture has more objects, the first or the second?",
                             "Which picture has more objects?"};
    return general("more", rng.pick(phrases), a.size() > b.size() ? "first" : "second", Category::TWO_IMAGES);
  }
  const int side = rng.below(2);
  const View& here = views[static_cast<size_t>(side)];
  const View& there = views[static_cast<size_t>(1 - side)];
  const int target = rng.below(static_cast<int>(here.scene.objects.size()));
  const Thing& thing = here.scene.objects[static_cast<size_t>(target)].thing;
  if (thing.kind == Kind::WORD || thing.kind == Kind::NUMBER || same_thing(there.scene, thing) > 0) return std::nullopt;
  const std::string name = name_of(thing);
  const Phrases phrases = {"In which picture is the " + name + ", the first or the second?",
                           "Which picture shows " + with_article(name) + "?",
                           "Is the " + name + " in the first or the second picture?"};
  return about(here, target, rng.pick(phrases), side == 0 ? "first" : "second", Category::TWO_IMAGES);
}

std::optional<Draft> two_images(const std::array<View, 2>& views, Rng& rng) {
  const View& view = views[static_cast<size_t>(rng.below(2))];
  const double kind = rng.unit();
  std::optional<Draft> draft;
  if (kind < 0.22) {
    draft = which_picture(views, rng);
  } else if (kind < 0.42) {
    draft = rng.chance(0.2) ? name_by_colour(view, rng) : name_at_place(view, rng);
  } else if (kind < 0.6) {
    draft = colour(view, rng);
  } else if (kind < 0.76) {
    draft = place(view, rng);
  } else if (kind < 0.82) {
    draft = reading(view, rng);
  } else if (kind < 0.92) {
    draft = general("objects" + view.in, "How many objects are" + view.in + "?",
                    std::to_string(view.scene.objects.size()), Category::TWO_IMAGES);
  } else {
    const size_t both = views[0].scene.objects.size() + views[1].scene.objects.size();
    draft =
        general("both", "How many objects are in both pictures together?", std::to_string(both), Category::TWO_IMAGES);
  }
  if (draft) draft->turn.category = Category::TWO_IMAGES;
  return draft;
}

std::optional<Draft> draft_of(const std::vector<Scene>& scenes, Rng& rng, Category category) {
  if (scenes.size() == 2) {
    if (category != Category::TWO_IMAGES) return std::nullopt;
    return two_images({View{scenes[0], " in the first picture", " of the first picture", 0},
                       View{scenes[1], " in the second picture", " of the second picture", 1}},
                      rng);
  }
  const View view{scenes.at(0), "", "", 0};
  switch (category) {
    case Category::NAMING:
      return naming(view, rng);
    case Category::COLOUR:
      return colour(view, rng);
    case Category::COUNT:
      return count(view, rng);
    case Category::PRESENCE:
      return presence(view, rng);
    case Category::PLACE:
      return place(view, rng);
    case Category::READING:
      return reading(view, rng);
    case Category::TWO_IMAGES:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view category_name(Category category) {
  static constexpr std::array<std::string_view, kCategories> kNames = {"naming", "colour",  "count",     "presence",
                                                                       "place",  "reading", "two images"};
  return kNames[static_cast<size_t>(category)];
}

std::vector<Turn> ask(const std::vector<Scene>& scenes, Rng& rng, int count) {
  std::vector<Category> categories = {Category::TWO_IMAGES};
  if (scenes.size() == 1) {
    categories = {Category::NAMING,   Category::COLOUR, Category::COUNT,
                  Category::PRESENCE, Category::PLACE,  Category::READING};
    rng.shuffle(categories);
  }
  std::vector<Turn> turns;
  std::set<std::string> asked, topics;
  std::set<int> given_away;
  std::array<int, kCategories> taken{};
  const int share = (count + static_cast<int>(categories.size()) - 1) / static_cast<int>(categories.size());
  const int tries = count * 12;
  for (int i = 0; i < tries && static_cast<int>(turns.size()) < count; ++i) {
    auto draft = draft_of(scenes, rng, categories[static_cast<size_t>(i) % categories.size()]);
    if (!draft || asked.contains(draft->turn.question)) continue;
    // At first a target that an earlier turn named is mostly passed over (its answer could be read off the dialogue),
    // no category takes more than its share, and nothing is asked twice in other words; small scenes need these rules
    // relaxed.
    const bool strict = i < tries / 2;
    int& of_category = taken[static_cast<size_t>(draft->turn.category)];
    if (strict && of_category >= share) continue;
    const std::string topic = draft->topic + " " + std::to_string(static_cast<int>(draft->turn.category));
    if (strict && topics.contains(topic)) continue;
    if (strict && draft->target >= 0 && given_away.contains(draft->target) && rng.chance(0.6)) continue;
    asked.insert(draft->turn.question);
    topics.insert(topic);
    if (draft->target >= 0) given_away.insert(draft->target);
    ++of_category;
    turns.push_back(std::move(draft->turn));
  }
  return turns;
}

std::vector<Turn> ask_one(const std::vector<Scene>& scenes, Rng& rng, Category category) {
  for (int tries = 0; tries < 20; ++tries) {
    if (auto draft = draft_of(scenes, rng, category)) return {draft->turn};
  }
  return {};
}

}  // namespace qvlm::demo
