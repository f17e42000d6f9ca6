// pytorch_model.bin: a zip of a pickle and raw storages, read without executing anything.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/model/tensor.h"

namespace qvlm {

/// A file of torch.save (zip format, PyTorch 1.6 and later) that holds a dictionary of tensors. The pickle is read by a
/// small machine that knows tensor records only; any other global is refused by name. Throws Error naming file and,
/// where known, tensor: compressed or cut entries, storages smaller than their tensors, tensors that are not
/// contiguous, the format of PyTorch before 1.6.
class PickleFile {
 public:
  explicit PickleFile(const std::filesystem::path& path);

  std::vector<std::string> names() const;
  bool has(std::string_view name) const { return tensors_.find(name) != tensors_.end(); }
  const TensorView& tensor(std::string_view name) const;
  void release(std::string_view name) const;

 private:
  MappedFile file_;
  std::map<std::string, TensorView, std::less<>> tensors_;
};

}  // namespace qvlm
