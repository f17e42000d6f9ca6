// Activations that must be kept for a while: in memory up to a budget, beyond it in files of a folder.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace qvlm::calibration {

class ActivationSpill;

/// A tensor's values, in memory or in a spill's file. Copies share them; the last one to go gives them back. Empty by default.
class KeptTensor {
 public:
  KeptTensor() = default;
  /// In memory, outside any budget.
  KeptTensor(torch::Tensor tensor) : tensor_(std::move(tensor)) {}  // NOLINT: a tensor is one way to keep its values

  bool defined() const { return tensor_.defined() || entry_ != nullptr; }
  /// The values; undefined where this is empty. Throws Error naming the file where they cannot be read back.
  torch::Tensor get() const;
  /// Elements along a dimension, without reading. -1: the last one.
  int64_t size(int64_t dimension) const;

 private:
  friend class ActivationSpill;
  struct Entry {
    Entry(ActivationSpill& in, int64_t at, std::vector<int64_t> sizes) : spill(in), number(at), shape(std::move(sizes)) {}
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ActivationSpill& spill;
    int64_t number;
    std::vector<int64_t> shape;
  };
  torch::Tensor tensor_;
  std::shared_ptr<const Entry> entry_;
};

/// Float32 tensors under numbers. Thread-safe. Its files go with it (and with drop()). What is read back does not depend on the budget.
class ActivationSpill {
 public:
  static constexpr int64_t kUnlimited = INT64_MAX;

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

  /// put() under a handle that drops it. The spill must outlive the handle. An undefined tensor gives an empty one.
  KeptTensor keep(const torch::Tensor& tensor);

  int64_t resident_bytes() const;
  int64_t spilled_bytes() const;
  /// Most bytes in files so far.
  int64_t most_spilled_bytes() const;

 private:
  struct Entry {
    torch::Tensor tensor;        // undefined where it lies in a file
    std::vector<int64_t> shape;
    int64_t bytes = 0;
  };
  std::filesystem::path file_of(int64_t number) const;

  std::filesystem::path folder_;
  int64_t budget_, resident_ = 0, spilled_ = 0, most_spilled_ = 0, next_ = 0;
  std::map<int64_t, Entry> entries_;
  mutable std::mutex mutex_;  // guards the numbers and the map; a file belongs to who asks for it
};

}  // namespace qvlm::calibration
