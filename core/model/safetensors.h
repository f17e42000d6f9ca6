// The safetensors format: eight bytes of header length, a JSON header, raw tensors.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/model/tensor.h"

namespace qvlm {

/// One *.safetensors file, mapped. Everything in its header is checked before use: throws Error naming file and tensor.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  /// In the order of the file's bytes.
  const std::vector<std::string>& names() const { return names_; }
  bool has(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  /// Throws Error naming file and tensor where it is absent.
  const TensorView& tensor(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  void release(std::string_view name) const;
  const MappedFile& file() const { return file_; }

 private:
  MappedFile file_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> metadata_;
};

/// A tensor to be written; `bytes` are row-major little-endian and must live until the call returns.
struct TensorToWrite {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  std::span<const std::byte> bytes;
};

/// A vector's elements as the bytes of a tensor.
template <typename T>
TensorToWrite tensor_to_write(std::string name, DType dtype, Shape shape, const std::vector<T>& elements) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(std::span(elements))};
}

/// Writes one file, atomically. Throws Error: bytes do not fit the shape, a name twice, disk full, not writable.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// Writes model.safetensors, or, where the tensors take more than `shard_bytes`, model-0000N-of-0000M.safetensors and
/// model.safetensors.index.json, as Hugging Face does. Tensors keep their order; shards of an earlier write are
/// removed. Throws Error.
void write_sharded(const std::filesystem::path& folder, const std::vector<TensorToWrite>& tensors, int64_t shard_bytes,
                   const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// A tensor whose bytes come when its turn is.
struct TensorToStream {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
};

/// As write_sharded, with one tensor in memory at a time: `bytes_of` is asked for each in its order; what it returns
/// must live until the next call.
void stream_sharded(const std::filesystem::path& folder, const std::vector<TensorToStream>& tensors,
                    int64_t shard_bytes,
                    const std::function<std::span<const std::byte>(const TensorToStream&)>& bytes_of,
                    const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

}  // namespace qvlm
