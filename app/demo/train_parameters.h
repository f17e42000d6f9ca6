// The trained parameters: float32 masters with AdamW's moments, and the bfloat16 copies that a step computes with.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/demo/train_kernels.h"
#include "core/base/crew.h"
#include "core/model/tensor.h"

namespace qvlm::demo {

/// How a parameter starts and how it is trained.
struct ParameterKind {
  float deviation = 0;      // of its normal initialisation; 0: filled with `fill`
  float fill = 0;
  bool decay = true;        // weight decay applies
  float rate = 1;           // of the learning rate
  std::vector<int64_t> blocks;  // rows of the matrices that it stacks: each takes Muon steps; empty: AdamW steps
};

/// Named parameters in flat buffers.
class ParameterStore {
 public:
  /// Declares and initialises a parameter; names are unique. Initialisation depends on seed and name alone.
  void add(const std::string& name, const qvlm::Shape& shape, const ParameterKind& kind, uint64_t seed);

  bool has(std::string_view name) const { return index_.find(name) != index_.end(); }
  /// The bfloat16 leaf that autograd follows. [shape]. Throws Error for an unknown name.
  const torch::Tensor& leaf(std::string_view name) const;
  /// The float32 master. [shape]
  const torch::Tensor& master(std::string_view name) const;
  std::vector<std::string> names() const;
  int64_t count() const;  // of scalars

  /// Clips the gradients' global norm to `clip`, takes one step, forgets the gradients. Returns the norm before clipping; where it is
  /// not finite, no step is taken. Hidden matrices take Muon's step (Jordan et al. 2024: the momentum, made orthogonal by Newton-Schulz
  /// iterations, kMuonRate times longer than AdamW's rate says), everything else AdamW's.
  double step(float learning_rate, float decay, double clip, Crew& crew);
  int64_t steps() const { return steps_; }
  /// Multiplies the learning rate of every parameter whose name begins with `prefix`.
  void scale_rate(std::string_view prefix, float rate);

  /// Weights, moments, steps and `notes` (written beside the target and renamed).
  void save(const std::filesystem::path& path, std::map<std::string, std::string> notes) const;
  /// Loads what save() wrote; every declared parameter must be there. Returns the notes. Throws Error.
  std::map<std::string, std::string> load(const std::filesystem::path& path);
  /// Loads the weights alone, of the parameters that both have. Returns the names of those that the file lacks.
  std::vector<std::string> load_weights(const std::filesystem::path& path);

 private:
  struct Slot {
    std::string name;
    ParameterKind kind;
    torch::Tensor master, first, second;  // float32 [shape]
    torch::Tensor leaf;                   // bfloat16 [shape]
  };
  const Slot& slot(std::string_view name) const;
  void update(const Slot& slot, AdamStep step) const;

  std::vector<Slot> slots_;
  std::map<std::string, size_t, std::less<>> index_;
  int64_t steps_ = 0;
};

}  // namespace qvlm::demo
