// Batches of the demo world for the trainer, drawn by a thread ahead of the computation.
#pragma once

#include <torch/types.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/demo/prompt_ids.h"
#include "app/demo/world.h"
#include "core/model/vlm_config.h"

namespace qvlm::demo {

/// Pictures and what each patch shows.
struct TowerBatch {
  torch::Tensor patches;  // [n * patches, 3 * patch * patch] bfloat16, normalised
  torch::Tensor object;   // [n * patches] int64: class ids, 0 = background
  torch::Tensor colour;   // [n * patches] int64, 0 = none
  torch::Tensor place;    // [n * patches] int64: the patch's own number
};

/// One answer within a batch: where its tokens stand among the batch's trained rows.
struct AnswerSpan {
  Category category = Category::NAMING;
  bool novel = false;
  int64_t first = 0, count = 0;
};

/// Dialogues of similar length, padded on the right.
struct DialogueBatch {
  torch::Tensor patches;  // [pictures * patches, 3 * patch * patch] bfloat16
  torch::Tensor source;   // [batch * tokens] int64: token id, or -1 - image row
  torch::Tensor rows;     // [trained] int64: rows of the hidden states whose next token is trained
  torch::Tensor targets;  // [trained] int64
  std::vector<AnswerSpan> answers;
  int64_t batch = 0, tokens = 0, pictures = 0;
};

/// Appends a picture's normalised patches (channel, row, column within a patch, as a convolution's weight lies) to `patches`.
void append_patches(const Image& image, const VlmConfig& config, std::vector<at::BFloat16>& patches);

TowerBatch make_tower_batch(const World& world, const VlmConfig& config, uint64_t first_seed, Split split, int count);

/// Sorts the examples by length and cuts them into batches.
std::vector<DialogueBatch> make_dialogue_batches(const std::vector<Example>& examples, const VlmConfig& config,
                                                 const Tokenizer& tokenizer, int batch_size);

/// Runs `make` in a thread of its own, a few results ahead. An exception of `make` is thrown by next().
template <class Item>
class Ahead {
 public:
  explicit Ahead(std::function<std::vector<Item>()> make, size_t depth = 6)
      : thread_([this, make = std::move(make), depth](std::stop_token stop) { run(stop, make, depth); }) {}

  Item next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || failure_; });
    if (items_.empty()) std::rethrow_exception(failure_);
    Item item = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

 private:
  void run(const std::stop_token& stop, const std::function<std::vector<Item>()>& make, size_t depth) {
    try {
      while (!stop.stop_requested()) {
        std::vector<Item> made = make();
        std::unique_lock lock(mutex_);
        for (Item& item : made) {
          if (!changed_.wait(lock, stop, [this, depth] { return items_.size() < depth; })) return;
          items_.push_back(std::move(item));
          changed_.notify_all();
        }
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Item> items_;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace qvlm::demo
