// Tokenizing questions and expected answers, and grouping.
#include "core/evaluation/question_batches.h"

#include <algorithm>
#include <map>
#include <string>

#include "core/base/error.h"

namespace qvlm {

namespace {

/// What the template puts behind `prompt` for `answer`, cut behind its end token, or before the white space that it
/// ends with where it writes none. Empty where the dialogue does not begin with the prompt.
std::vector<int32_t> expected_tokens(const Tokenizer& tokenizer, const VlmConfig& config, const Sample& question,
                                     const std::vector<PromptSegment>& prompt) {
  std::vector<Message> dialogue = question.messages;
  dialogue.push_back({Role::ASSISTANT, question.answer, 0});
  const std::vector<int32_t> whole = flat_ids(build_dialogue(tokenizer, config, dialogue), config);
  const std::vector<int32_t> begin = flat_ids(prompt, config);
  if (whole.size() <= begin.size() || !std::equal(begin.begin(), begin.end(), whole.begin())) return {};
  std::vector<int32_t> tokens(whole.begin() + static_cast<ptrdiff_t>(begin.size()), whole.end());
  const std::vector<int>& ends = config.tokens.end;
  const auto end = std::find_first_of(tokens.begin(), tokens.end(), ends.begin(), ends.end());
  if (end != tokens.end()) {
    tokens.erase(end + 1, tokens.end());
    return tokens;
  }
  const auto is_blank = [&](int32_t id) {
    return tokenizer.bytes_of(id, false).find_first_not_of(" \t\r\n") == std::string::npos;
  };
  while (!tokens.empty() && is_blank(tokens.back())) tokens.pop_back();
  return tokens;
}

/// Questions over the same pictures.
struct Group {
  std::vector<const PreparedQuestion*> questions;
  int64_t longest = 0;
};

}  // namespace

std::vector<PreparedQuestion> prepare_questions(const Tokenizer& tokenizer, const VlmConfig& config, int64_t context,
                                                std::span<const Sample> questions) {
  std::vector<PreparedQuestion> prepared;
  for (const Sample& sample : questions) {
    PreparedQuestion question;
    question.sample = &sample;
    question.index = static_cast<int>(prepared.size());
    try {
      question.prompt = build_prompt(tokenizer, config, sample.messages);
      question.rows = prompt_rows(question.prompt, config);
      check_prompt_fits(question.rows, context);
      if (!sample.answer.empty()) question.expected = expected_tokens(tokenizer, config, sample, question.prompt);
    } catch (const Error& error) {
      throw Error("question \"" + sample.id + "\": " + error.what());
    }
    if (question.rows + static_cast<int64_t>(question.expected.size()) > context) question.expected.clear();
    prepared.push_back(std::move(question));
  }
  return prepared;
}

std::vector<std::vector<const PreparedQuestion*>> make_question_batches(const std::vector<PreparedQuestion>& questions,
                                                                        const BatchGenerator& generator, int64_t most,
                                                                        int64_t answer_tokens) {
  std::vector<const PreparedQuestion*> order;
  if (std::min(most, generator.most_prompts(1)) <= 1) {  // one by one
    for (const PreparedQuestion& question : questions) order.push_back(&question);
  } else {
    std::map<std::vector<std::filesystem::path>, Group> by_pictures;
    for (const PreparedQuestion& question : questions) {
      // Questions without a picture have nothing in common but their length.
      auto key = question.sample->images;
      if (key.empty()) key.emplace_back(std::to_string(question.rows));
      Group& group = by_pictures[key];
      group.questions.push_back(&question);
      group.longest = std::max(group.longest, question.rows);
    }
    std::vector<const Group*> groups;
    for (const auto& [key, group] : by_pictures) groups.push_back(&group);
    std::stable_sort(groups.begin(), groups.end(), [](const Group* a, const Group* b) { return a->longest < b->longest; });
    for (const Group* group : groups) order.insert(order.end(), group->questions.begin(), group->questions.end());
  }

  std::vector<std::vector<const PreparedQuestion*>> batches;
  int64_t longest = 0;
  for (const PreparedQuestion* question : order) {
    const int64_t behind = std::max<int64_t>(answer_tokens, static_cast<int64_t>(question->expected.size()));
    const int64_t with = std::max(longest, std::min(question->rows + behind, generator.context_length()));
    const auto count = batches.empty() ? 0 : static_cast<int64_t>(batches.back().size());
    if (count == 0 || count >= most || count >= generator.most_prompts(with)) {
      batches.emplace_back();
      longest = 0;
    }
    longest = std::max(longest, std::min(question->rows + behind, generator.context_length()));
    batches.back().push_back(question);
  }
  return batches;
}

std::vector<PromptPart> prompt_parts(const PreparedQuestion& question, PictureReader* pictures, bool blank_images) {
  std::vector<PromptPart> parts;
  for (const PromptSegment& segment : question.prompt) {
    if (segment.image < 0) {
      parts.emplace_back(segment.ids);
      continue;
    }
    const auto& images = question.sample->images;
    if (!pictures || segment.image >= static_cast<int>(images.size())) {
      throw Error("question \"" + question.sample->id + "\": picture " + std::to_string(segment.image + 1) + " of " +
                  std::to_string(images.size()) + " is asked about");
    }
    const auto& path = images[static_cast<size_t>(segment.image)];
    try {
      parts.emplace_back((blank_images ? pictures->blank(path) : pictures->read(path))->pixels);
    } catch (const Error& error) {
      throw Error("question \"" + question.sample->id + "\": " + error.what());
    }
  }
  return parts;
}

}  // namespace qvlm
