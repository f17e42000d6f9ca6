// The quantized model: a folder NAME.qvlm with model.gguf (decoder), vision.gguf (tower and projector), and the
// tokenizer's own files.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/model/gguf_writer.h"
#include "core/model/model.h"
#include "core/model/planes.h"

namespace qvlm {

inline constexpr const char* kDecoderFile = "model.gguf";
inline constexpr const char* kVisionFile = "vision.gguf";

/// True where the folder holds model.gguf, or is named NAME.qvlm or NAME.qvlm.partial.
bool is_qvlm_folder(const std::filesystem::path& folder);

/// Throws Error: an unfinished run (NAME.qvlm.partial; says how to resume), a missing file, whatever GgufModel refuses.
std::unique_ptr<Model> open_qvlm_folder(const std::filesystem::path& folder, const OpenOptions& options);

/// What a quantized model says beside its weights.
struct QvlmDescription {
  VlmConfig config;
  TokenizerSource tokenizer;                     // of the source; its files are copied
  std::vector<ActivationQuantizer> activations;  // one a site, or empty
  std::vector<VisionQuantizer> vision_activations;  // one a site of the tower, or empty
  std::string weight_method;                     // key qvlm.weight_method
  std::string partition;                         // JSON text, key qvlm.partition; empty: none
  std::string rotation;                          // key qvlm.rotation; empty: none
  std::string source_fingerprint;                // of the full-precision model, key qvlm.source
};

/// Writes model.gguf, vision.gguf and the tokenizer's files into a folder that exists. Tensors come in any order, a few
/// at a time; each goes to disk at once. The decoder is of the architecture `llama` where all its matrices have a block
/// type (storage_type_for), else `qvlm`, which other readers refuse. Throws Error naming the tensor or the file: not
/// expected, a wrong shape, twice, disk full, not writable.
class QvlmWriter {
 public:
  QvlmWriter(const std::filesystem::path& folder, QvlmDescription description);

  /// A linear's weights [rows, columns] as in expected_tensors().
  void add(const std::string& canonical, const QuantizedMatrix& matrix);
  /// F16 and BF16 as they are, F32 as F32; one-dimensional tensors as F32.
  void add(const std::string& canonical, const TensorView& view);
  /// What a source model has, as it is.
  void add(const std::string& canonical, const Weight& weight);
  /// Everything expected has come: writes keys, puts both files in place. Throws Error naming the first tensor that is
  /// missing.
  void finish();

 private:
  struct File {
    std::unique_ptr<GgufWriter> writer;
    PlaneTable planes;
    std::optional<GgufType> blocks;  // type of the first matrix that went into blocks
  };
  File& file_of(const std::string& canonical);
  const Shape& expect(const std::string& canonical);
  void write_tokenizer();

  std::filesystem::path folder_;
  QvlmDescription description_;
  std::vector<ExpectedTensor> expected_;
  std::set<std::string> written_;
  File decoder_, vision_;
};

}  // namespace qvlm
