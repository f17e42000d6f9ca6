// The evaluation loop over questions.
#include "core/evaluation/evaluate.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/evaluation/accuracy.h"
#include "core/evaluation/compared.h"
#include "core/evaluation/question_batches.h"
#include "core/evaluation/significance.h"
#include "core/evaluation/tallies.h"

namespace qvlm {

namespace {

constexpr size_t kKeptPictures = 64;

std::vector<int32_t> with_end(const BatchAnswer& answer) {
  std::vector<int32_t> tokens = answer.tokens;
  if (answer.end_token >= 0) tokens.push_back(answer.end_token);
  return tokens;
}

std::string text_of(const Tokenizer& tokenizer, const std::vector<int32_t>& tokens) {
  StreamingDecoder decoder(tokenizer);
  std::string text;
  for (const int32_t token : tokens) text += decoder.push(token);
  return text + decoder.finish();
}

/// What is asked, before it is answered.
QuestionAnswered describe(const PreparedQuestion& question) {
  const Sample& sample = *question.sample;
  QuestionAnswered answered;
  answered.index = question.index;
  answered.id = sample.id;
  for (const auto& category : sample.categories) {
    answered.category += (answered.category.empty() ? "" : ", ") + category;
  }
  if (!sample.messages.empty()) answered.question = sample.messages.back().text;
  answered.expected = sample.answer;
  for (const auto& path : sample.images) answered.images.push_back(path.string());
  answered.context = sample.images.empty() ? "text" : "image";
  answered.novel = sample.novel;
  return answered;
}

/// Everything that is counted over the questions.
struct Counts {
  AccuracyTally overall, novel, against;
  std::map<std::string, AccuracyTally> categories;
  TokenTally tokens, against_tokens;
  int asked = 0, compared = 0, agreements = 0, only_this = 0, only_against = 0, unscored = 0;

  void add(const Sample& sample, const QuestionAnswered& answered) {
    ++asked;
    overall.add(answered.right, answered.soft);
    for (const auto& category : sample.categories) categories[category].add(answered.right, answered.soft);
    if (sample.novel) novel.add(answered.right, answered.soft);
    if (answered.expected_tokens == 0) ++unscored;
    tokens.add_likelihood(answered.context, answered.expected_tokens, answered.expected_nll);
    if (!answered.against_right) return;
    ++compared;
    against.add(*answered.against_right);
    agreements += answered.agrees ? 1 : 0;
    only_this += answered.right && !*answered.against_right ? 1 : 0;
    only_against += !answered.right && *answered.against_right ? 1 : 0;
  }

  void fill(EvaluationFinished& finished) const {
    finished.overall = overall.result();
    finished.novel = novel.result();
    for (const auto& [category, tally] : categories) finished.categories[category] = tally.result();
    finished.likelihood = tokens.likelihood();
    finished.unscored = unscored;
    if (compared == 0) return;
    finished.agreement = static_cast<double>(agreements) / compared;
    finished.divergence = tokens.divergence();
    finished.mean_kl = mean_kl_of(finished.divergence);
    finished.against_likelihood = against_tokens.likelihood();
    finished.against_overall = against.result();
    finished.mcnemar = mcnemar_exact(only_this, only_against);
  }
};

/// Asks both models the questions of one batch.
class Asker {
 public:
  Asker(BatchGenerator& generator, const Tokenizer& tokenizer, const EvaluationOptions& options)
      : generator_(generator), tokenizer_(tokenizer), options_(options), other_(generator, options) {
    if (generator.config().vision) pictures_.emplace(generator.config(), kKeptPictures);
  }

  bool compares() const { return other_.exists(); }

  std::vector<QuestionAnswered> ask(const std::vector<const PreparedQuestion*>& batch, Counts& counts) {
    std::vector<std::vector<PromptPart>> prompts;
    for (const auto* question : batch) {
      prompts.push_back(prompt_parts(*question, pictures_ ? &*pictures_ : nullptr, options_.blank_images));
    }
    generator_.fill(prompts);
    const std::vector<BatchAnswer> answers = generator_.answer(options_.max_tokens);
    std::vector<QuestionAnswered> result;
    for (size_t i = 0; i < batch.size(); ++i) {
      QuestionAnswered answered = describe(*batch[i]);
      const std::vector<int32_t> tokens = with_end(answers[i]);
      answered.tokens.assign(tokens.begin(), tokens.end());
      answered.answer = text_of(tokenizer_, answers[i].tokens);
      answered.right = is_right(answered.answer, batch[i]->sample->answer);
      const auto& several = batch[i]->sample->answers;
      if (!several.empty()) answered.soft = vqa_accuracy(answered.answer, several);
      result.push_back(std::move(answered));
    }
    score_expected(batch, result);
    if (options_.record) record(result);
    if (compares()) compare(batch, prompts, result, counts);
    return result;
  }

 private:
  void score_expected(const std::vector<const PreparedQuestion*>& batch, std::vector<QuestionAnswered>& result) {
    std::vector<std::vector<int32_t>> expected;
    for (const auto* question : batch) expected.push_back(question->expected);
    const std::vector<double> nll = nll_of(generator_, expected);
    for (size_t i = 0; i < batch.size(); ++i) {
      result[i].expected_tokens = static_cast<int>(expected[i].size());
      result[i].expected_nll = nll[i];
    }
  }

  void record(const std::vector<QuestionAnswered>& result) {
    std::vector<std::vector<int32_t>> said;
    for (const auto& answered : result) said.emplace_back(answered.tokens.begin(), answered.tokens.end());
    generator_.force(said);
    for (size_t i = 0; i < result.size(); ++i) {
      options_.record->add(result[i].id, {said[i], result[i].right, result[i].expected_tokens, result[i].expected_nll,
                                          generator_.forced_logits(i, 0, static_cast<int64_t>(said[i].size()))});
    }
  }

  void compare(const std::vector<const PreparedQuestion*>& batch, const std::vector<std::vector<PromptPart>>& prompts,
               std::vector<QuestionAnswered>& result, Counts& counts) {
    std::vector<const BaselineAnswer*> known;
    for (const auto& answered : result) known.push_back(options_.baseline ? options_.baseline->find(answered.id) : nullptr);
    std::vector<BaselineAnswer> asked = other_.answers(prompts, known, options_.max_tokens);
    std::vector<std::vector<int32_t>> said, expected;
    for (size_t i = 0; i < batch.size(); ++i) {
      said.push_back(known[i] ? known[i]->tokens : asked[i].tokens);
      expected.push_back(known[i] ? std::vector<int32_t>() : batch[i]->expected);
    }
    const std::vector<double> other_nll = other_.nll(expected);
    const auto comparisons = other_.compare(generator_, prompts, said, known);
    for (size_t i = 0; i < batch.size(); ++i) {
      QuestionAnswered& answered = result[i];
      const std::vector<int32_t> own(answered.tokens.begin(), answered.tokens.end());
      answered.agrees = own == said[i];
      answered.against_right =
          known[i] ? known[i]->right : is_right(text_of(tokenizer_, without_end(said[i])), batch[i]->sample->answer);
      counts.against_tokens.add_likelihood(
          answered.context, known[i] ? known[i]->expected_tokens : static_cast<int64_t>(expected[i].size()),
          known[i] ? known[i]->expected_nll : other_nll[i]);
      if (comparisons.empty()) continue;
      answered.compared_tokens = static_cast<int>(comparisons[i].rows);
      answered.same_top = static_cast<int>(comparisons[i].same_top);
      answered.kl = comparisons[i].rows ? comparisons[i].kl / static_cast<double>(comparisons[i].rows) : 0;
      counts.tokens.add_comparison(answered.context, comparisons[i]);
    }
  }

  std::vector<int32_t> without_end(std::vector<int32_t> tokens) const {
    const auto& ends = generator_.config().tokens.end;
    if (!tokens.empty() && std::find(ends.begin(), ends.end(), tokens.back()) != ends.end()) tokens.pop_back();
    return tokens;
  }

  BatchGenerator& generator_;
  const Tokenizer& tokenizer_;
  const EvaluationOptions& options_;
  ComparedModel other_;
  std::optional<PictureReader> pictures_;
};

}  // namespace

EvaluationFinished evaluate(BatchGenerator& generator, const Tokenizer& tokenizer, std::span<const Sample> questions,
                            const EvaluationOptions& options, const EvaluationListener& listener,
                            std::stop_token stop) {
  const auto begin = std::chrono::steady_clock::now();
  if (questions.empty()) throw Error(options.questions_path + ": the set has no questions");
  if (options.baseline) check_baseline(*options.baseline, questions, options);
  Asker asker(generator, tokenizer, options);
  listener(
      EvaluationStarted{options.model, options.questions_path, static_cast<int>(questions.size()), generator.info()});

  const auto prepared = prepare_questions(tokenizer, generator.config(), generator.context_length(), questions);
  const auto batches = make_question_batches(prepared, generator, options.batch, options.max_tokens);
  Counts counts;
  EvaluationFinished finished;
  for (const auto& batch : batches) {
    if (stop.stop_requested()) {
      finished.stopped = true;
      break;
    }
    // A batch is answered whole: a stop in its middle would count a cut answer as wrong.
    for (const QuestionAnswered& answered : asker.ask(batch, counts)) {
      counts.add(questions[static_cast<size_t>(answered.index)], answered);
      listener(answered);
    }
  }
  counts.fill(finished);
  if (asker.compares() && counts.asked > 0) finished.against = options.against_model;
  finished.blank_images = options.blank_images;
  finished.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  finished.info = generator.info();
  listener(finished);
  return finished;
}

}  // namespace qvlm
