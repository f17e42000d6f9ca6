// Something that continues a sequence of tokens and pictures: the Vulkan engine, or the libtorch reference. Only app/cli constructs one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "core/inference/sampling.h"
#include "core/input/preprocess.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// What runs, read off what runs (never off settings).
struct GeneratorInfo {
  std::string backend;           // "vulkan" or "reference"
  std::string device;            // the device's own name
  std::string driver;            // name and version, empty for the reference
  double weight_bits = 16;       // executed, over the decoder's linears, with scales and zeros
  int activation_bits = 16;      // executed; 16: not quantized
  double kv_bits = 16;           // executed, a cached element, with scales
  int64_t kv_bytes = 0;          // of the KV cache, for the whole context
  double vision_weight_bits = 16;   // executed, over the tower's linears; 16 without a tower
  int vision_activation_bits = 16;  // of the tower
  std::string activation_note;   // e.g. "activations run as A16 (model asks for A4)", layers that are streamed; shown with every answer
  int64_t weight_bytes = 0;      // on the device
  int64_t step_weight_bytes = 0; // of them, what one token's step reads: the decoder's linears and the head
  int64_t total_bytes = 0;       // on the device: weights, KV cache, scratch
};

/// What runs of a model's activation quantizers, in bits; 16: not rounded.
struct ActivationBits {
  int least = 16, most = 16;  // over the sites, as they run
  int asked = 16;             // the least that the model has
};
/// "activations run as A16 (model asks for A4)", "activations run as A4 to A8", or nothing. whose: "the tower's ", or of the decoder.
std::string activation_note(const ActivationBits& bits, const std::string& whose = {});

/// Appends "; " and the note, or sets it where there is none. An empty note adds nothing.
void add_note(std::string& notes, const std::string& note);

/// Seconds of the last calls.
struct GeneratorTimings {
  double vision_seconds = 0;   // encoding pictures since reset(); 0 where the cache had them
  double prefill_seconds = 0;  // of the last append of more than one row
  int64_t prefill_tokens = 0;
  double decode_seconds = 0;   // summed over single-token appends since reset()
  int64_t decode_tokens = 0;
  int cached_images = 0;       // pictures whose embeddings came from the cache, since reset()
  int device_losses = 0;       // times that the device was lost, opened again, and the sequence computed again, since reset()
};

/// A stretch of a prompt: token ids, or a picture that becomes image_tokens() embeddings.
using PromptPart = std::variant<std::vector<int32_t>, PixelTensor>;

/// One sequence at a time. Not thread-safe. Throws Error (lost device, too little memory, context full) and Cancelled.
class Generator {
 public:
  virtual ~Generator() = default;
  virtual const VlmConfig& config() const = 0;
  virtual const GeneratorInfo& info() const = 0;
  virtual GeneratorTimings timings() const = 0;
  /// Positions in use; context_length() is the most.
  virtual int64_t position() const = 0;
  virtual int64_t context_length() const = 0;
  /// Empties the sequence.
  virtual void reset() = 0;
  /// Drops everything from `position` on (so that a prompt's prefix is reused). 0 <= position <= position().
  virtual void truncate(int64_t position) = 0;
  /// Appends and computes; afterwards logits() and sample() speak of the next token. Throws Error if the context would overflow.
  virtual void append(std::span<const PromptPart> parts, std::stop_token stop = {}) = 0;
  /// Logits of the next token, [vocabulary]. Valid after an append.
  virtual std::vector<float> logits() = 0;
  /// Logits at each of the last append's last `count` rows, row-major [count, vocabulary]; count <= rows appended. For evaluation.
  virtual std::vector<float> last_logits(int64_t count) = 0;
  /// Picks the next token from the current logits; it is not appended. `recent` are the tokens that the repetition penalty counts.
  virtual int32_t sample(const SamplingParameters& parameters, std::span<const int32_t> recent) = 0;
};

/// append() of tokens alone.
void append_tokens(Generator& generator, std::vector<int32_t> tokens, std::stop_token stop = {});

}  // namespace qvlm
