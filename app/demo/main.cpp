// qvlm-demo: draws the demo world, makes its tokenizer, calibration and question sets, trains the demo VLM,
// and makes checkpoints to test quantization on.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include "app/demo/make_tokenizer.h"
#include "app/demo/preview.h"
#include "app/demo/random_checkpoint.h"
#include "app/demo/sets.h"
#include "app/demo/world.h"
#include "core/base/error.h"
#include "core/model/named_shapes.h"

namespace {

using namespace qvlm::demo;

// Becomes another program, the one of this name beside this one. Throws Error where it is absent.
[[noreturn]] void become(const char* name, char** argv) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  execv(program.c_str(), argv);
  throw qvlm::Error(program.string() + ": cannot be run; it is built where libtorch is");
}

int run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "train") become("qvlm-demo-train", argv + 1);
  if (argc > 1 && std::string_view(argv[1]) == "testbed") become("qvlm-demo-testbed", argv + 1);
  CLI::App app("The demo VLM's world: pictures, questions, tokenizer, sets, training.");
  app.require_subcommand(1);

  std::string folder;
  auto* tokenizer = app.add_subcommand("tokenizer", "Train the tokenizer and write it in every layout");
  tokenizer->add_option("-o,--output", folder, "Folder to write to")->required();

  uint64_t seed = 0;
  int columns = 8, rows = 6, magnification = 1, timing = 0;
  bool held_out = false;
  auto* preview = app.add_subcommand("preview", "Write a contact sheet of pictures and their dialogues");
  preview->add_option("-o,--output", folder, "Folder to write to")->required();
  preview->add_option("--seed", seed, "First seed");
  preview->add_option("--columns", columns, "Pictures a row")->check(CLI::Range(1, 40));
  preview->add_option("--rows", rows, "Rows")->check(CLI::Range(1, 40));
  preview->add_option("--magnify", magnification, "Whole magnification")->check(CLI::Range(1, 8));
  preview->add_option("--time", timing, "Also draw this many examples and print the time each took");
  preview->add_flag("--held-out", held_out, "Draw from the held-out split");

  SetSizes sizes;
  auto* sets = app.add_subcommand("sets", "Write the calibration and question sets and the sample pictures");
  sets->add_option("-o,--output", folder, "Folder to write to")->required();
  sets->add_option("--calibration", sizes.calibration_examples, "Calibration dialogues")->check(CLI::Range(1, 900));
  sets->add_option("--questions", sizes.questions_per_category, "Questions a category")->check(CLI::Range(1, 1000));

  RandomCheckpoint random;
  auto* checkpoint = app.add_subcommand("random", "Write a checkpoint of random weights in a published model's shape");
  checkpoint->add_option("--shape", random.shape, "The shape")->check(CLI::IsMember(qvlm::shape_names()))->capture_default_str();
  checkpoint->add_option("-o,--output", random.folder, "A new folder")->required();
  checkpoint->add_option("--layers", random.layers, "Decoder layers; 0: as the shape has")->check(CLI::Range(0, 1024));
  checkpoint->add_option("--seed", random.seed, "Of the weights");

  app.add_subcommand("train", "Train the demo VLM (train --help)");
  app.add_subcommand("testbed", "Change a model so that it is harder to quantize (testbed --help)");
  CLI11_PARSE(app, argc, argv);

  if (tokenizer->parsed()) make_tokenizer(folder);
  if (checkpoint->parsed()) make_random_checkpoint(random);
  if (sets->parsed()) write_sets(World(), folder, sizes);
  if (preview->parsed()) {
    const World world;
    const Split split = held_out ? Split::HELD_OUT : Split::TRAIN;
    write_preview(world, folder, seed, split, columns, rows, magnification);
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < timing; ++i) world.example(seed + static_cast<uint64_t>(i), split, 7);
    const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
    if (timing > 0) fmt::print("{:.3f} ms an example\n", spent.count() / timing);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const qvlm::UsageError& error) {
    fmt::print(stderr, "qvlm-demo: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "qvlm-demo: {}\n", error.what());
    return 1;
  }
}
