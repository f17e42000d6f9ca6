// Parameters, their AdamW steps and their checkpoint files.
#include "app/demo/train_parameters.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "core/base/error.h"
#include "core/model/safetensors.h"

namespace qvlm::demo {

namespace {

uint64_t hash_name(std::string_view name) {  // FNV-1a
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  return hash;
}

std::span<const std::byte> bytes_of(const torch::Tensor& x) {
  return {static_cast<const std::byte*>(x.data_ptr()), static_cast<size_t>(x.nbytes())};
}

void copy_into(const torch::Tensor& target, const TensorView& view) {
  if (view.dtype != DType::F32 || view.shape != target.sizes().vec()) {
    throw Error::in(view.origin, "shape", "F32 " + to_string(target.sizes().vec()),
                    std::string(name_of(view.dtype)) + " " + to_string(view.shape));
  }
  std::memcpy(target.data_ptr(), view.bytes.data(), view.bytes.size());
}

constexpr float kMuonRate = 10;  // a step of a matrix has this many times AdamW's rate as its singular values
constexpr float kMuonMomentum = 0.95f;

// The nearest matrix with singular values about 1: five quintic Newton-Schulz iterations in bfloat16 (Jordan et al. 2024).
torch::Tensor orthogonalize(const torch::Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  auto x = matrix / (std::sqrt(sum_of_squares(matrix)) + 1e-7);
  if (tall) x = x.t().contiguous();
  for (int i = 0; i < 5; ++i) {
    const auto a = torch::mm(x, x.t());
    x = torch::addmm(x, torch::addmm(a, a, a, -4.7750, 2.0315), x, 3.4445);
  }
  return tall ? x.t() : x;
}

}  // namespace

void ParameterStore::add(const std::string& name, const qvlm::Shape& shape, const ParameterKind& kind, uint64_t seed) {
  if (has(name)) throw Error("parameter " + name + " is declared twice");
  Slot slot{name, kind, torch::full(shape, kind.fill), torch::zeros(shape), torch::zeros(shape), {}};
  if (kind.deviation > 0) slot.master.normal_(0, kind.deviation, at::detail::createCPUGenerator(seed ^ hash_name(name)));
  slot.leaf = slot.master.to(torch::kBFloat16).requires_grad_(true);
  index_[name] = slots_.size();
  slots_.push_back(std::move(slot));
}

const ParameterStore::Slot& ParameterStore::slot(std::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw Error("no parameter is called " + std::string(name));
  return slots_[found->second];
}

const torch::Tensor& ParameterStore::leaf(std::string_view name) const { return slot(name).leaf; }
const torch::Tensor& ParameterStore::master(std::string_view name) const { return slot(name).master; }

std::vector<std::string> ParameterStore::names() const {
  std::vector<std::string> names;
  for (const Slot& slot : slots_) names.push_back(slot.name);
  return names;
}

int64_t ParameterStore::count() const {
  int64_t count = 0;
  for (const Slot& slot : slots_) count += slot.master.numel();
  return count;
}

void ParameterStore::scale_rate(std::string_view prefix, float rate) {
  for (Slot& slot : slots_) {
    if (slot.name.starts_with(prefix)) slot.kind.rate *= rate;
  }
}

double ParameterStore::step(float learning_rate, float decay, double clip, Crew& crew) {
  double squares = 0;
  std::mutex mutex;
  crew.run(slots_.size(), [&](size_t i) {
    const torch::NoGradGuard no_gradients;
    if (!slots_[i].leaf.grad().defined()) return;
    const double sum = sum_of_squares(slots_[i].leaf.grad());
    const std::lock_guard lock(mutex);
    squares += sum;
  });
  const double norm = std::sqrt(squares);
  if (std::isfinite(norm)) {
    ++steps_;
    AdamStep adam;
    adam.learning_rate = learning_rate;
    adam.decay = decay;
    adam.gradient_scale = static_cast<float>(norm > clip ? clip / norm : 1.0);
    adam.correction1 = 1 - static_cast<float>(std::pow(adam.beta1, static_cast<double>(steps_)));
    adam.correction2 = 1 - static_cast<float>(std::pow(adam.beta2, static_cast<double>(steps_)));
    crew.run(slots_.size(), [&](size_t i) {
      const torch::NoGradGuard no_gradients;
      if (slots_[i].leaf.grad().defined()) update(slots_[i], adam);
    });
  }
  for (const Slot& slot : slots_) slot.leaf.mutable_grad().reset();
  return norm;
}

void ParameterStore::update(const Slot& slot, AdamStep step) const {
  const torch::Tensor gradient = slot.leaf.grad().contiguous();
  step.learning_rate *= slot.kind.rate;
  if (!slot.kind.decay) step.decay = 0;
  if (slot.kind.blocks.empty()) {
    adam_update(slot.master.data_ptr<float>(), slot.first.data_ptr<float>(), slot.second.data_ptr<float>(),
                static_cast<uint16_t*>(slot.leaf.data_ptr()), static_cast<const uint16_t*>(gradient.data_ptr()), slot.master.numel(), step);
    return;
  }
  const float rate = step.learning_rate * kMuonRate;
  const torch::Tensor ahead = torch::empty_like(gradient);  // bfloat16
  const int64_t columns = slot.master.size(1);
  muon_momentum(slot.first.data_ptr<float>(), static_cast<const uint16_t*>(gradient.data_ptr()), static_cast<uint16_t*>(ahead.data_ptr()),
                slot.master.numel(), kMuonMomentum);
  int64_t row = 0;
  for (const int64_t rows : slot.kind.blocks) {
    const torch::Tensor direction = orthogonalize(ahead.narrow(0, row, rows)).contiguous();
    const float stretch = std::sqrt(std::max(1.0f, static_cast<float>(rows) / static_cast<float>(columns)));
    muon_update(slot.master.data_ptr<float>() + row * columns, static_cast<const uint16_t*>(direction.data_ptr()),
                static_cast<uint16_t*>(slot.leaf.data_ptr()) + row * columns, rows * columns, 1 - rate * step.decay, rate * stretch);
    row += rows;
  }
}

void ParameterStore::save(const std::filesystem::path& path, std::map<std::string, std::string> notes) const {
  std::vector<TensorToWrite> tensors;
  for (const Slot& slot : slots_) {
    const qvlm::Shape shape = slot.master.sizes().vec();
    tensors.push_back({"weight." + slot.name, DType::F32, shape, bytes_of(slot.master)});
    tensors.push_back({"first." + slot.name, DType::F32, shape, bytes_of(slot.first)});
    tensors.push_back({"second." + slot.name, DType::F32, shape, bytes_of(slot.second)});
  }
  notes["steps"] = std::to_string(steps_);
  write_safetensors(path, tensors, notes);
}

std::map<std::string, std::string> ParameterStore::load(const std::filesystem::path& path) {
  const torch::NoGradGuard no_gradients;
  const SafetensorsFile file(path);
  for (const Slot& slot : slots_) {
    copy_into(slot.master, file.tensor("weight." + slot.name));
    copy_into(slot.first, file.tensor("first." + slot.name));
    copy_into(slot.second, file.tensor("second." + slot.name));
    slot.leaf.copy_(slot.master);
  }
  const auto steps = file.metadata().find("steps");
  if (steps == file.metadata().end()) throw Error::in(path.string(), "metadata", "steps", "none");
  steps_ = std::stoll(steps->second);
  return file.metadata();
}

std::vector<std::string> ParameterStore::load_weights(const std::filesystem::path& path) {
  const torch::NoGradGuard no_gradients;
  const SafetensorsFile file(path);
  std::vector<std::string> missing;
  for (const Slot& slot : slots_) {
    if (file.has("weight." + slot.name)) {
      copy_into(slot.master, file.tensor("weight." + slot.name));
      slot.leaf.copy_(slot.master);
    } else {
      missing.push_back(slot.name);
    }
  }
  return missing;
}

}  // namespace qvlm::demo
