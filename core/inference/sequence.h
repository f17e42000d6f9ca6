// Account of what a Generator's sequence holds, so that a new prompt computes only what differs from the last one.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "core/inference/generator.h"

namespace qvlm {

/// The one user of a Generator's reset, truncate and append. Throws what they throw; after a throw the sequence starts
/// anew.
class Sequence {
 public:
  explicit Sequence(Generator& generator) : generator_(generator) {}

  struct Filled {
    int64_t rows = 0;         // of the whole prompt
    int64_t reused_rows = 0;  // of them already there
  };
  /// Makes the sequence hold exactly `prompt`; logits() then speak of what follows. The longest common prefix stays
  /// (pictures compare by PixelTensor::hash); at least one row is computed. Throws Error with both numbers where the
  /// prompt is empty or longer than the context.
  Filled fill(std::span<const PromptPart> prompt, std::stop_token stop = {});

  /// Appends one token.
  void push(int32_t token, std::stop_token stop = {});

  /// Token ids of the sequence, pictures left out: what a repetition penalty counts.
  std::vector<int32_t> tokens() const;

  bool is_full() const { return generator_.position() >= generator_.context_length(); }
  Generator& generator() const { return generator_; }

 private:
  /// A token, or a picture with all its rows.
  struct Unit {
    bool picture = false;
    uint64_t id = 0;  // token id or PixelTensor::hash
    int64_t rows = 1;
    bool operator==(const Unit&) const = default;
  };
  std::vector<Unit> units_of(std::span<const PromptPart> prompt) const;

  Generator& generator_;
  std::vector<Unit> held_;
  bool known_ = false;  // held_ is what the generator has
};

}  // namespace qvlm
