// Activations that must be kept for a while: in memory up to a budget, beyond it in files of a folder.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>

namespace qvlm::quantization {

/// Float32 tensors under numbers. Thread-safe. Its files go with it (and with drop()).
class ActivationSpill {
 public:
  /// `folder` is made when the first tensor does not fit.
  ActivationSpill(std::filesystem::path folder, int64_t budget_bytes);
  ~ActivationSpill();
  ActivationSpill(const ActivationSpill&) = delete;
  ActivationSpill& operator=(const ActivationSpill&) = delete;

  /// Keeps the tensor's values (without its graph). Throws Error naming the file where the disk does not take it.
  int64_t put(const torch::Tensor& tensor);
  /// The same values. Throws Error naming the file where it cannot be read back.
  torch::Tensor get(int64_t number) const;
  void drop(int64_t number);

  int64_t resident_bytes() const;
  int64_t spilled_bytes() const;

 private:
  struct Entry {
    torch::Tensor tensor;        // undefined where it lies in a file
    std::vector<int64_t> shape;
    int64_t bytes = 0;
  };
  std::filesystem::path file_of(int64_t number) const;

  std::filesystem::path folder_;
  int64_t budget_, resident_ = 0, spilled_ = 0, next_ = 0;
  std::map<int64_t, Entry> entries_;
  mutable std::mutex mutex_;  // guards the numbers and the map; a file belongs to who asks for it
};

}  // namespace qvlm::quantization
