// The evaluation loop.
#include "core/evaluation/evaluate.h"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/evaluation/accuracy.h"
#include "core/evaluation/divergence.h"
#include "core/inference/answer.h"
#include "core/inference/chat.h"

namespace qvlm {

namespace {

/// A running accuracy with its soft mean.
class Tally {
 public:
  void add(const QuestionAnswered& answered) {
    accuracy_.total += 1;
    accuracy_.right += answered.right ? 1 : 0;
    if (answered.soft) soft_ += *answered.soft;
    soft_count_ += answered.soft ? 1 : 0;
  }
  Accuracy result() const {
    Accuracy accuracy = accuracy_;
    fill_wilson_interval(accuracy);
    if (soft_count_ > 0) accuracy.soft = soft_ / soft_count_;
    return accuracy;
  }

 private:
  Accuracy accuracy_;
  double soft_ = 0;
  int soft_count_ = 0;
};

/// The tokens that an answer consists of, its end token included where it has one.
std::vector<int32_t> forced_tokens(const Answer& answer) {
  std::vector<int32_t> tokens = answer.tokens;
  if (answer.end_token >= 0) tokens.push_back(answer.end_token);
  return tokens;
}

/// Logits that predict each of `tokens` behind the prompt, [tokens, vocabulary].
std::vector<float> forced_logits(Sequence& sequence, const std::vector<PromptPart>& prompt,
                                 const std::vector<int32_t>& tokens, std::stop_token stop) {
  Generator& generator = sequence.generator();
  const int64_t vocabulary = generator.config().decoder.vocabulary;
  std::vector<float> logits;
  logits.reserve(tokens.size() * static_cast<size_t>(vocabulary));
  sequence.fill(prompt, stop);
  const std::vector<float> first = generator.last_logits(1);
  logits.insert(logits.end(), first.begin(), first.end());
  if (tokens.size() > 1) {
    std::vector<PromptPart> longer = prompt;
    longer.emplace_back(std::vector<int32_t>(tokens.begin(), tokens.end() - 1));
    sequence.fill(longer, stop);  // computes at least the forced tokens
    const std::vector<float> rest = generator.last_logits(static_cast<int64_t>(tokens.size()) - 1);
    logits.insert(logits.end(), rest.begin(), rest.end());
  }
  return logits;
}

/// One model with what it needs to be asked.
class Respondent {
 public:
  Respondent(Generator& generator, const Tokenizer& tokenizer) : tokenizer_(tokenizer), sequence_(generator) {
    if (generator.config().vision) pictures_.emplace(generator.config());
  }

  Prompt prompt_of(const Sample& question, bool blank_images) {
    return make_prompt(tokenizer_, sequence_.generator().config(), question.messages, question.images,
                       pictures_ ? &*pictures_ : nullptr, blank_images);
  }

  Answer answer(const Prompt& prompt, int max_tokens, std::stop_token stop) {
    sequence_.fill(prompt.parts, stop);
    return continue_sequence(sequence_, tokenizer_, {}, max_tokens, {}, stop);
  }

  Sequence& sequence() { return sequence_; }

 private:
  const Tokenizer& tokenizer_;
  Sequence sequence_;
  std::optional<PictureReader> pictures_;
};

/// What is asked, before it is answered.
QuestionAnswered describe(const Sample& question, int index) {
  QuestionAnswered answered;
  answered.index = index;
  answered.id = question.id;
  for (const auto& category : question.categories)
    answered.category += (answered.category.empty() ? "" : ", ") + category;
  if (!question.messages.empty()) answered.question = question.messages.back().text;
  answered.expected = question.answer;
  for (const auto& path : question.images) answered.images.push_back(path.string());
  answered.novel = question.novel;
  return answered;
}

void check_comparable(const Generator& generator, const EvaluationOptions& options) {
  if (!options.against) return;
  const int here = generator.config().decoder.vocabulary, there = options.against->config().decoder.vocabulary;
  if (here != there) {
    throw Error("cannot compare " + options.model + " with " + options.against_model + ": their vocabularies have " +
                std::to_string(here) + " and " + std::to_string(there) + " tokens");
  }
}

}  // namespace

EvaluationFinished evaluate(Generator& generator, const Tokenizer& tokenizer, std::span<const Sample> questions,
                            const EvaluationOptions& options, const EvaluationListener& listener,
                            std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  check_comparable(generator, options);
  if (questions.empty()) throw Error(options.questions_path + ": the set has no questions");
  listener(
      EvaluationStarted{options.model, options.questions_path, static_cast<int>(questions.size()), generator.info()});

  Respondent here(generator, tokenizer);
  std::optional<Respondent> there;
  if (options.against) there.emplace(*options.against, tokenizer);
  Tally overall, novel;
  std::map<std::string, Tally> categories;
  double kl = 0;
  int agreements = 0, asked = 0;
  EvaluationFinished finished;

  for (const Sample& question : questions) {
    if (stop.stop_requested()) {
      finished.stopped = true;
      break;
    }
    QuestionAnswered answered = describe(question, asked);
    // A question is answered whole: a stop in its middle would count a cut answer as wrong.
    const Prompt prompt = here.prompt_of(question, options.blank_images);
    const Answer answer = here.answer(prompt, options.max_tokens, {});
    answered.answer = answer.text;
    if (there) {
      const Prompt other_prompt = there->prompt_of(question, options.blank_images);
      const Answer other = there->answer(other_prompt, options.max_tokens, {});
      const std::vector<int32_t> forced = forced_tokens(other);
      answered.agrees = forced == forced_tokens(answer);
      answered.kl = mean_kl_divergence(forced_logits(there->sequence(), other_prompt.parts, forced, {}),
                                       forced_logits(here.sequence(), prompt.parts, forced, {}),
                                       generator.config().decoder.vocabulary);
      kl += answered.kl;
      agreements += answered.agrees ? 1 : 0;
    }
    answered.right = is_right(answered.answer, question.answer);
    if (!question.answers.empty()) answered.soft = vqa_accuracy(answered.answer, question.answers);
    overall.add(answered);
    for (const auto& category : question.categories) categories[category].add(answered);
    if (question.novel) novel.add(answered);
    ++asked;
    listener(answered);
  }

  finished.overall = overall.result();
  finished.novel = novel.result();
  for (const auto& [category, tally] : categories) finished.categories[category] = tally.result();
  if (there && asked > 0) {
    finished.mean_kl = kl / asked;
    finished.agreement = static_cast<double>(agreements) / asked;
    finished.against = options.against_model;
  }
  finished.blank_images = options.blank_images;
  finished.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  finished.info = generator.info();
  listener(finished);
  return finished;
}

}  // namespace qvlm
