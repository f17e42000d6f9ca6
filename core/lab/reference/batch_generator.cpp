// The reference as a BatchGenerator: a batch's prompts divided between threads.
#include <torch/types.h>

#include <algorithm>
#include <iterator>

#include "core/base/error.h"
#include "core/lab/reference/batch_lane.h"
#include "core/lab/reference/loaded_model.h"
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/threads.h"

namespace qvlm::reference {

namespace {

/// Bytes of keys, values and one layer's activations that a batch may take.
constexpr int64_t kBatchBytes = int64_t{3} << 29;  // 1.5 GiB

class ReferenceBatchGenerator final : public BatchGenerator {
 public:
  ReferenceBatchGenerator(const Model& model, const ReferenceOptions& options)
      : model_(model, options), workers_(threads()), lanes_(static_cast<size_t>(threads()), BatchLane(model_)) {}

  const VlmConfig& config() const override { return model_.config; }
  const GeneratorInfo& info() const override { return model_.info; }
  int64_t context_length() const override { return model_.context; }

  int64_t most_prompts(int64_t rows) const override {
    const DecoderConfig& d = model_.config.decoder;
    const int64_t element = static_cast<int64_t>(torch::elementSize(model_.type));
    // Keys and values twice (a beginning is copied), scores and their softmax, and a layer's widest activations.
    const int64_t a_row = 4LL * d.layers * d.kv_heads * d.head_dim * element + 3LL * d.heads * rows * 4 +
                          4LL * (d.hidden + d.ffn) * 4;
    return std::max<int64_t>(1, kBatchBytes / (a_row * std::max<int64_t>(rows, 1)));
  }

  void fill(std::span<const std::vector<PromptPart>> prompts, std::stop_token stop) override {
    prompts_ = 0;
    for (BatchLane& lane : lanes_) lane.clear();
    if (prompts.empty()) throw Error("batch: there is no prompt");
    check(prompts);
    const size_t count = prompts.size();
    workers_.run(lanes_.size(), [&](size_t lane) {
      const size_t first = first_of(lane, count), end = first_of(lane + 1, count);
      if (first < end) lanes_[lane].fill(prompts.subspan(first, end - first), stop);
    });
    prompts_ = count;
  }

  std::vector<BatchAnswer> answer(int max_tokens, std::stop_token stop) override {
    require_prompts();
    std::vector<std::vector<BatchAnswer>> parts(lanes_.size());
    workers_.run(lanes_.size(), [&](size_t lane) { parts[lane] = lanes_[lane].answer(max_tokens, stop); });
    std::vector<BatchAnswer> answers;
    for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(answers));
    return answers;
  }

  void force(std::span<const std::vector<int32_t>> continuations, std::stop_token stop) override {
    require_prompts();
    if (continuations.size() != prompts_) {
      throw Error::in("batch", "continuations", std::to_string(prompts_), std::to_string(continuations.size()));
    }
    workers_.run(lanes_.size(), [&](size_t lane) {
      const size_t first = first_of(lane, prompts_), end = first_of(lane + 1, prompts_);
      if (first < end) lanes_[lane].force(continuations.subspan(first, end - first), stop);
    });
  }

  std::vector<float> forced_logits(size_t i, int64_t first, int64_t count) override {
    if (i >= prompts_) throw Error::in("batch", "prompt", "below " + std::to_string(prompts_), std::to_string(i));
    size_t lane = 0;
    while (first_of(lane + 1, prompts_) <= i) ++lane;
    return lanes_[lane].forced_logits(i - first_of(lane, prompts_), first, count);
  }

 private:
  /// The first of `count` prompts that a lane has; neighbours, which may share their beginning, stay together.
  size_t first_of(size_t lane, size_t count) const { return count * lane / lanes_.size(); }

  void check(std::span<const std::vector<PromptPart>> prompts) const {
    for (const auto& prompt : prompts) {
      int64_t rows = 0;
      for (const PromptPart& part : prompt) rows += rows_of(model_.config, part);
      if (rows == 0) throw Error("batch: a prompt is empty");
      if (rows > model_.context) {
        throw Error("the prompt takes " + std::to_string(rows) + " positions, the context has " +
                    std::to_string(model_.context));
      }
    }
  }

  void require_prompts() const {
    if (prompts_ == 0) throw Error("batch: no prompt is filled");
  }

  const LoadedModel model_;
  Workers workers_;
  std::vector<BatchLane> lanes_;  // one a thread
  size_t prompts_ = 0;            // that are filled
};

}  // namespace

std::unique_ptr<BatchGenerator> make_reference_batch_generator(std::shared_ptr<const Model> model,
                                                               const ReferenceOptions& options) {
  return std::make_unique<ReferenceBatchGenerator>(*model, options);
}

}  // namespace qvlm::reference
