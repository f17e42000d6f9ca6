// The reference as a BatchGenerator: prompts that begin with the same pictures share that beginning.
#include <torch/types.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/error.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/loaded_model.h"
#include "core/lab/reference/ragged.h"
#include "core/lab/reference/reference_generator.h"

namespace qvlm::reference {

namespace {

using Parts = std::span<const PromptPart>;

/// Bytes of keys, values and one layer's activations that a batch may take.
constexpr int64_t kBatchBytes = int64_t{3} << 29;  // 1.5 GiB
constexpr int64_t kRoom = 16;                      // columns that a cache grows by while answers grow

/// A prompt as beginning, up to its last picture, and rest. Without a picture, or with nothing behind it: all is rest.
size_t beginning_of(const std::vector<PromptPart>& prompt) {
  for (size_t count = prompt.size(); count-- > 0;) {
    if (std::holds_alternative<PixelTensor>(prompt[count])) return count + 1 < prompt.size() ? count + 1 : 0;
  }
  return 0;
}

/// What two beginnings are equal by: token ids, and pictures by their hash.
std::vector<uint64_t> key_of(Parts parts) {
  std::vector<uint64_t> key;
  for (const PromptPart& part : parts) {
    if (const auto* pixels = std::get_if<PixelTensor>(&part)) {
      key.insert(key.end(), {UINT64_MAX, pixels->hash});
    } else {
      for (const int32_t id : std::get<std::vector<int32_t>>(part)) key.push_back(static_cast<uint32_t>(id));
    }
  }
  return key;
}

/// Stretches side by side, padded with zeros on the right. Each [1, rows, hidden] -> [stretches, longest, hidden]
torch::Tensor side_by_side(const std::vector<torch::Tensor>& stretches) {
  int64_t longest = 0;
  for (const torch::Tensor& x : stretches) longest = std::max(longest, x.size(1));
  const torch::Tensor& like = stretches.front();
  auto result = torch::zeros({static_cast<int64_t>(stretches.size()), longest, like.size(2)}, like.options());
  for (size_t i = 0; i < stretches.size(); ++i) {
    result[static_cast<int64_t>(i)].narrow(0, 0, stretches[i].size(1)).copy_(stretches[i][0]);
  }
  return result;
}

class ReferenceBatchGenerator final : public BatchGenerator {
 public:
  ReferenceBatchGenerator(const Model& model, const ReferenceOptions& options)
      : model_(model, options), pictures_(model_) {}

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
    const torch::InferenceMode no_gradients;
    lengths_.clear();
    cache_.reset();
    forced_ = torch::Tensor();
    forced_lengths_.clear();
    if (prompts.empty()) throw Error("batch: there is no prompt");
    check(prompts);

    std::map<std::vector<uint64_t>, int64_t> known;  // beginning -> its number
    std::vector<size_t> first_with;                  // the prompt that a beginning was found in
    std::vector<int64_t> owner;                      // the beginning of each prompt
    for (size_t i = 0; i < prompts.size(); ++i) {
      const auto [at, added] = known.try_emplace(key_of(Parts(prompts[i]).first(beginning_of(prompts[i]))),
                                                 static_cast<int64_t>(first_with.size()));
      if (added) first_with.push_back(i);
      owner.push_back(at->second);
    }
    const bool shared = first_with.size() < prompts.size() && known.begin()->first.size() + known.size() > 1;

    std::vector<int64_t> starts(prompts.size(), 0);
    int64_t used = 0;
    if (shared) {
      std::vector<Parts> beginnings;
      for (const size_t i : first_with) beginnings.push_back(Parts(prompts[i]).first(beginning_of(prompts[i])));
      const auto embedded = embed(beginnings, stop);
      const auto hidden = side_by_side(embedded);
      used = hidden.size(1);
      cache_.emplace(model_, hidden.size(0), used);
      run_ragged(model_, *cache_, hidden, std::vector<int64_t>(beginnings.size(), 0), stop);
      for (size_t i = 0; i < prompts.size(); ++i) starts[i] = embedded[static_cast<size_t>(owner[i])].size(1);
    }
    std::vector<Parts> rests;
    for (const auto& prompt : prompts) rests.push_back(Parts(prompt).subspan(shared ? beginning_of(prompt) : 0));
    const auto embedded = embed(rests, stop);
    const auto hidden = side_by_side(embedded);
    const int64_t columns = used + hidden.size(1) + kRoom;
    cache_ = shared ? cache_->select(model_, torch::tensor(owner, torch::kInt64), columns, used)
                    : RaggedCache(model_, hidden.size(0), columns);
    const auto out = run_ragged(model_, *cache_, hidden, starts, stop);
    std::vector<torch::Tensor> last;
    for (size_t i = 0; i < prompts.size(); ++i) {
      const int64_t rows = embedded[i].size(1);
      last.push_back(out[static_cast<int64_t>(i)][rows - 1]);
      lengths_.push_back(starts[i] + rows);
    }
    last_ = torch::stack(last);
  }

  std::vector<BatchAnswer> answer(int max_tokens, std::stop_token stop) override {
    const torch::InferenceMode no_gradients;
    require_prompts();
    std::vector<BatchAnswer> answers(lengths_.size());
    std::vector<size_t> running(lengths_.size());  // whose answers go on
    for (size_t i = 0; i < running.size(); ++i) running[i] = i;
    std::vector<size_t> held = running;  // whose keys and values `cache` holds
    std::optional<RaggedCache> fewer;    // of those in `held`, once many have ended
    torch::Tensor last = last_;          // [held, hidden]
    for (int step = 0; step < max_tokens && !running.empty(); ++step) {
      const torch::Tensor logits = to_float(decoder_logits(model_.config.decoder, model_.ends, last));
      std::vector<size_t> goes_on;
      for (size_t row = 0; row < held.size(); ++row) {
        const size_t i = held[row];
        if (std::find(running.begin(), running.end(), i) == running.end()) continue;
        if (take(answers[i], row_of(logits, row)) && position_of(answers[i], i) <= model_.context) goes_on.push_back(i);
      }
      running = std::move(goes_on);
      if (step + 1 == max_tokens || running.empty()) break;
      if (running.size() * 2 <= held.size()) {
        std::vector<int64_t> rows;
        for (const size_t i : running) rows.push_back(std::find(held.begin(), held.end(), i) - held.begin());
        const RaggedCache& now = fewer ? *fewer : *cache_;
        fewer = now.select(model_, torch::tensor(rows, torch::kInt64), now.columns(), now.columns());
        held = running;
      }
      std::vector<torch::Tensor> next;
      std::vector<int64_t> starts;
      for (const size_t i : held) {
        // One that has ended runs along at its last place until the cache is cut down; its rows are not used.
        const BatchAnswer& answer = answers[i];
        next.push_back(model_.ends.embedding[answer.tokens.empty() ? 0 : answer.tokens.back()].view({1, 1, -1}));
        starts.push_back(std::max(lengths_[i], position_of(answer, i) - 1));
      }
      RaggedCache& cache = fewer ? *fewer : *cache_;
      const int64_t columns = *std::max_element(starts.begin(), starts.end()) + 1;
      if (columns > cache.columns()) cache.reserve(columns + kRoom);
      last = run_ragged(model_, cache, torch::cat(next), starts, stop).squeeze(1);
    }
    return answers;
  }

  void force(std::span<const std::vector<int32_t>> continuations, std::stop_token stop) override {
    const torch::InferenceMode no_gradients;
    require_prompts();
    if (continuations.size() != lengths_.size()) {
      throw Error::in("batch", "continuations", std::to_string(lengths_.size()), std::to_string(continuations.size()));
    }
    forced_ = torch::Tensor();
    forced_lengths_.clear();
    std::vector<torch::Tensor> stretches;
    int64_t longest = 0;
    for (size_t i = 0; i < continuations.size(); ++i) {
      const std::vector<int32_t>& tokens = continuations[i];
      const auto count = static_cast<int64_t>(tokens.size());
      if (lengths_[i] + count - 1 > model_.context) {
        throw Error::in("context", "positions", "at most " + std::to_string(model_.context),
                        std::to_string(lengths_[i] + count - 1));
      }
      const PromptPart part(tokens.empty() ? tokens : std::vector<int32_t>(tokens.begin(), tokens.end() - 1));
      stretches.push_back(embed_prompt(model_.ends.embedding, std::span(&part, 1), {}));
      longest = std::max(longest, stretches.back().size(1));
    }
    forced_ = last_.unsqueeze(1);
    if (longest > 0) {
      cache_->reserve(*std::max_element(lengths_.begin(), lengths_.end()) + longest);
      forced_ = torch::cat({forced_, run_ragged(model_, *cache_, side_by_side(stretches), lengths_, stop)}, 1);
    }
    for (const auto& tokens : continuations) forced_lengths_.push_back(static_cast<int64_t>(tokens.size()));
  }

  std::vector<float> forced_logits(size_t i, int64_t first, int64_t count) override {
    const torch::InferenceMode no_gradients;
    const int64_t rows = i < forced_lengths_.size() ? forced_lengths_[i] : 0;
    if (first < 0 || count < 0 || first + count > rows) {
      throw Error::in("batch", "forced rows", "within 0 .. " + std::to_string(rows),
                      std::to_string(first) + " .. " + std::to_string(first + count));
    }
    if (count == 0) return {};
    const auto hidden = forced_[static_cast<int64_t>(i)].narrow(0, first, count);  // [count, hidden]
    const torch::Tensor logits = to_float(decoder_logits(model_.config.decoder, model_.ends, hidden));
    return {logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel()};
  }

 private:
  static torch::Tensor to_float(const torch::Tensor& x) { return x.to(torch::kFloat32).contiguous(); }

  std::span<const float> row_of(const torch::Tensor& logits, size_t row) const {
    const auto width = static_cast<size_t>(logits.size(1));
    return {logits.data_ptr<float>() + row * width, width};
  }

  /// Positions that a prompt and its answer take.
  int64_t position_of(const BatchAnswer& answer, size_t i) const {
    return lengths_[i] + static_cast<int64_t>(answer.tokens.size());
  }

  /// The next token of an answer; false where it ends.
  bool take(BatchAnswer& answer, std::span<const float> logits) const {
    const int32_t token = sample_token(logits, {}, {}, 0);
    const std::vector<int>& ends = model_.config.tokens.end;
    if (std::find(ends.begin(), ends.end(), token) != ends.end()) {
      answer.end_token = token;
      return false;
    }
    answer.tokens.push_back(token);
    return true;
  }

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
    if (lengths_.empty()) throw Error("batch: no prompt is filled");
  }

  /// The decoder's input of each stretch, pictures of all of them encoded together. -> [1, rows, hidden] each
  std::vector<torch::Tensor> embed(const std::vector<Parts>& stretches, const std::stop_token& stop) {
    std::vector<const PixelTensor*> pictures;
    for (const Parts parts : stretches) {
      for (const PromptPart& part : parts) {
        if (const auto* pixels = std::get_if<PixelTensor>(&part)) pictures.push_back(pixels);
      }
    }
    const std::vector<torch::Tensor> rows = pictures_.rows(pictures, stop);
    size_t next = 0;
    std::vector<torch::Tensor> embedded;
    for (const Parts parts : stretches) {
      embedded.push_back(embed_prompt(model_.ends.embedding, parts, [&](const PixelTensor&) { return rows[next++]; }));
    }
    return embedded;
  }

  const LoadedModel model_;
  PictureCache pictures_;
  std::vector<int64_t> lengths_;      // rows of each prompt
  std::optional<RaggedCache> cache_;  // the prompts, and behind them whatever ran last
  torch::Tensor last_;                // [prompts, hidden]: the last row of each, before the final norm
  torch::Tensor forced_;              // [prompts, longest continuation, hidden]
  std::vector<int64_t> forced_lengths_;
};

}  // namespace

std::unique_ptr<BatchGenerator> make_reference_batch_generator(std::shared_ptr<const Model> model,
                                                               const ReferenceOptions& options) {
  return std::make_unique<ReferenceBatchGenerator>(*model, options);
}

}  // namespace qvlm::reference
