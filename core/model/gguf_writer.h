// Writing GGUF files, version 3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/model/gguf_types.h"
#include "core/model/tensor.h"

namespace qvlm {

/// Keys and tensors in the order of the calls; tensor data goes to a file beside the target as it comes, so that
/// nothing but the header is held. finish() joins the two and puts the file in place; without it nothing stays. Throws
/// Error: a name twice, bytes that do not fit type and shape, disk full, not writable.
class GgufWriter {
 public:
  explicit GgufWriter(const std::filesystem::path& target);
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  void set_u32(const std::string& key, uint32_t value);
  void set_i32(const std::string& key, int32_t value);
  void set_f32(const std::string& key, float value);
  void set_bool(const std::string& key, bool value);
  void set_text(const std::string& key, std::string_view value);
  void set_i32s(const std::string& key, const std::vector<int32_t>& values);
  void set_f32s(const std::string& key, const std::vector<float>& values);
  void set_texts(const std::string& key, const std::vector<std::string>& values);

  /// `shape` outermost first, as in PyTorch.
  void add(const std::string& name, GgufType type, const Shape& shape, std::span<const std::byte> bytes);
  void finish();

 private:
  void key(const std::string& name, uint32_t type);

  std::filesystem::path target_, data_path_;
  std::unique_ptr<AtomicFile> data_;
  std::string keys_, tensors_;
  std::vector<std::string> key_names_, tensor_names_;
};

}  // namespace qvlm
