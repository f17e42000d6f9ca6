// Pictures to patches, dialogues to padded batches.
#include "app/demo/train_batches.h"

#include <algorithm>
#include <numeric>

#include "core/base/error.h"

namespace qvlm::demo {

namespace {

torch::Tensor to_tensor(const std::vector<int64_t>& values) {
  return torch::from_blob(const_cast<int64_t*>(values.data()), {static_cast<int64_t>(values.size())}, torch::TensorOptions(torch::kInt64))
      .clone();
}

torch::Tensor patches_tensor(std::vector<at::BFloat16>& patches, int64_t width) {
  return torch::from_blob(patches.data(), {static_cast<int64_t>(patches.size()) / width, width}, torch::TensorOptions(torch::kBFloat16))
      .clone();
}

int64_t patch_width(const VlmConfig& config) { return 3LL * config.vision->patch_size * config.vision->patch_size; }

DialogueBatch make_batch(const std::vector<Example>& examples, const std::vector<TokenizedExample>& tokenized,
                         const std::vector<size_t>& members, const VlmConfig& config) {
  DialogueBatch batch;
  batch.batch = static_cast<int64_t>(members.size());
  for (const size_t member : members) batch.tokens = std::max(batch.tokens, static_cast<int64_t>(tokenized[member].ids.size()));
  std::vector<at::BFloat16> patches;
  std::vector<int64_t> source, rows, targets;
  for (const size_t member : members) {
    const TokenizedExample& example = tokenized[member];
    const int64_t start = static_cast<int64_t>(source.size()), length = static_cast<int64_t>(example.ids.size());
    int64_t image_row = batch.pictures * config.vision->image_tokens();
    for (const Image& image : examples[member].images) append_patches(image, config, patches);
    batch.pictures += static_cast<int64_t>(examples[member].images.size());
    size_t turn = 0;
    for (int64_t i = 0; i < length; ++i) {
      const int32_t id = example.ids[static_cast<size_t>(i)];
      source.push_back(id == config.tokens.image ? -1 - image_row++ : id);
      if (!example.trained[static_cast<size_t>(i)]) continue;
      if (!example.trained[static_cast<size_t>(i - 1)]) {  // an answer begins
        const Turn& asked = examples[member].turns.at(turn++);
        batch.answers.push_back({asked.category, asked.novel, static_cast<int64_t>(rows.size()), 0});
      }
      ++batch.answers.back().count;
      rows.push_back(start + i - 1);
      targets.push_back(id);
    }
    if (turn != examples[member].turns.size() || image_row != batch.pictures * config.vision->image_tokens()) {
      throw Error::in("demo dialogue", "answers and image tokens", "as many as turns and pictures", "others");
    }
    source.resize(static_cast<size_t>(start + batch.tokens), config.tokens.pad);
  }
  batch.patches = patches_tensor(patches, patch_width(config));
  batch.source = to_tensor(source);
  batch.rows = to_tensor(rows);
  batch.targets = to_tensor(targets);
  return batch;
}

}  // namespace

void append_patches(const Image& image, const VlmConfig& config, std::vector<at::BFloat16>& patches) {
  const int side = config.vision->patch_size, size = config.vision->image_size;
  if (image.width != size || image.height != size) {
    throw Error::in("demo picture", "pixels a side", std::to_string(size), std::to_string(image.width));
  }
  std::array<std::array<at::BFloat16, 256>, 3> normalised;
  for (size_t channel = 0; channel < 3; ++channel) {
    for (int value = 0; value < 256; ++value) {
      normalised[channel][static_cast<size_t>(value)] =
          (static_cast<float>(value) * config.preprocess.rescale - config.preprocess.mean[channel]) / config.preprocess.std[channel];
    }
  }
  for (int top = 0; top < size; top += side) {
    for (int left = 0; left < size; left += side) {
      for (size_t channel = 0; channel < 3; ++channel) {
        for (int y = top; y < top + side; ++y) {
          const uint8_t* pixel = &image.rgb[(static_cast<size_t>(y) * static_cast<size_t>(size) + static_cast<size_t>(left)) * 3 + channel];
          for (int x = 0; x < side; ++x, pixel += 3) patches.push_back(normalised[channel][*pixel]);
        }
      }
    }
  }
}

TowerBatch make_tower_batch(const World& world, const VlmConfig& config, uint64_t first_seed, Split split, int count) {
  std::vector<at::BFloat16> patches;
  std::vector<int64_t> object, colour, place;
  for (int i = 0; i < count; ++i) {
    const LabelledPicture picture = world.picture(first_seed + static_cast<uint64_t>(i), split);
    append_patches(picture.image, config, patches);
    object.insert(object.end(), picture.labels.object.begin(), picture.labels.object.end());
    colour.insert(colour.end(), picture.labels.colour.begin(), picture.labels.colour.end());
    for (int64_t patch = 0; patch < config.vision->patches(); ++patch) place.push_back(patch);
  }
  return {patches_tensor(patches, patch_width(config)), to_tensor(object), to_tensor(colour), to_tensor(place)};
}

std::vector<DialogueBatch> make_dialogue_batches(const std::vector<Example>& examples, const VlmConfig& config,
                                                 const Tokenizer& tokenizer, int batch_size) {
  std::vector<TokenizedExample> tokenized;
  for (const Example& example : examples) {
    tokenized.push_back(tokenize(example, tokenizer, config.tokens.image, config.vision->image_tokens()));
  }
  std::vector<size_t> order(examples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tokenized[a].ids.size() < tokenized[b].ids.size(); });
  std::vector<DialogueBatch> batches;
  for (size_t first = 0; first < order.size(); first += static_cast<size_t>(batch_size)) {
    const size_t last = std::min(order.size(), first + static_cast<size_t>(batch_size));
    batches.push_back(make_batch(examples, tokenized, {order.begin() + static_cast<std::ptrdiff_t>(first),
                                                       order.begin() + static_cast<std::ptrdiff_t>(last)}, config));
  }
  return batches;
}

}  // namespace qvlm::demo
