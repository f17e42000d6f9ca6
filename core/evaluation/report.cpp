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

}  // namespace

std::string to_text(const EvaluationFinished& result) {
  size_t width = 18;
  for (const auto& [category, accuracy] : result.categories) width = std::max(width, category.size());
  std::string text = fmt::format("Answers compared whole{}{}\n", result.blank_images ? ", every picture blanked" : "",
                                 result.stopped ? ", stopped before the end" : "");
  for (const auto& [category, accuracy] : result.categories) text += row(category, accuracy, width);
  text += row("all", result.overall, width);
  if (result.novel.total > 0) text += row("never trained on", result.novel, width);
  if (!result.against.empty()) {
    text += fmt::format("Against {}: mean KL {:.2e} nats a token, the same greedy answer {:.1f} %\n", result.against,
                        result.mean_kl, 100 * result.agreement);
  }
  text += fmt::format("{} on {}: {:.2f}-bit weights, {}-bit activations, {:.1f} MiB on the device, {:.1f} s\n",
                      result.info.backend, result.info.device, result.info.weight_bits, result.info.activation_bits,
                      static_cast<double>(result.info.total_bytes) / (1024.0 * 1024), result.seconds);
  if (!result.info.activation_note.empty()) text += result.info.activation_note + "\n";
  return text;
}

}  // namespace qvlm
