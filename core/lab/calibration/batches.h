// Calibration samples run together: right-padded batches of similar length, and which of their rows are real.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace qvlm::calibration {

/// Samples of one batch. Padding stands on the right, so that causal attention never sees it; sums skip it by the mask.
struct Batch {
  std::vector<int> samples;       // their numbers in the calibration set
  std::vector<int64_t> lengths;   // tokens of each
  torch::Tensor hidden;           // [samples, longest, hidden], float32: the decoder's input
  torch::Tensor quantized_hidden; // the same with a quantized tower's pictures; undefined where the tower is not quantized
  torch::Tensor mask;             // [samples, longest], float32: 1 on real rows, 0 on padding
  torch::Tensor rows;             // [real rows], int64: their positions in the flattened [samples * longest]

  int64_t size() const { return static_cast<int64_t>(samples.size()); }
  int64_t tokens() const { return rows.size(0); }
  /// What the quantized path begins with.
  const torch::Tensor& quantized_input() const { return quantized_hidden.defined() ? quantized_hidden : hidden; }
};

/// The first `search_samples` samples in batches of their own (the search's subset), then the others; within each part sorted by
/// length. `search_batches` is the number of batches of the first part.
struct Batches {
  std::vector<Batch> all;
  size_t search_batches = 0;
  int search_samples = 0;
  int samples = 0;
  int64_t tokens = 0;   // real rows of all batches
  int64_t longest = 0;  // tokens of the longest sample
};

/// Which samples run together: their numbers, a batch each.
struct BatchLayout {
  std::vector<std::vector<int>> samples;
  size_t search_batches = 0;
};

/// lengths[i]: sample i's rows. A batch holds at most `max_batch` samples and at most `max_attention` elements of one attention matrix per
/// head (samples * tokens^2).
BatchLayout batch_layout(const std::vector<int64_t>& lengths, int search_samples, int64_t max_batch = 4,
                         int64_t max_attention = int64_t{1} << 21);

/// embedded[i]: sample i's decoder input, [1, tokens, hidden], in batches as batch_layout() has them. Throws Error if a sample is
/// empty or there is none.
Batches make_batches(const std::vector<torch::Tensor>& embedded, int search_samples, int64_t max_batch = 4,
                     int64_t max_attention = int64_t{1} << 21);

/// Gives every batch its second stream. embedded[i]: sample i's decoder input with a quantized tower's pictures, of the same shape as its
/// float one. Throws Error where a shape differs.
void add_quantized_inputs(Batches& batches, const std::vector<torch::Tensor>& embedded);

/// The real rows of x [samples, longest, width] -> [tokens, width].
torch::Tensor real_rows(const Batch& batch, const torch::Tensor& x);

/// Sum over the real rows of x^2, in double.
double energy(const Batch& batch, const torch::Tensor& x);

/// Sum over the real rows of (x - y)^2, in double.
double squared_error(const Batch& batch, const torch::Tensor& x, const torch::Tensor& y);

}  // namespace qvlm::calibration
