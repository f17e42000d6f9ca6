// Tensors in memory or as raw floats in files.
#include "core/lab/calibration/activation_spill.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include "core/base/atomic_file.h"
#include "core/base/error.h"

namespace qvlm::calibration {

KeptTensor::Entry::~Entry() { spill.drop(number); }

torch::Tensor KeptTensor::get() const { return entry_ ? entry_->spill.get(entry_->number) : tensor_; }

int64_t KeptTensor::size(int64_t dimension) const {
  if (!entry_) return tensor_.size(dimension);
  const auto dimensions = static_cast<int64_t>(entry_->shape.size());
  return entry_->shape.at(static_cast<size_t>(dimension < 0 ? dimension + dimensions : dimension));
}

ActivationSpill::ActivationSpill(std::filesystem::path folder, int64_t budget_bytes) : folder_(std::move(folder)), budget_(budget_bytes) {}

ActivationSpill::~ActivationSpill() {
  std::error_code ignored;  // what stays is a scratch file of an unfinished run, removed with its work folder
  for (const auto& [number, entry] : entries_) {
    if (!entry.tensor.defined()) std::filesystem::remove(file_of(number), ignored);
  }
}

std::filesystem::path ActivationSpill::file_of(int64_t number) const { return folder_ / ("activations_" + std::to_string(number)); }

int64_t ActivationSpill::resident_bytes() const {
  const std::lock_guard lock(mutex_);
  return resident_;
}

int64_t ActivationSpill::spilled_bytes() const {
  const std::lock_guard lock(mutex_);
  return spilled_;
}

int64_t ActivationSpill::most_spilled_bytes() const {
  const std::lock_guard lock(mutex_);
  return most_spilled_;
}

int64_t ActivationSpill::put(const torch::Tensor& tensor) {
  const auto values = tensor.detach().to(torch::kFloat32).contiguous();
  Entry entry{{}, values.sizes().vec(), static_cast<int64_t>(values.nbytes())};
  int64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = next_++;
    const bool fits = entry.bytes <= budget_ - resident_;
    if (fits) entry.tensor = values;
    (fits ? resident_ : spilled_) += entry.bytes;
    most_spilled_ = std::max(most_spilled_, spilled_);
    entries_.emplace(number, entry);
  }
  if (entry.tensor.defined()) return number;
  try {
    std::error_code problem;
    std::filesystem::create_directories(folder_, problem);
    if (problem) throw Error(folder_.string() + ": cannot be made: " + problem.message());
    write_scratch_file(file_of(number), std::as_bytes(std::span(values.data_ptr<float>(), static_cast<size_t>(values.numel()))));
  } catch (...) {
    drop(number);
    throw;
  }
  return number;
}

KeptTensor ActivationSpill::keep(const torch::Tensor& tensor) {
  KeptTensor kept;
  if (tensor.defined()) kept.entry_ = std::make_shared<const KeptTensor::Entry>(*this, put(tensor), tensor.sizes().vec());
  return kept;
}

torch::Tensor ActivationSpill::get(int64_t number) const {
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    entry = entries_.at(number);
  }
  if (entry.tensor.defined()) return entry.tensor;
  torch::Tensor values = torch::empty(entry.shape, torch::kFloat32);
  std::ifstream file(file_of(number), std::ios::binary);
  file.read(reinterpret_cast<char*>(values.data_ptr<float>()), entry.bytes);
  if (!file || file.gcount() != entry.bytes) throw Error::in(file_of(number).string(), "bytes", std::to_string(entry.bytes), std::to_string(file.gcount()));
  return values;
}

void ActivationSpill::drop(int64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  if (found->second.tensor.defined()) {
    resident_ -= found->second.bytes;
  } else {
    std::error_code ignored;
    std::filesystem::remove(file_of(number), ignored);
    spilled_ -= found->second.bytes;
  }
  entries_.erase(found);
}

}  // namespace qvlm::calibration
