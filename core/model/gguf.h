// Reading GGUF files, versions 2 and 3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/model/gguf_types.h"
#include "core/model/tensor.h"

namespace qvlm {

/// A key's value; unsigned and signed integers of all widths are widened, so are floats.
using GgufValue = std::variant<uint64_t, int64_t, double, bool, std::string, std::vector<uint64_t>,
                               std::vector<int64_t>, std::vector<double>, std::vector<bool>, std::vector<std::string>>;

struct GgufTensor {
  std::string name;
  GgufType type = GgufType::F32;
  Shape shape;  // outermost first, as in PyTorch (the file has it the other way round)
  std::span<const std::byte> bytes;
  std::string origin;  // "FILE: tensor NAME"
};

/// One file, mapped. Counts, lengths, offsets, types and alignment are checked at opening: throws Error naming file and
/// key or tensor.
class GgufFile {
 public:
  explicit GgufFile(const std::filesystem::path& path);

  int version() const { return version_; }
  const std::string& file() const { return name_; }
  const std::map<std::string, GgufValue, std::less<>>& keys() const { return keys_; }
  bool has_key(std::string_view key) const { return keys_.find(key) != keys_.end(); }

  /// Values by key; throw Error naming file and key: absent, of another kind, out of range.
  int64_t integer(std::string_view key) const;
  double number(std::string_view key) const;
  bool flag(std::string_view key) const;
  const std::string& text(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  const std::vector<std::string>& texts(std::string_view key) const;
  /// A positive integer no larger than `most`.
  int size(std::string_view key, int most = 1 << 20) const;
  /// As above where the key is there, else the fallback.
  int64_t integer_or(std::string_view key, int64_t fallback) const { return has_key(key) ? integer(key) : fallback; }
  double number_or(std::string_view key, double fallback) const { return has_key(key) ? number(key) : fallback; }
  bool flag_or(std::string_view key, bool fallback) const { return has_key(key) ? flag(key) : fallback; }
  std::string text_or(std::string_view key, std::string fallback) const { return has_key(key) ? text(key) : fallback; }

  const std::map<std::string, GgufTensor, std::less<>>& tensors() const { return tensors_; }
  bool has_tensor(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  const GgufTensor& tensor(std::string_view name) const;
  void release(std::string_view name) const { file_.release(tensor(name).bytes); }

 private:
  const GgufValue& value(std::string_view key) const;

  MappedFile file_;
  std::string name_;
  int version_ = 0;
  std::map<std::string, GgufValue, std::less<>> keys_;
  std::map<std::string, GgufTensor, std::less<>> tensors_;
};

}  // namespace qvlm
