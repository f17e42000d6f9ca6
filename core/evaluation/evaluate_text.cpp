// The evaluation loop over a plain text.
#include <algorithm>
#include <chrono>
#include <vector>

#include "core/base/error.h"
#include "core/evaluation/compared.h"
#include "core/evaluation/evaluate.h"
#include "core/evaluation/tallies.h"

namespace qvlm {

namespace {

/// A stretch of the text: what stands before its first scored token, and the scored tokens.
struct Stretch {
  int32_t before = 0;
  std::vector<int32_t> tokens;
};

std::vector<Stretch> cut(const std::vector<int32_t>& ids, int32_t begin, int64_t context) {
  std::vector<Stretch> stretches;
  size_t at = 0;
  while (at < ids.size()) {
    Stretch stretch;
    stretch.before = begin >= 0 ? begin : ids[at++];
    const size_t count = std::min(ids.size() - at, static_cast<size_t>(context) - 1);
    stretch.tokens.assign(ids.begin() + static_cast<ptrdiff_t>(at), ids.begin() + static_cast<ptrdiff_t>(at + count));
    at += count;
    if (!stretch.tokens.empty()) stretches.push_back(std::move(stretch));
  }
  return stretches;
}

std::string id_of(size_t index) { return "text/" + std::to_string(index); }

}  // namespace

EvaluationFinished evaluate_text(BatchGenerator& generator, const Tokenizer& tokenizer, std::string_view text,
                                 int limit, const EvaluationOptions& options, const EvaluationListener& listener,
                                 std::stop_token stop) {
  const auto start = std::chrono::steady_clock::now();
  if (generator.context_length() < 2) throw Error("a text is scored in a context of at least 2 positions");
  const bool begins = tokenizer.data().add_begin && tokenizer.data().begin >= 0;
  std::vector<Stretch> stretches = cut(tokenizer.encode(text, false), begins ? tokenizer.data().begin : -1, generator.context_length());
  if (stretches.empty()) throw Error(options.questions_path + ": the text has fewer than two tokens");
  if (limit > 0 && stretches.size() > static_cast<size_t>(limit)) stretches.resize(static_cast<size_t>(limit));
  listener(EvaluationStarted{options.model, options.questions_path, static_cast<int>(stretches.size()), generator.info()});

  ComparedModel other(generator, options);
  TokenTally tally, other_tally;
  EvaluationFinished finished;
  const auto most = static_cast<size_t>(
      std::clamp<int64_t>(generator.most_prompts(generator.context_length()), 1, std::max(1, options.batch)));
  for (size_t first = 0; first < stretches.size(); first += most) {
    if (stop.stop_requested()) {
      finished.stopped = true;
      break;
    }
    const size_t count = std::min(most, stretches.size() - first);
    std::vector<std::vector<PromptPart>> prompts;
    std::vector<std::vector<int32_t>> tokens;
    std::vector<const BaselineAnswer*> known;
    for (size_t i = first; i < first + count; ++i) {
      prompts.push_back({std::vector<int32_t>{stretches[i].before}});
      tokens.push_back(stretches[i].tokens);
      known.push_back(options.baseline ? options.baseline->find(id_of(i)) : nullptr);
    }
    generator.fill(prompts);
    const std::vector<double> nll = nll_of(generator, tokens);
    std::vector<double> other_nll(count, 0);
    std::vector<RowComparison> compared;
    if (other.exists()) {
      const bool all_known = std::find(known.begin(), known.end(), nullptr) == known.end();
      if (!all_known && !options.against) throw Error(options.against_model + ": has no answers about this text");
      other.answers(prompts, known, 0);
      if (!all_known) other_nll = other.nll(tokens);
      compared = other.compare(generator, prompts, tokens, known);
    }
    for (size_t i = 0; i < count; ++i) {
      const auto length = static_cast<int64_t>(tokens[i].size());
      TextScored scored{static_cast<int>(first + i), static_cast<int>(length), nll[i]};
      tally.add_likelihood("text", length, nll[i]);
      if (other.exists()) other_tally.add_likelihood("text", length, known[i] ? known[i]->expected_nll : other_nll[i]);
      if (!compared.empty()) {
        scored.kl = compared[i].kl / static_cast<double>(length);
        scored.same_top = static_cast<int>(compared[i].same_top);
        tally.add_comparison("text", compared[i]);
      }
      if (options.record) {
        // Logits are asked for only where there is room for them.
        BaselineAnswer answer{tokens[i], false, static_cast<int>(length), nll[i], {}};
        if (options.record->has_room(length * generator.config().decoder.vocabulary)) {
          answer.logits = generator.forced_logits(i, 0, length);
        }
        options.record->add(id_of(first + i), std::move(answer));
      }
      listener(scored);
    }
  }
  finished.likelihood = tally.likelihood();
  if (other.exists()) {
    finished.against = options.against_model;
    finished.divergence = tally.divergence();
    finished.mean_kl = mean_kl_of(finished.divergence);
    finished.against_likelihood = other_tally.likelihood();
  }
  finished.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  finished.info = generator.info();
  listener(finished);
  return finished;
}

}  // namespace qvlm
