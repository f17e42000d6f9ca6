// A GGUF file of a Llama-style decoder, with an optional file of its vision tower, as a Model. The folder NAME.qvlm is
// read by the same class.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "core/model/gguf.h"
#include "core/model/model.h"
#include "core/model/planes.h"

namespace qvlm {

/// Weights in canonical names and order: rotary rows are put back into the canonical order, legacy swaps undone. Grids
/// come as QuantizedMatrix, other block types (Q4_K, Q6_K, a Q4_1 that is no grid) as float32 that this object holds
/// until release().
class GgufModel : public Model {
 public:
  /// `vision` may be empty. `path` and `tokenizer` are what path() and tokenizer() say. Throws Error naming file, key
  /// or tensor.
  GgufModel(const std::filesystem::path& path, const std::filesystem::path& text, const std::filesystem::path& vision,
            TokenizerSource tokenizer, const OpenOptions& options);

  const VlmConfig& config() const override { return config_; }
  std::filesystem::path path() const override { return path_; }
  const TokenizerSource& tokenizer() const override { return tokenizer_; }
  std::vector<std::string> names() const override;
  bool has(std::string_view canonical) const override { return place_.find(canonical) != place_.end(); }
  Weight load(std::string_view canonical) const override;
  /// A view that load() returned for a tensor that is held as float32 or reordered ends here.
  void release(std::string_view canonical) const override;
  const std::vector<ActivationQuantizer>& activations() const override { return activations_; }
  const std::vector<VisionQuantizer>& vision_activations() const override { return vision_activations_; }
  int64_t stored_bytes() const override;
  double stored_bits() const override;
  std::string fingerprint() const override;
  std::vector<std::string> unmatched() const override { return unmatched_; }
  /// The decoder's file, for keys that no contract names (provenance, partition).
  const GgufFile& text_file() const { return *text_; }

 private:
  struct Place {
    const GgufFile* file = nullptr;
    std::string name;                         // the file's own
    std::optional<PlaneTable::Entry> planes;  // or of a plain or block tensor
    Shape shape;                              // expected
  };
  const Place& place(std::string_view canonical) const;
  std::vector<std::string> tensors_of(const Place& place) const;
  void take(const GgufFile& file);
  void check_shapes();
  void undo_legacy_swap();
  TensorView hold(std::string_view canonical, DType dtype, const Shape& shape, std::vector<std::byte> bytes,
                  const std::string& origin) const;

  std::filesystem::path path_;
  TokenizerSource tokenizer_;
  std::unique_ptr<GgufFile> text_, vision_;
  bool interleaved_ = true;  // rotary rows of the decoder's file
  VlmConfig config_;
  std::map<std::string, Place, std::less<>> place_;
  std::vector<std::string> unmatched_;
  std::vector<ActivationQuantizer> activations_;
  std::vector<VisionQuantizer> vision_activations_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::vector<std::byte>, std::less<>> held_;
};

/// A .gguf file; OpenOptions::vision is its mmproj. Throws Error.
std::unique_ptr<Model> open_gguf_model(const std::filesystem::path& path, const OpenOptions& options);

}  // namespace qvlm
