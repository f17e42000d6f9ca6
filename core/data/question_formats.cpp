// The prompts are those that LLaVA-1.5 evaluates these sets with (its docs/Evaluation.md and scripts).
#include "core/data/question_formats.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "core/base/error.h"

namespace qvlm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kShortAnswer = "\nAnswer the question using a single word or phrase.";
constexpr std::string_view kUnanswerable = "\nWhen the provided information is insufficient, respond with 'Unanswerable'.";
constexpr std::string_view kLetter = "\nAnswer with the option's letter from the given choices directly.";

/// The most frequent answer; the first of them among equals.
std::string most_frequent(const std::vector<std::string>& answers) {
  std::string best;
  std::ptrdiff_t most = 0;
  for (const std::string& answer : answers) {
    const auto count = std::count(answers.begin(), answers.end(), answer);
    if (count > most) {
      most = count;
      best = answer;
    }
  }
  return best;
}

/// The texts of [{"answer": ...}, ...].
std::vector<std::string> human_answers(const Json& entry) {
  std::vector<std::string> answers;
  for (const Json& answer : array_field(entry, "answers", "")) answers.push_back(field<std::string>(answer, "answer", ""));
  if (answers.empty()) throw Error::in("", "answers", "at least one", "none");
  return answers;
}

Sample science_question(const std::string& id, const Json& problem, const fs::path& images) {
  static const std::map<std::string, std::string> subjects{{"natural science", "NAT"}, {"social science", "SOC"}, {"language science", "LAN"}};
  Sample sample;
  sample.id = id;
  const auto subject = field<std::string>(problem, "subject", "");
  if (!subjects.contains(subject)) throw Error::in("", "subject", "natural, social or language science", "\"" + subject + "\"");
  const auto hint = field_or<std::string>(problem, "hint", "", "");
  const auto image = field_or<std::string>(problem, "image", "", "");
  sample.categories = {subjects.at(subject)};
  if (!hint.empty()) sample.categories.push_back("TXT");
  if (!image.empty()) sample.categories.push_back("IMG");
  if (hint.empty() && image.empty()) sample.categories.push_back("NO");
  if (!image.empty()) sample.images = {image_path(images, field<std::string>(problem, "split", "") + "/" + id + "/" + image)};

  const auto choices = field<std::vector<std::string>>(problem, "choices", "");
  const int answer = field<int>(problem, "answer", "");
  if (answer < 0 || answer >= static_cast<int>(choices.size()) || choices.size() > 26) {
    throw Error::in("", "answer", "one of the " + std::to_string(choices.size()) + " choices (from 0)", std::to_string(answer));
  }
  std::string text = "Context: " + (hint.empty() ? "N/A" : hint) + "\nQuestion: " + field<std::string>(problem, "question", "") + "\nOptions:";
  for (size_t i = 0; i < choices.size(); ++i) text += std::string(" (") + static_cast<char>('A' + i) + ") " + choices[i];
  sample.messages = {{Role::USER, text + std::string(kLetter), static_cast<int>(sample.images.size())}};
  sample.answer = std::string(1, static_cast<char>('A' + answer));
  return sample;
}

}  // namespace

bool is_science_qa(const Json& set) {
  return set.is_object() && !set.empty() && set.begin()->is_object() && set.begin()->contains("choices") && set.begin()->contains("subject");
}

std::vector<Sample> parse_science_qa(const Json& set, const std::string& split, const fs::path& images, Problems& problems) {
  std::vector<Sample> samples;
  for (const auto& [id, problem] : set.items()) {
    try {
      if (field<std::string>(problem, "split", "") == split) samples.push_back(science_question(id, problem, images));
    } catch (const Error& error) {
      problems.add("\"" + id + "\"", error.what());
    }
  }
  return samples;
}

bool is_vqa_v2(const Json& set) { return set.is_object() && set.contains("questions") && set["questions"].is_array(); }

std::vector<Sample> parse_vqa_v2(const Json& set, const fs::path& file, const fs::path& annotations, const fs::path& images, Problems& problems) {
  const auto subtype = field<std::string>(set, "data_subtype", file.string());
  const fs::path answers_file = annotations.empty() ? file.parent_path() / ("v2_mscoco_" + subtype + "_annotations.json") : annotations;
  const Json answers_set = read_json(answers_file);
  std::unordered_map<int64_t, const Json*> answers_of;
  for (const Json& entry : array_field(answers_set, "annotations", answers_file.string())) {
    answers_of[field<int64_t>(entry, "question_id", answers_file.string())] = &entry;
  }

  std::vector<Sample> samples;
  for (size_t i = 0; i < set["questions"].size(); ++i) {
    const Json& entry = set["questions"][i];
    std::string name = std::to_string(i);
    try {
      Sample sample;
      const auto id = field<int64_t>(entry, "question_id", "");
      sample.id = name = std::to_string(id);
      std::string image = std::to_string(field<int64_t>(entry, "image_id", ""));
      image.insert(0, 12 - std::min<size_t>(12, image.size()), '0');
      sample.images = {image_path(images, "COCO_" + subtype + "_" + image + ".jpg")};
      sample.messages = {{Role::USER, field<std::string>(entry, "question", "") + std::string(kShortAnswer), 1}};
      const auto found = answers_of.find(id);
      if (found == answers_of.end()) throw Error("answer: none in " + answers_file.string());
      sample.answers = human_answers(*found->second);
      sample.answer = field_or<std::string>(*found->second, "multiple_choice_answer", "", most_frequent(sample.answers));
      sample.categories = {field<std::string>(*found->second, "answer_type", "")};
      samples.push_back(std::move(sample));
    } catch (const Error& error) {
      problems.add(name, error.what());
    }
  }
  return samples;
}

bool is_viz_wiz(const Json& set) {
  return set.is_array() && !set.empty() && set.front().is_object() && set.front().contains("image") && set.front().contains("question");
}

std::vector<Sample> parse_viz_wiz(const Json& set, const fs::path& images, Problems& problems) {
  std::vector<Sample> samples;
  for (size_t i = 0; i < set.size(); ++i) {
    const Json& entry = set[i];
    std::string name = std::to_string(i);
    try {
      Sample sample;
      sample.id = field<std::string>(entry, "image", "");
      name = "\"" + sample.id + "\"";
      sample.images = {image_path(images, sample.id)};
      sample.messages = {{Role::USER, field<std::string>(entry, "question", "") + std::string(kUnanswerable) + std::string(kShortAnswer), 1}};
      sample.answers = human_answers(entry);
      sample.answer = most_frequent(sample.answers);
      sample.categories = {field_or<std::string>(entry, "answer_type", "", "other")};
      samples.push_back(std::move(sample));
    } catch (const Error& error) {
      problems.add(name, error.what());
    }
  }
  return samples;
}

}  // namespace qvlm
