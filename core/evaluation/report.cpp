// The result of an evaluation as a table.
#include <fmt/format.h>

#include <algorithm>

#include "core/evaluation/evaluate.h"

namespace qvlm {

namespace {

std::string row(const std::string& name, const Accuracy& accuracy, size_t width) {
  std::string line =
      fmt::format("  {:{}}  {:5.1f} %  {:>4} of {:<4}  (95 %: {:4.1f} to {:4.1f})", name, width, 100 * accuracy.value(),
                  accuracy.right, accuracy.total, 100 * accuracy.low, 100 * accuracy.high);
  if (accuracy.soft) line += fmt::format("  VQA accuracy {:.1f}", 100 * *accuracy.soft);
  return line + "\n";
}

std::string comparison(const EvaluationFinished& result) {
  std::string text = fmt::format("Against {}:\n", result.against);
  for (const auto& [context, divergence] : result.divergence) {
    if (context == "all" && result.divergence.size() == 2) continue;
    text += fmt::format("  {}: mean KL {:.2e} nats a token, the same most likely token at {:.1f} % of {}\n", context,
                        divergence.kl, 100 * divergence.top1, divergence.tokens);
  }
  if (result.divergence.empty()) text += "  no KL: the other model's logits are not at hand (--against MODEL)\n";
  if (result.against_overall) {
    text += fmt::format("  the same greedy answer to {:.1f} % of the questions; it has {:.1f} % right\n",
                        100 * result.agreement, 100 * result.against_overall->value());
  }
  if (result.mcnemar) {
    text += fmt::format("  right here alone {}, right there alone {}: McNemar's exact test p = {:.3g}\n",
                        result.mcnemar->only_this, result.mcnemar->only_against, result.mcnemar->p_value);
  }
  return text;
}

}  // namespace

std::string to_text(const EvaluationFinished& result) {
  size_t width = 18;
  for (const auto& [category, accuracy] : result.categories) width = std::max(width, category.size());
  std::string text;
  if (result.overall.total > 0) {
    text += fmt::format("Answers compared whole{}{}\n", result.blank_images ? ", every picture blanked" : "",
                        result.stopped ? ", stopped before the end" : "");
    for (const auto& [category, accuracy] : result.categories) text += row(category, accuracy, width);
    text += row("all", result.overall, width);
    if (result.novel.total > 0) text += row("never trained on", result.novel, width);
  } else if (result.stopped) {
    text += "Stopped before the end\n";
  }
  const char* of_what = result.overall.total > 0 ? "of the expected answers" : "of the text";
  for (const auto& [context, likelihood] : result.likelihood) {
    if (context == "all" && result.likelihood.size() == 2) continue;  // the same as the one context
    text += fmt::format("Perplexity {} ({}): {:.4f}", of_what, context, likelihood.perplexity());
    const auto other = result.against_likelihood.find(context);
    if (other != result.against_likelihood.end()) {
      text += fmt::format(", {:.4f} of {}", other->second.perplexity(), result.against);
    }
    text += fmt::format(", over {} tokens\n", likelihood.tokens);
  }
  if (result.unscored > 0) {
    text += fmt::format("{} expected answers are not in the perplexity: the template's dialogue does not begin with its "
                        "prompt, or the context is too short\n", result.unscored);
  }
  if (!result.against.empty()) text += comparison(result);
  text += fmt::format("{} on {}: {:.2f}-bit weights, {}-bit activations, {:.1f} MiB on the device, {:.1f} s\n",
                      result.info.backend, result.info.device, result.info.weight_bits, result.info.activation_bits,
                      static_cast<double>(result.info.total_bytes) / (1024.0 * 1024), result.seconds);
  if (!result.info.activation_note.empty()) text += result.info.activation_note + "\n";
  return text;
}

}  // namespace qvlm
