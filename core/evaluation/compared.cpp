// Comparing row by row, a few rows of logits at a time.
#include "core/evaluation/compared.h"

#include <algorithm>

#include "core/base/error.h"

namespace qvlm {

namespace {

/// Rows of logits that are looked at together: 4 Mi numbers.
int64_t rows_at_once(const BatchGenerator& generator) {
  return std::max<int64_t>(1, (int64_t{1} << 22) / std::max(1, generator.config().decoder.vocabulary));
}

}  // namespace

std::vector<double> nll_of(BatchGenerator& generator, const std::vector<std::vector<int32_t>>& continuations) {
  std::vector<double> sums(continuations.size(), 0);
  if (std::all_of(continuations.begin(), continuations.end(), [](const auto& tokens) { return tokens.empty(); })) {
    return sums;
  }
  generator.force(continuations);
  const int64_t vocabulary = generator.config().decoder.vocabulary, most = rows_at_once(generator);
  for (size_t i = 0; i < continuations.size(); ++i) {
    const auto total = static_cast<int64_t>(continuations[i].size());
    for (int64_t first = 0; first < total; first += most) {
      const int64_t count = std::min(most, total - first);
      const std::span tokens = std::span(continuations[i]).subspan(static_cast<size_t>(first), static_cast<size_t>(count));
      sums[i] += negative_log_likelihood(generator.forced_logits(i, first, count), tokens, vocabulary);
    }
  }
  return sums;
}

void check_baseline(const Baseline& baseline, std::span<const Sample> questions, const EvaluationOptions& options) {
  if (options.against) return;
  for (const Sample& question : questions) {
    const BaselineAnswer* answer = baseline.find(question.id);
    if (answer == nullptr) {
      throw Error(options.against_model + ": has no answer to question \"" + question.id + "\" of " +
                  options.questions_path);
    }
  }
}

BatchGenerator& ComparedModel::model() {
  if (model_ == nullptr) {
    model_ = &options_.against();
    const int here = here_.config().decoder.vocabulary, there = model_->config().decoder.vocabulary;
    if (here != there) {
      throw Error("cannot compare " + options_.model + " with " + options_.against_model +
                  ": their vocabularies have " + std::to_string(here) + " and " + std::to_string(there) + " tokens");
    }
  }
  return *model_;
}

void ComparedModel::fill(const std::vector<std::vector<PromptPart>>& prompts) {
  if (!filled_) model().fill(prompts);
  filled_ = true;
}

std::vector<BaselineAnswer> ComparedModel::answers(const std::vector<std::vector<PromptPart>>& prompts,
                                                   const std::vector<const BaselineAnswer*>& known, int max_tokens) {
  filled_ = false;
  std::vector<BaselineAnswer> result(prompts.size());
  if (std::find(known.begin(), known.end(), nullptr) == known.end()) return result;
  fill(prompts);
  const std::vector<BatchAnswer> answers = model().answer(max_tokens);
  for (size_t i = 0; i < answers.size(); ++i) {
    result[i].tokens = answers[i].tokens;
    if (answers[i].end_token >= 0) result[i].tokens.push_back(answers[i].end_token);
  }
  return result;
}

std::vector<double> ComparedModel::nll(const std::vector<std::vector<int32_t>>& continuations) {
  return filled_ ? nll_of(model(), continuations) : std::vector<double>(continuations.size(), 0);
}

std::vector<RowComparison> ComparedModel::compare(BatchGenerator& here,
                                                  const std::vector<std::vector<PromptPart>>& prompts,
                                                  const std::vector<std::vector<int32_t>>& said,
                                                  const std::vector<const BaselineAnswer*>& known) {
  const int64_t vocabulary = here.config().decoder.vocabulary, most = rows_at_once(here);
  const bool kept = std::all_of(known.begin(), known.end(), [&](const BaselineAnswer* answer) {
    return answer != nullptr && answer->logits.size() == answer->tokens.size() * static_cast<size_t>(vocabulary);
  });
  if (!kept && !options_.against) return {};
  if (!kept) {
    fill(prompts);
    model().force(said);
  }
  here.force(said);
  std::vector<RowComparison> result(said.size());
  for (size_t i = 0; i < said.size(); ++i) {
    const auto total = static_cast<int64_t>(said[i].size());
    for (int64_t first = 0; first < total; first += most) {
      const int64_t count = std::min(most, total - first);
      const std::vector<float> ours = here.forced_logits(i, first, count);
      std::vector<float> theirs;
      std::span<const float> reference;
      if (kept) {
        reference = std::span(known[i]->logits).subspan(static_cast<size_t>(first * vocabulary), ours.size());
      } else {
        theirs = model().forced_logits(i, first, count);
        reference = theirs;
      }
      const RowComparison rows = compare_rows(reference, ours, vocabulary);
      result[i].rows += rows.rows;
      result[i].kl += rows.kl;
      result[i].same_top += rows.same_top;
    }
  }
  return result;
}

}  // namespace qvlm
