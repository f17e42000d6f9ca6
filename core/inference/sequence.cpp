// Prefix reuse over any Generator.
#include "core/inference/sequence.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace qvlm {

std::vector<Sequence::Unit> Sequence::units_of(std::span<const PromptPart> prompt) const {
  std::vector<Unit> units;
  for (const PromptPart& part : prompt) {
    if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
      for (const int32_t token : *tokens) units.push_back({false, static_cast<uint64_t>(token), 1});
    } else {
      const auto& vision = generator_.config().vision;
      if (!vision) throw Error(generator_.config().name + ": this model takes no pictures");
      units.push_back({true, std::get<PixelTensor>(part).hash, vision->image_tokens()});
    }
  }
  return units;
}

Sequence::Filled Sequence::fill(std::span<const PromptPart> prompt, std::stop_token stop) {
  std::vector<Unit> units = units_of(prompt);
  Filled filled;
  for (const Unit& unit : units) filled.rows += unit.rows;
  if (filled.rows == 0) throw Error("the prompt is empty");
  if (filled.rows > generator_.context_length()) {
    const auto pictures = std::ranges::count_if(units, &Unit::picture);
    throw Error("the prompt takes " + std::to_string(filled.rows) + " positions" +
                (pictures > 0 ? " (" + std::to_string(pictures) + (pictures == 1 ? " picture" : " pictures") + " of " +
                                    std::to_string(generator_.config().vision->image_tokens()) + ")"
                              : std::string()) +
                ", the context has " + std::to_string(generator_.context_length()));
  }
  if (!known_) {
    held_.clear();
    generator_.reset();
  }
  size_t same = 0;
  while (same < units.size() && same < held_.size() && units[same] == held_[same]) ++same;
  if (same == units.size()) --same;  // logits come from a computed row
  for (size_t i = 0; i < same; ++i) filled.reused_rows += units[i].rows;

  // What is left of the prompt behind its first `same` units.
  std::vector<PromptPart> rest;
  size_t unit = 0;
  for (const PromptPart& part : prompt) {
    if (const auto* tokens = std::get_if<std::vector<int32_t>>(&part)) {
      const size_t from = std::min(same > unit ? same - unit : 0, tokens->size());
      if (from < tokens->size())
        rest.emplace_back(std::vector<int32_t>(tokens->begin() + static_cast<ptrdiff_t>(from), tokens->end()));
      unit += tokens->size();
    } else {
      if (unit >= same) rest.push_back(part);
      ++unit;
    }
  }
  known_ = false;
  if (generator_.position() != filled.reused_rows) generator_.truncate(filled.reused_rows);
  generator_.append(rest, stop);
  held_ = std::move(units);
  known_ = true;
  return filled;
}

void Sequence::push(int32_t token, std::stop_token stop) {
  known_ = false;
  append_tokens(generator_, {token}, stop);
  held_.push_back({false, static_cast<uint64_t>(token), 1});
  known_ = true;
}

std::vector<int32_t> Sequence::tokens() const {
  std::vector<int32_t> tokens;
  for (const Unit& unit : held_) {
    if (!unit.picture) tokens.push_back(static_cast<int32_t>(unit.id));
  }
  return tokens;
}

}  // namespace qvlm
