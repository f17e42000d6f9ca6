// Writes what the program computes as raw numbers, for the acceptance commands that compare it with other implementations.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/input/image.h"
#include "core/input/preprocess.h"
#include "core/input/prompt.h"
#include "core/input/tokenizer.h"
#include "core/model/model.h"
#include "tests/acceptance/probe_logits.h"

namespace {

using qvlm::PixelTensor;

struct Options {
  std::string model, vision_tower, chat_template, prompt, out, backend = "page";
  std::vector<std::string> images;
  bool raw = false, ids_only = false;
  int keep = 0;
};

void write_floats(const std::string& path, std::span<const float> values) {
  qvlm::write_file(std::filesystem::path(path), std::as_bytes(values));
}

std::shared_ptr<const qvlm::Model> open(const Options& options) {
  return qvlm::open_model(options.model, {.vision_tower = options.vision_tower, .chat_template = options.chat_template});
}

/// OUT: float32 [rows, vocabulary], the logits behind every row of the prompt. stdout: {"ids", "rows", "vocabulary"}.
void logits(const Options& options) {
  const auto model = open(options);
  const auto tokenizer = qvlm::Tokenizer::open(*model);
  const qvlm::VlmConfig& config = model->config();
  const qvlm::Message message{qvlm::Role::USER, options.prompt, static_cast<int>(options.images.size())};
  const auto segments = options.raw ? qvlm::segments_of_text(*tokenizer, config, options.prompt, true)
                                    : qvlm::build_prompt(*tokenizer, config, std::span(&message, 1));
  std::vector<qvlm::PromptPart> parts;
  for (const qvlm::PromptSegment& segment : segments) {
    if (segment.image < 0) {
      parts.emplace_back(segment.ids);
    } else {
      parts.emplace_back(qvlm::preprocess(qvlm::read_image(options.images.at(static_cast<size_t>(segment.image))), config.preprocess));
    }
  }
  const int64_t rows = qvlm::prompt_rows(segments, config);
  const std::vector<float> values = options.backend == "page" ? qvlm::acceptance::page_logits(*model, parts)
                                                              : qvlm::acceptance::generator_logits(model, parts, options.backend, rows);
  write_floats(options.out, values);
  const nlohmann::json answer = {
      {"ids", qvlm::flat_ids(segments, config)}, {"rows", rows}, {"vocabulary", static_cast<int64_t>(values.size()) / rows}};
  std::cout << answer.dump() << "\n";
}

/// stdin: a JSON list of sequences, each a list of tokens or a text. OUT: float32 logits behind every token, one sequence after the other; only of
/// the last `keep` tokens of each where given. stdout: {"ids": [[...], ...], "vocabulary"}.
void sequences(const Options& options) {
  const auto model = open(options);
  std::vector<std::vector<int32_t>> ids;
  for (const auto& one : nlohmann::json::parse(std::cin)) {
    if (one.is_string()) {
      ids.push_back(qvlm::Tokenizer::open(*model)->encode(one.get<std::string>(), false));
    } else {
      ids.push_back(one.get<std::vector<int32_t>>());
    }
  }
  const auto vocabulary = static_cast<size_t>(model->config().decoder.vocabulary);
  qvlm::AtomicFile out(options.out);
  if (!options.ids_only) {
    qvlm::acceptance::sequence_logits(model, ids, options.backend, [&](size_t i, std::span<const float> values) {
      const size_t rows = options.keep > 0 ? std::min<size_t>(static_cast<size_t>(options.keep), ids[i].size()) : ids[i].size();
      out.write(std::as_bytes(values.last(rows * vocabulary)));
    });
  }
  out.commit_scratch();
  std::cout << nlohmann::json{{"ids", ids}, {"vocabulary", vocabulary}}.dump() << "\n";
}

/// OUT: float32 [3, size, size], normalised. stdout: {"size"}.
void pixels(const Options& options) {
  const PixelTensor tensor = qvlm::preprocess(qvlm::read_image(options.images.at(0)), open(options)->config().preprocess);
  write_floats(options.out, tensor.values);
  std::cout << nlohmann::json{{"size", tensor.size}}.dump() << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes what the program computes as raw float32 numbers");
  app.require_subcommand(1);
  Options options;
  const auto common = [&](CLI::App* command) {
    command->add_option("MODEL", options.model)->required();
    command->add_option("--image", options.images)->take_all();
    command->add_option("--vision-tower", options.vision_tower);
    command->add_option("--template", options.chat_template);
    command->add_option("--out", options.out)->required();
    return command;
  };
  CLI::App* logits_command = common(app.add_subcommand("logits", "Of every row of a prompt"));
  logits_command->add_option("--prompt", options.prompt)->required();
  logits_command->add_flag("--raw", options.raw, "The prompt is the whole text, with <image> where a picture goes");
  logits_command->add_option("--backend", options.backend)->check(CLI::IsMember({"page", "reference", "vulkan"}));
  CLI::App* sequences_command = common(app.add_subcommand("sequences", "Of sequences of tokens or texts, from stdin"));
  sequences_command->add_option("--backend", options.backend)->required()->check(CLI::IsMember({"reference", "vulkan"}));
  sequences_command->add_option("--keep", options.keep, "Only the last so many rows of each");
  sequences_command->add_flag("--ids-only", options.ids_only, "Nothing is computed");
  CLI::App* pixels_command = common(app.add_subcommand("pixels", "The tower's input"));
  CLI11_PARSE(app, argc, argv);
  try {
    if (logits_command->parsed()) logits(options);
    if (sequences_command->parsed()) sequences(options);
    if (pixels_command->parsed()) pixels(options);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
