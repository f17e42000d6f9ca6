// When an answer counts as right, and how sure a share of right answers is.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/evaluation/evaluation_events.h"

namespace qvlm {

/// Trimmed, lower case (ASCII), runs of white space as one space, without a final full stop: what is compared.
std::string normalized_answer(std::string_view answer);

/// Normalised exact match of the whole answer. Where one capital letter is expected (ScienceQA's options), the letter that
/// the answer names counts, as LLaVA's evaluation reads it: "B", "B. text", or "The answer is B." once.
bool is_right(std::string_view answer, std::string_view expected);

/// An answer as the VQA benchmark compares it (Antol et al. 2015, its evaluation code): lower case, punctuation and the
/// articles a, an, the left out, number words up to ten as digits. Apostrophes are left out too, in place of that code's
/// table of contractions: "dont" is "don't".
std::string vqa_normalized_answer(std::string_view answer);

/// VQA accuracy (Antol et al. 2015): the mean over the subsets that leave one of the human answers out of min(1,
/// matches / 3), answers compared by vqa_normalized_answer. 0 for none.
double vqa_accuracy(std::string_view answer, std::span<const std::string> human_answers);

/// Fills low and high with the 95 % Wilson score interval (Wilson 1927) of right / total; 0..1 for no questions.
void fill_wilson_interval(Accuracy& accuracy);

}  // namespace qvlm
