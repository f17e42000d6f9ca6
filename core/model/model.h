// An opened model, whatever file it came from: its description and its weights by canonical name, loaded one at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/activation_quantizer.h"
#include "core/model/quantized_matrix.h"
#include "core/model/tensor.h"
#include "core/model/vision_activation.h"
#include "core/model/vlm_config.h"

namespace qvlm {

/// A weight as the file has it: plain elements (a view into the mapped file), or quantized.
using Weight = std::variant<TensorView, QuantizedMatrix>;

/// Where the tokenizer's definition is: a file of a Hugging Face folder, or carried inside a GGUF file's keys.
struct TokenizerSource {
  enum class Kind { NONE, TOKENIZER_JSON, TOKENIZER_MODEL, GGUF_FILE } kind = Kind::NONE;
  std::filesystem::path path;
};

/// Weights are memory-mapped: load() reads only what it returns. Thread-safe for reading.
class Model {
 public:
  virtual ~Model() = default;
  virtual const VlmConfig& config() const = 0;
  virtual std::filesystem::path path() const = 0;
  virtual const TokenizerSource& tokenizer() const = 0;
  virtual std::vector<std::string> names() const = 0;  // canonical
  virtual bool has(std::string_view canonical) const = 0;
  /// Throws Error naming file and tensor: missing, wrong shape, cut.
  virtual Weight load(std::string_view canonical) const = 0;
  /// The pages of a tensor are not needed any more (memory may be given back); load() works again later.
  virtual void release(std::string_view canonical) const = 0;
  /// One a decoder site (4 a layer), in order; empty: activations are not quantized.
  virtual const std::vector<ActivationQuantizer>& activations() const = 0;
  /// One a tower site (4 a layer that runs), in order; empty: the tower's activations are not quantized.
  virtual const std::vector<VisionQuantizer>& vision_activations() const;
  /// Bytes on disk of all tensors that run, and stored bits a weight over the decoder's linears (16 for float16).
  virtual int64_t stored_bytes() const = 0;
  virtual double stored_bits() const = 0;
  /// 64-bit content fingerprint of config and weights as 16 hex digits (sizes, names and sampled content; cheap).
  virtual std::string fingerprint() const = 0;
  /// Tensors of the file that no part of the model took; shown by inspect.
  virtual std::vector<std::string> unmatched() const = 0;
};

struct OpenOptions {
  std::filesystem::path vision;        // GGUF: its mmproj file
  std::filesystem::path vision_tower;  // Hugging Face: a folder with the tower that the checkpoint lacks
  std::string chat_template;           // overrides the checkpoint's
};

/// Opens a Hugging Face checkpoint folder, a NAME.qvlm folder, or a GGUF file. Throws Error.
std::unique_ptr<Model> open_model(const std::filesystem::path& path, const OpenOptions& options = {});

/// Stored bits a weight over the linears of the tower's layers (of the projector): 16 for float16, with scales and zeros where quantized.
/// 0 without a tower.
double vision_stored_bits(const Model& model);
double projector_stored_bits(const Model& model);

/// load() as float32, quantized weights dequantized. [shape as stored]
std::vector<float> load_float(const Model& model, std::string_view canonical);

/// The canonical names with shapes that a model of this description has: what a loader checks and a writer writes.
struct ExpectedTensor {
  std::string name;
  Shape shape;
  bool optional = false;
};
std::vector<ExpectedTensor> expected_tensors(const VlmConfig& config);

}  // namespace qvlm
