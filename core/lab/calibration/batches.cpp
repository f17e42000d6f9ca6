// Batches of calibration samples and sums over their real rows.
#include "core/lab/calibration/batches.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"

namespace qvlm::calibration {
namespace {

Batch pad(const std::vector<torch::Tensor>& embedded, std::vector<int> samples) {
  Batch batch;
  batch.samples = std::move(samples);
  int64_t longest = 0;
  for (const int sample : batch.samples) {
    batch.lengths.push_back(embedded[static_cast<size_t>(sample)].size(1));
    longest = std::max(longest, batch.lengths.back());
  }
  const int64_t width = embedded.front().size(2);
  batch.hidden = torch::zeros({batch.size(), longest, width}, torch::kFloat32);
  batch.mask = torch::zeros({batch.size(), longest}, torch::kFloat32);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < batch.size(); ++i) {
    const int64_t length = batch.lengths[static_cast<size_t>(i)];
    batch.hidden[i].narrow(0, 0, length).copy_(embedded[static_cast<size_t>(batch.samples[static_cast<size_t>(i)])][0]);
    batch.mask[i].narrow(0, 0, length).fill_(1);
    for (int64_t row = 0; row < length; ++row) rows.push_back(i * longest + row);
  }
  batch.rows = torch::tensor(rows, torch::kInt64);
  return batch;
}

// Appends batches of samples first..last - 1, sorted by length so that little is padded.
void append_batches(BatchLayout& layout, const std::vector<int64_t>& lengths, int first, int last, int64_t max_batch, int64_t max_attention) {
  std::vector<int> order(static_cast<size_t>(last - first));
  std::iota(order.begin(), order.end(), first);
  const auto length = [&lengths](int sample) { return lengths[static_cast<size_t>(sample)]; };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return length(a) < length(b); });
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && static_cast<int64_t>(end - begin) < max_batch &&
           static_cast<int64_t>(end + 1 - begin) * length(order[end]) * length(order[end]) <= max_attention) {
      ++end;
    }
    layout.samples.emplace_back(order.begin() + static_cast<long>(begin), order.begin() + static_cast<long>(end));
    begin = end;
  }
}

}  // namespace

BatchLayout batch_layout(const std::vector<int64_t>& lengths, int search_samples, int64_t max_batch, int64_t max_attention) {
  BatchLayout layout;
  const int samples = static_cast<int>(lengths.size());
  const int searched = std::min(std::max(search_samples, 1), samples);
  append_batches(layout, lengths, 0, searched, max_batch, max_attention);
  layout.search_batches = layout.samples.size();
  append_batches(layout, lengths, searched, samples, max_batch, max_attention);
  return layout;
}

Batches make_batches(const std::vector<torch::Tensor>& embedded, int search_samples, int64_t max_batch, int64_t max_attention) {
  if (embedded.empty()) throw Error("calibration: there is no sample");
  Batches batches;
  batches.samples = static_cast<int>(embedded.size());
  batches.search_samples = std::clamp(search_samples, 1, batches.samples);
  for (size_t i = 0; i < embedded.size(); ++i) {
    const torch::Tensor& x = embedded[i];
    if (x.dim() != 3 || x.size(0) != 1 || x.size(1) == 0 || x.size(2) != embedded.front().size(2)) {
      throw Error("calibration: sample " + std::to_string(i) + " is empty or has another width");
    }
    batches.tokens += x.size(1);
    batches.longest = std::max(batches.longest, x.size(1));
  }
  std::vector<int64_t> lengths;
  for (const torch::Tensor& x : embedded) lengths.push_back(x.size(1));
  const BatchLayout layout = batch_layout(lengths, search_samples, max_batch, max_attention);
  batches.search_batches = layout.search_batches;
  for (const auto& samples : layout.samples) batches.all.push_back(pad(embedded, samples));
  return batches;
}

void add_quantized_inputs(Batches& batches, const std::vector<torch::Tensor>& embedded) {
  for (Batch& batch : batches.all) {
    batch.quantized_hidden = torch::zeros_like(batch.hidden);
    for (int64_t i = 0; i < batch.size(); ++i) {
      const auto sample = static_cast<size_t>(batch.samples[static_cast<size_t>(i)]);
      const int64_t length = batch.lengths[static_cast<size_t>(i)];
      if (sample >= embedded.size() || embedded[sample].sizes() != at::IntArrayRef({1, length, batch.hidden.size(2)})) {
        throw Error("calibration: the quantized inputs of sample " + std::to_string(sample) + " do not fit its float ones");
      }
      batch.quantized_hidden[i].narrow(0, 0, length).copy_(embedded[sample][0]);
    }
  }
}

torch::Tensor real_rows(const Batch& batch, const torch::Tensor& x) {
  const auto flat = x.reshape({-1, x.size(-1)});
  return batch.tokens() == flat.size(0) ? flat : flat.index_select(0, batch.rows);
}

double energy(const Batch& batch, const torch::Tensor& x) {
  return (x.square().sum(-1) * batch.mask).sum(torch::kFloat64).item<double>();
}

double squared_error(const Batch& batch, const torch::Tensor& x, const torch::Tensor& y) {
  return ((x - y).square_().sum(-1) * batch.mask).sum(torch::kFloat64).item<double>();
}

}  // namespace qvlm::calibration
