// Which questions are asked together: those over the same pictures side by side, batches of similar length.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data/sample.h"
#include "core/inference/batch.h"
#include "core/inference/pictures.h"
#include "core/input/prompt.h"
#include "core/input/tokenizer.h"

namespace qvlm {

/// A question as the model reads it.
struct PreparedQuestion {
  const Sample* sample = nullptr;
  int index = 0;  // in the set
  std::vector<PromptSegment> prompt;
  int64_t rows = 0;               // of the prompt in the decoder
  std::vector<int32_t> expected;  // the expected answer's tokens as the template writes them, with an end token where it
                                  // has one; empty: the template's prompt is not the beginning of its dialogue
};

/// Throws Error naming the question: a template that is not known, a prompt longer than `context` leaves room for.
std::vector<PreparedQuestion> prepare_questions(const Tokenizer& tokenizer, const VlmConfig& config, int64_t context,
                                                std::span<const Sample> questions);

/// The order in which questions are asked, and where batches end. At most `most` a batch and as many as fit with
/// `answer_tokens` behind each prompt; one by one (`most` 1, or the generator has no batches): in the set's order.
std::vector<std::vector<const PreparedQuestion*>> make_question_batches(const std::vector<PreparedQuestion>& questions,
                                                                        const BatchGenerator& generator, int64_t most,
                                                                        int64_t answer_tokens);

/// The parts of a prompt, its pictures read. `pictures` may be null for a model without a tower.
std::vector<PromptPart> prompt_parts(const PreparedQuestion& question, PictureReader* pictures, bool blank_images);

}  // namespace qvlm
