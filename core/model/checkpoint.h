// A Hugging Face checkpoint folder as a Model.
#pragma once

#include <map>
#include <memory>

#include "core/model/model.h"
#include "core/model/tensor_store.h"

namespace qvlm {

/// config.json by its family, weights from safetensors or pytorch_model*.bin. All names and shapes are checked here, at
/// opening.
class HuggingFaceModel : public Model {
 public:
  /// Throws Error naming file and field or tensor.
  HuggingFaceModel(const std::filesystem::path& folder, const OpenOptions& options);

  const VlmConfig& config() const override { return config_; }
  std::filesystem::path path() const override { return folder_; }
  const TokenizerSource& tokenizer() const override { return tokenizer_; }
  std::vector<std::string> names() const override;
  bool has(std::string_view canonical) const override { return place_.find(canonical) != place_.end(); }
  Weight load(std::string_view canonical) const override;
  void release(std::string_view canonical) const override;
  const std::vector<ActivationQuantizer>& activations() const override { return activations_; }
  int64_t stored_bytes() const override;
  double stored_bits() const override;
  std::string fingerprint() const override;
  std::vector<std::string> unmatched() const override { return unmatched_; }

 private:
  struct Place {
    const TensorStore* store;
    std::string name;  // the file's own
  };
  const Place& place(std::string_view canonical) const;

  std::filesystem::path folder_;
  VlmConfig config_;
  TokenizerSource tokenizer_;
  std::unique_ptr<TensorStore> store_, tower_store_;
  std::map<std::string, Place, std::less<>> place_;
  std::vector<std::string> unmatched_;
  std::vector<ActivationQuantizer> activations_;
};

/// True for a linear of the decoder's layers ("decoder.N.attention.query.weight" and so on): what stored_bits counts.
bool is_decoder_linear(std::string_view canonical);

}  // namespace qvlm
