// Recognises the set's form by its content, draws the subset, and checks that its pictures are there.
#include "core/data/question_set.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/data/llava_conversations.h"
#include "core/data/problems.h"
#include "core/data/question_formats.h"

namespace qvlm {
namespace {

namespace fs = std::filesystem;

std::vector<Sample> read_json_lines(const fs::path& path, const fs::path& images, Problems& problems) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string() + ": cannot be read");
  std::vector<Sample> samples;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::string name = "in line " + std::to_string(number);
    try {
      const Json entry = parse_json(line, "");
      Sample sample;
      sample.id = field<std::string>(entry, "id", "");
      name = "\"" + sample.id + "\"";
      for (const std::string& image : field_or<std::vector<std::string>>(entry, "images", "", {})) sample.images.push_back(image_path(images, image));
      sample.messages = {{Role::USER, field<std::string>(entry, "question", ""), static_cast<int>(sample.images.size())}};
      sample.answer = field<std::string>(entry, "answer", "");
      if (sample.answer.empty()) throw Error::in("", "answer", "a text", "an empty one");
      sample.answers = field_or<std::vector<std::string>>(entry, "answers", "", {});
      if (has_field(entry, "category")) sample.categories = {field<std::string>(entry, "category", "")};
      sample.novel = field_or<bool>(entry, "novel", "", false);
      samples.push_back(std::move(sample));
    } catch (const Error& error) {
      problems.add(name, error.what());
    }
  }
  return samples;
}

/// One question for each answer of a dialogue.
std::vector<Sample> questions_of_dialogues(std::vector<Sample> dialogues, Problems& problems) {
  std::vector<Sample> questions;
  for (const Sample& dialogue : dialogues) {
    int answers = 0, images = 0;
    for (size_t i = 0; i < dialogue.messages.size(); ++i) {
      images += dialogue.messages[i].images;
      if (i == 0 || dialogue.messages[i].role != Role::ASSISTANT || dialogue.messages[i - 1].role != Role::USER) continue;
      Sample question;
      question.id = dialogue.id + (answers++ == 0 ? "" : "/" + std::to_string(answers));
      question.images.assign(dialogue.images.begin(), dialogue.images.begin() + images);
      question.messages.assign(dialogue.messages.begin(), dialogue.messages.begin() + static_cast<std::ptrdiff_t>(i));
      question.answer = dialogue.messages[i].text;
      questions.push_back(std::move(question));
    }
    if (answers == 0) problems.add("\"" + dialogue.id + "\"", "conversations: expected an answer (\"from\": \"gpt\") after a question, found none");
  }
  return questions;
}

std::vector<Sample> read_any(const fs::path& path, const QuestionOptions& options, Problems& problems) {
  const fs::path images = options.images.empty() ? path.parent_path() : options.images;
  if (path.extension() == ".jsonl") return read_json_lines(path, images, problems);
  const Json set = read_json(path);
  if (is_llava_conversations(set)) return questions_of_dialogues(parse_llava_conversations(set, path.string(), images, problems), problems);
  if (is_science_qa(set)) return parse_science_qa(set, options.split, images, problems);
  if (is_vqa_v2(set)) return parse_vqa_v2(set, path, options.annotations, images, problems);
  if (is_viz_wiz(set)) return parse_viz_wiz(set, images, problems);
  throw Error::in(path.string(), "", "a question set (JSON lines, LLaVA conversations, ScienceQA, VQAv2 questions or VizWiz annotations)", describe(set));
}

}  // namespace

std::vector<Sample> read_question_set(const fs::path& path, const QuestionOptions& options) {
  std::error_code status;
  if (!fs::exists(path, status)) throw Error(path.string() + ": no such file or folder");
  if (fs::is_directory(path)) {
    for (const char* name : {"questions.jsonl", "problems.json", "conversations.json"}) {
      if (fs::exists(path / name)) return read_question_set(path / name, options);
    }
    throw Error::in(path.string(), "", "questions.jsonl, problems.json or conversations.json", "none of them");
  }
  Problems problems(path);
  auto samples = read_any(path, options, problems);
  check_ids(samples, problems);
  problems.throw_if_any();
  if (samples.empty()) throw Error::in(path.string(), "", "at least one question", "none");
  samples = select_samples(std::move(samples), options.samples, options.seed);
  check_images(samples, problems);
  problems.throw_if_any();
  return samples;
}

}  // namespace qvlm
