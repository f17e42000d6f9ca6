// The `train` subcommand's arguments.
#include "app/demo/train.h"

#include <malloc.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "app/demo/train_export.h"
#include "app/demo/train_stages.h"
#include "core/base/error.h"
#include "core/lab/reference/threads.h"

namespace qvlm::demo {

int run_training(int argc, char** argv) {
  CLI::App app("Trains the demo VLM; interrupted training goes on where its last checkpoint stands.", "qvlm-demo train");
  TrainOptions options;
  std::string stage;
  std::filesystem::path model;
  int examples = 200;
  app.add_option("--stage", stage, "tower, vlm, evaluate, or export")
      ->required()
      ->check(CLI::IsMember({"tower", "vlm", "evaluate", "export"}));
  app.add_option("--out", options.folder, "Folder of checkpoints and log")->required();
  app.add_option("--model", model, "Checkpoint folder that stage export writes");
  app.add_option("--minutes", options.minutes, "Training time in all")->check(CLI::PositiveNumber);
  app.add_option("--threads", options.threads, "Threads")->check(CLI::Range(1, 256));
  app.add_option("--tokenizer", options.tokenizer, "tokenizer.model (stages vlm and evaluate)");
  app.add_option("--tower", options.tower, "The tower's checkpoint that stage vlm starts from");
  app.add_option("--rate", options.learning_rate, "Peak learning rate")->check(CLI::PositiveNumber);
  app.add_option("--batch", options.batch, "Pictures or dialogues a step")->check(CLI::Range(1, 4096));
  app.add_option("--questions", options.questions, "Questions a dialogue")->check(CLI::Range(1, 32));
  app.add_option("--seed", options.seed, "Seed");
  app.add_option("--examples", examples, "Held-out dialogues to evaluate on")->check(CLI::Range(1, 100000));
  CLI11_PARSE(app, argc, argv);

  std::filesystem::create_directories(options.folder);
  // A step allocates and frees the same large tensors again and again: giving them back to the system each time costs more than the
  // computation (zeroed pages), so the heap keeps them.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 256 << 20);
  mallopt(M_ARENA_MAX, 1);
  reference::set_threads(1);  // the crew's threads compute their parts alone
  if (stage != "tower" && options.tokenizer.empty()) throw UsageError("train: --stage " + stage + " needs --tokenizer");
  if (stage == "tower") train_tower(options);
  if (stage == "vlm") train_vlm(options);
  if (stage == "evaluate") evaluate_vlm(options, examples);
  if (stage == "export") {
    if (model.empty()) throw UsageError("train: --stage export needs --model");
    export_vlm(options.folder / "vlm.safetensors", options.tokenizer, model, options.seed);
  }
  return 0;
}

}  // namespace qvlm::demo
