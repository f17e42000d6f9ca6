// Stage two: tower, projector and decoder learn to answer, from the answers' tokens alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/demo/make_tokenizer.h"
#include "app/demo/train_batches.h"
#include "app/demo/train_clock.h"
#include "app/demo/train_model.h"
#include "app/demo/train_stages.h"
#include "core/base/crew.h"
#include "core/base/error.h"

namespace qvlm::demo {

namespace {

constexpr int kPart = 8;    // dialogues a part of a step
constexpr int kPool = 256;  // dialogues that are drawn together and sorted by length

// Everything a step needs besides the batch.
struct Trainee {
  VlmConfig config = demo_config();
  World world;
  std::unique_ptr<Tokenizer> tokenizer;
  ParameterStore parameters;
  reference::RotaryTable rotary;

  explicit Trainee(const TrainOptions& options) {
    tokenizer = Tokenizer::open(options.tokenizer);
    config.tokens = demo_tokens();
    add_tower(parameters, *config.vision, options.seed);
    add_decoder(parameters, config, options.seed);
    rotary = reference::RotaryTable::make(config.decoder, config.decoder.context_length);
  }

  /// Logits of the trained rows. [trained, vocabulary] float32
  torch::Tensor logits(const DialogueBatch& batch) const {
    const auto images = projector_forward(parameters, tower_forward(parameters, *config.vision, batch.patches));
    const auto hidden = decoder_forward(parameters, config.decoder, rotary, batch.source, images, batch.batch, batch.tokens);
    return head_forward(parameters, config.decoder, hidden.index_select(0, batch.rows)).to(torch::kFloat32);
  }

  /// Dialogues of a stretch of seeds, cut into batches of similar length, in random order.
  std::vector<DialogueBatch> batches(uint64_t first_seed, Split split, int examples, int questions) const {
    std::vector<Example> drawn;
    for (int i = 0; i < examples; ++i) {
      drawn.push_back(world.example(first_seed + static_cast<uint64_t>(i), split, questions));
      if (drawn.back().turns.empty()) drawn.pop_back();
    }
    auto made = make_dialogue_batches(drawn, config, *tokenizer, kPart);
    Rng rng(first_seed);
    rng.shuffle(made);
    return made;
  }
};

struct Tally {
  std::array<int64_t, kCategories> right{}, asked{};
  int64_t novel_right = 0, novel_asked = 0;

  double all() const {
    int64_t r = 0, a = 0;
    for (int i = 0; i < kCategories; ++i) r += right[static_cast<size_t>(i)], a += asked[static_cast<size_t>(i)];
    return 100.0 * static_cast<double>(r) / static_cast<double>(std::max<int64_t>(a, 1));
  }
  std::string text() const {
    std::string line = fmt::format("all {:.1f} %", all());
    for (int i = 0; i < kCategories; ++i) {
      const auto n = static_cast<size_t>(i);
      line += fmt::format(", {} {:.0f}", category_name(static_cast<Category>(i)),
                          100.0 * static_cast<double>(right[n]) / static_cast<double>(std::max<int64_t>(asked[n], 1)));
    }
    return line + fmt::format(", novel {:.0f} ({})", 100.0 * static_cast<double>(novel_right) / static_cast<double>(std::max<int64_t>(novel_asked, 1)),
                              novel_asked);
  }
};

// Whole answers predicted token by token (each from the true tokens before it): exact match.
Tally held_out(const Trainee& trainee, Crew& crew, int questions, int examples, bool blank) {
  Tally tally;
  std::mutex mutex;
  auto batches = trainee.batches(0x5eed0000, Split::HELD_OUT, examples, questions);
  crew.run(batches.size(), [&](size_t part) {
    const torch::NoGradGuard no_gradients;  // a thread's own
    DialogueBatch& batch = batches[part];
    if (blank) batch.patches = torch::zeros_like(batch.patches);
    const auto hit = trainee.logits(batch).argmax(1).eq(batch.targets);  // [trained]
    const bool* hits = hit.data_ptr<bool>();
    const std::lock_guard lock(mutex);
    for (const AnswerSpan& answer : batch.answers) {
      const bool exact = std::all_of(hits + answer.first, hits + answer.first + answer.count, [](bool h) { return h; });
      const auto n = static_cast<size_t>(answer.category);
      tally.right[n] += exact;
      ++tally.asked[n];
      tally.novel_right += answer.novel && exact;
      tally.novel_asked += answer.novel;
    }
  });
  return tally;
}

}  // namespace

void train_vlm(const TrainOptions& options) {
  Trainee trainee(options);
  ParameterStore& parameters = trainee.parameters;
  parameters.scale_rate("vision.", 0.3f);
  const auto checkpoint = options.folder / "vlm.safetensors";
  TrainClock clock(options.minutes, options.folder / "log.txt");
  if (std::filesystem::exists(checkpoint)) {
    clock.resume_at(std::stod(parameters.load(checkpoint).at("seconds")));
  } else if (!options.tower.empty()) {
    const auto missing = parameters.load_weights(options.tower);  // all but the decoder's and the projector's
    if (std::any_of(missing.begin(), missing.end(), [](const std::string& name) { return name.starts_with("vision."); })) {
      throw Error::in(options.tower.string(), "tensors", "a tower's", "others");
    }
  }
  clock.say(fmt::format("vlm: {} parameters, from step {}", parameters.count(), parameters.steps()));
  const auto save = [&] { parameters.save(checkpoint, {{"stage", "vlm"}, {"seconds", fmt::format("{}", clock.seconds())}}); };

  uint64_t seed = mix64(options.seed * 31 + static_cast<uint64_t>(parameters.steps()));
  Ahead<DialogueBatch> batches([&] {
    auto made = trainee.batches(seed, Split::TRAIN, kPool, options.questions);
    seed += kPool;
    return made;
  }, 64);
  Crew crew(options.threads);
  double last_save = clock.seconds(), last_line = clock.seconds(), last_check = clock.seconds(), loss_sum = 0;
  int64_t lines_from = parameters.steps();
  while (!clock.over()) {
    std::vector<DialogueBatch> parts;
    int64_t targets = 0, rows = 0;
    for (int i = 0; i < std::max(1, options.batch / kPart); ++i) {
      parts.push_back(batches.next());
      targets += parts.back().targets.size(0);
      rows += parts.back().source.size(0);
    }
    std::mutex mutex;
    crew.run(parts.size(), [&](size_t part) {  // gradients meet in the shared leaves; autograd locks each while it adds
      const auto loss = torch::cross_entropy_loss(trainee.logits(parts[part]), parts[part].targets, {}, at::Reduction::Sum) /
                        static_cast<double>(targets);
      loss.backward();
      const std::lock_guard lock(mutex);
      loss_sum += loss.item<double>();
    });
    const double rate = options.learning_rate * clock.rate(parameters.steps(), 200);
    const double norm = parameters.step(static_cast<float>(rate), 0.05f, 1.0, crew);
    const double since = clock.seconds() - last_line;
    if (clock.due(last_line, 30)) {
      const double steps = static_cast<double>(parameters.steps() - lines_from);
      clock.say(fmt::format("vlm step {}  loss {:.4f}  {:.1f} dialogues/s  {} tokens  norm {:.2f}  rate {:.2e}", parameters.steps(),
                            loss_sum / steps, steps * options.batch / since, rows / options.batch, norm, rate));
      loss_sum = 0;
      lines_from = parameters.steps();
    }
    if (clock.due(last_check, 240)) clock.say("held-out answers exact: " + held_out(trainee, crew, options.questions, 200, false).text());
    if (clock.due(last_save, 180)) save();
  }
  save();
  clock.say("vlm done; held-out answers exact: " + held_out(trainee, crew, options.questions, 400, false).text());
  clock.say("with blank pictures: " + held_out(trainee, crew, options.questions, 400, true).text());
}

void evaluate_vlm(const TrainOptions& options, int examples) {
  Trainee trainee(options);
  const auto checkpoint = options.folder / "vlm.safetensors";
  const auto missing = trainee.parameters.load_weights(checkpoint);
  if (!missing.empty()) throw Error::in(checkpoint.string(), "tensor", "weight." + missing.front(), "none");
  Crew crew(options.threads);
  fmt::print("held-out answers exact: {}\n", held_out(trainee, crew, options.questions, examples, false).text());
  fmt::print("with blank pictures:    {}\n", held_out(trainee, crew, options.questions, examples, true).text());
}

}  // namespace qvlm::demo
