// Stage one: the tower learns to say of every patch what it shows, as towers of real VLMs are pretrained before they meet a decoder.
#include <fmt/format.h>

#include "app/demo/train_batches.h"
#include "app/demo/train_clock.h"
#include "app/demo/train_model.h"
#include "app/demo/train_stages.h"
#include "core/base/crew.h"

namespace qvlm::demo {

namespace {

constexpr int kPart = 16;  // pictures a part of a step
constexpr float kBackgroundWeight = 0.15f;  // most patches show nothing
constexpr double kPlaceWeight = 0.1;        // keeps the place readable in the feature

struct Heads {
  torch::Tensor object, colour, place;  // logits [n * patches, classes], float32
};

Heads read_heads(const ParameterStore& parameters, const torch::Tensor& features) {
  const auto head = [&](const std::string& name) {
    return torch::linear(features, parameters.leaf("tower_heads." + name + ".weight"), parameters.leaf("tower_heads." + name + ".bias"))
        .to(torch::kFloat32);
  };
  return {head("object"), head("colour"), head("place")};
}

torch::Tensor weights_with_background(int classes) {
  auto weights = torch::ones({classes});
  weights[0] = kBackgroundWeight;
  return weights;
}

std::string held_out_accuracy(const ParameterStore& parameters, const VlmConfig& config, const World& world) {
  const torch::NoGradGuard no_gradients;
  double object_right = 0, colour_right = 0, shown = 0, background_right = 0, background = 0, place_right = 0, patches = 0;
  for (uint64_t part = 0; part < 4; ++part) {
    const TowerBatch batch = make_tower_batch(world, config, 1000 + part * 64, Split::HELD_OUT, 64);
    const Heads heads = read_heads(parameters, tower_forward(parameters, *config.vision, batch.patches));
    const auto object_hit = heads.object.argmax(1).eq(batch.object), is_thing = batch.object.ne(0);
    object_right += object_hit.logical_and(is_thing).sum().item<double>();
    colour_right += heads.colour.argmax(1).eq(batch.colour).logical_and(is_thing).sum().item<double>();
    background_right += object_hit.logical_and(is_thing.logical_not()).sum().item<double>();
    shown += is_thing.sum().item<double>();
    background += is_thing.logical_not().sum().item<double>();
    place_right += heads.place.argmax(1).eq(batch.place).sum().item<double>();
    patches += static_cast<double>(batch.place.size(0));
  }
  return fmt::format("held-out patches: object {:.1f} %, colour {:.1f} %, background {:.1f} %, place {:.1f} %", 100 * object_right / shown,
                     100 * colour_right / shown, 100 * background_right / background, 100 * place_right / patches);
}

}  // namespace

void train_tower(const TrainOptions& options) {
  const VlmConfig config = demo_config();
  const World world;
  ParameterStore parameters;
  add_tower(parameters, *config.vision, options.seed);
  for (const auto& [name, classes] : {std::pair<std::string, int64_t>{"object", object_classes()}, {"colour", colour_classes()},
                                      {"place", config.vision->patches()}}) {
    parameters.add("tower_heads." + name + ".weight", {classes, config.vision->hidden}, {0.02f}, options.seed);
    parameters.add("tower_heads." + name + ".bias", {classes}, {0, 0, false}, options.seed);
  }
  const auto checkpoint = options.folder / "tower.safetensors";
  TrainClock clock(options.minutes, options.folder / "log.txt");
  if (std::filesystem::exists(checkpoint)) clock.resume_at(std::stod(parameters.load(checkpoint).at("seconds")));
  const auto save = [&] { parameters.save(checkpoint, {{"stage", "tower"}, {"seconds", fmt::format("{}", clock.seconds())}}); };

  uint64_t seed = mix64(options.seed + static_cast<uint64_t>(parameters.steps()));
  Ahead<TowerBatch> batches([&] {
    std::vector<TowerBatch> made{make_tower_batch(world, config, seed, Split::TRAIN, kPart)};
    seed += kPart;
    return made;
  }, 16);
  Crew crew(options.threads);
  const auto object_weights = weights_with_background(object_classes()), colour_weights = weights_with_background(colour_classes());
  double last_save = clock.seconds(), last_line = clock.seconds(), last_check = clock.seconds(), loss_sum = 0;
  int64_t lines_from = parameters.steps();
  while (!clock.over()) {
    std::vector<TowerBatch> parts;
    for (int i = 0; i < options.batch / kPart; ++i) parts.push_back(batches.next());
    std::mutex mutex;
    crew.run(parts.size(), [&](size_t part) {  // gradients meet in the shared leaves; autograd locks each while it adds
      const TowerBatch& batch = parts[part];
      const Heads heads = read_heads(parameters, tower_forward(parameters, *config.vision, batch.patches));
      const auto loss = (torch::cross_entropy_loss(heads.object, batch.object, object_weights) +
                         torch::cross_entropy_loss(heads.colour, batch.colour, colour_weights) +
                         kPlaceWeight * torch::cross_entropy_loss(heads.place, batch.place)) /
                        static_cast<double>(parts.size());
      loss.backward();
      const std::lock_guard lock(mutex);
      loss_sum += loss.item<double>();
    });
    const double rate = options.learning_rate * clock.rate(parameters.steps(), 200);
    parameters.step(static_cast<float>(rate), 0.05f, 1.0, crew);
    const double since = clock.seconds() - last_line;
    if (clock.due(last_line, 20)) {
      const double steps = static_cast<double>(parameters.steps() - lines_from);
      clock.say(fmt::format("tower step {}  loss {:.4f}  {:.0f} pictures/s  rate {:.2e}", parameters.steps(), loss_sum / steps,
                            steps * options.batch / since, rate));
      loss_sum = 0;
      lines_from = parameters.steps();
    }
    if (clock.due(last_check, 60)) clock.say(held_out_accuracy(parameters, config, world));
    if (clock.due(last_save, 180)) save();
  }
  clock.say("tower done: " + held_out_accuracy(parameters, config, world));
  save();
}

}  // namespace qvlm::demo
