// The tensors of a checkpoint folder by the names that its files use, whatever the files are.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tensor.h"

namespace qvlm {

/// Thread-safe for reading. Views stay valid while the store lives.
class TensorStore {
 public:
  virtual ~TensorStore() = default;
  virtual std::vector<std::string> names() const = 0;
  virtual bool has(std::string_view name) const = 0;
  /// Throws Error naming file and tensor where it is absent or cannot be viewed.
  virtual const TensorView& tensor(std::string_view name) const = 0;
  virtual void release(std::string_view name) const = 0;
};

/// model.safetensors, model.safetensors.index.json, pytorch_model.bin or pytorch_model.bin.index.json, the first that
/// is there. Throws Error: none of them, a shard that is missing, a tensor that its shard lacks.
std::unique_ptr<TensorStore> open_tensor_store(const std::filesystem::path& folder);

/// True where open_tensor_store would find one of its files.
bool has_tensor_files(const std::filesystem::path& folder);

/// Shard file names (no folders) by tensor name, from an index's "weight_map". Throws Error naming the file and the
/// entry.
std::vector<std::pair<std::string, std::string>> read_weight_map(const std::filesystem::path& index);

}  // namespace qvlm
