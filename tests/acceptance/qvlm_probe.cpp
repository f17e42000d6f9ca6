// Writes what the program computes as numbers, for the acceptance commands that compare it with other implementations or look into a run.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/data/text_set.h"
#include "core/input/image.h"
#include "core/input/preprocess.h"
#include "core/input/prompt.h"
#include "core/input/tokenizer.h"
#include "core/model/model.h"
#include "tests/acceptance/probe_blocks.h"
#include "tests/acceptance/probe_logits.h"

namespace {

using Json = nlohmann::json;
using qvlm::PixelTensor;
using qvlm::PromptPart;

struct Options {
  std::string model, vision_tower, chat_template, prompt, out, run, text, backend = "page";
  std::vector<std::string> images;
  bool raw = false, ids_only = false;
  int keep = 0, stretches = 4, tokens = 512;
};

void write_floats(const std::string& path, std::span<const float> values) {
  qvlm::write_file(std::filesystem::path(path), std::as_bytes(values));
}

std::shared_ptr<const qvlm::Model> open(const Options& options) {
  return qvlm::open_model(options.model, {.vision_tower = options.vision_tower, .chat_template = options.chat_template});
}

PixelTensor pixels_of(const std::string& image, const qvlm::VlmConfig& config) {
  return qvlm::preprocess(qvlm::read_image(image), config.preprocess);
}

/// OUT: float32 [rows, vocabulary], the logits behind every row of the prompt. stdout: {"ids", "rows", "vocabulary"}.
void logits(const Options& options) {
  const auto model = open(options);
  const auto tokenizer = qvlm::Tokenizer::open(*model);
  const qvlm::VlmConfig& config = model->config();
  const qvlm::Message message{qvlm::Role::USER, options.prompt, static_cast<int>(options.images.size())};
  const auto segments = options.raw ? qvlm::segments_of_text(*tokenizer, config, options.prompt, true)
                                    : qvlm::build_prompt(*tokenizer, config, std::span(&message, 1));
  std::vector<PromptPart> parts;
  for (const qvlm::PromptSegment& segment : segments) {
    if (segment.image < 0) {
      parts.emplace_back(segment.ids);
    } else {
      parts.emplace_back(pixels_of(options.images.at(static_cast<size_t>(segment.image)), config));
    }
  }
  const int64_t rows = qvlm::prompt_rows(segments, config);
  const std::vector<float> values = options.backend == "page" ? qvlm::acceptance::page_logits(*model, parts)
                                                              : qvlm::acceptance::generator_logits(model, parts, options.backend, rows);
  write_floats(options.out, values);
  const Json answer = {
      {"ids", qvlm::flat_ids(segments, config)}, {"rows", rows}, {"vocabulary", static_cast<int64_t>(values.size()) / rows}};
  std::cout << answer.dump() << "\n";
}

/// A text, a question under the model's template, or what is one already -> a list of tokens and names of pictures.
Json list_of(const Json& sequence, const qvlm::Tokenizer& tokenizer, const qvlm::VlmConfig& config) {
  if (sequence.is_array()) return sequence;
  if (sequence.is_string()) return tokenizer.encode(sequence.get<std::string>(), false);
  const Json& images = sequence.at("images");
  const qvlm::Message message{qvlm::Role::USER, sequence.at("prompt").get<std::string>(), static_cast<int>(images.size())};
  Json list = Json::array();
  for (const qvlm::PromptSegment& segment : qvlm::build_prompt(tokenizer, config, std::span(&message, 1))) {
    if (segment.image >= 0) list.push_back(images.at(static_cast<size_t>(segment.image)));
    for (const int32_t id : segment.ids) list.push_back(id);
  }
  return list;
}

qvlm::acceptance::Sequence sequence_of(const Json& list, const qvlm::VlmConfig& config, int keep) {
  qvlm::acceptance::Sequence sequence;
  for (const Json& item : list) {
    sequence.rows += item.is_string() ? config.vision.value().image_tokens() : 1;
    if (item.is_string()) {
      sequence.parts.emplace_back(pixels_of(item.get<std::string>(), config));
      continue;
    }
    if (sequence.parts.empty() || !std::holds_alternative<std::vector<int32_t>>(sequence.parts.back()))
      sequence.parts.emplace_back(std::vector<int32_t>{});
    std::get<std::vector<int32_t>>(sequence.parts.back()).push_back(item.get<int32_t>());
  }
  if (keep > 0) sequence.rows = std::min<int64_t>(sequence.rows, keep);
  return sequence;
}

/// stdin: a JSON list of sequences, each a text, {"prompt", "images"} (a user's question), or a list of tokens and names of pictures. OUT: float32
/// logits behind every row, one sequence after the other; only of the last `keep` rows of each where given. stdout: {"ids": [[...], ...],
/// "vocabulary"}, the sequences as lists.
void sequences(const Options& options) {
  const auto model = open(options);
  const auto tokenizer = qvlm::Tokenizer::open(*model);
  Json lists = Json::array();
  for (const Json& one : Json::parse(std::cin)) lists.push_back(list_of(one, *tokenizer, model->config()));
  qvlm::AtomicFile out(options.out);
  if (!options.ids_only) {
    std::vector<qvlm::acceptance::Sequence> given;
    for (const Json& list : lists) given.push_back(sequence_of(list, model->config(), options.keep));
    qvlm::acceptance::sequence_logits(model, given, options.backend,
                                      [&](size_t, std::span<const float> values) { out.write(std::as_bytes(values)); });
  }
  out.commit_scratch();
  std::cout << Json{{"ids", lists}, {"vocabulary", model->config().decoder.vocabulary}}.dump() << "\n";
}

/// OUT: float32 [images * rows, hidden], what the tower and the projector make of the pictures. stdout: {"rows", "hidden"}, rows of one.
void rows(const Options& options) {
  const auto model = open(options);
  std::vector<PixelTensor> pictures;
  for (const std::string& image : options.images) pictures.push_back(pixels_of(image, model->config()));
  write_floats(options.out, qvlm::acceptance::page_picture_rows(*model, pictures));
  std::cout << Json{{"rows", model->config().vision.value().image_tokens()}, {"hidden", model->config().decoder.hidden}}.dump() << "\n";
}

/// OUT: float32 [3, size, size], normalised. stdout: {"size"}.
void pixels(const Options& options) {
  const PixelTensor tensor = pixels_of(options.images.at(0), open(options)->config());
  write_floats(options.out, tensor.values);
  std::cout << Json{{"size", tensor.size}}.dump() << "\n";
}

/// OUT: a line of JSON for each block of a run where joint and layer-wise chose differently: {"first", "last", "choices": {name: {"error", "kl",
/// "spread"}}}, as choices_at_output() has them.
void blocks(const Options& options) {
  const auto model = open(options);
  const std::vector<int32_t> ids = qvlm::Tokenizer::open(*model)->encode(qvlm::read_text_set(options.text), false);
  std::vector<std::vector<int32_t>> stretches;
  for (int i = 0; i < options.stretches; ++i) {
    if (ids.size() < static_cast<size_t>((i + 1) * options.tokens)) throw qvlm::Error(options.text + ": too short");
    stretches.emplace_back(ids.begin() + i * options.tokens, ids.begin() + (i + 1) * options.tokens);
  }
  qvlm::AtomicFile out(options.out);
  qvlm::acceptance::choices_at_output(model, options.run, stretches, [&](const qvlm::BlockSearched& block, const auto& choices) {
    Json line = {{"first", block.first_site}, {"last", block.last_site}};
    for (const auto& choice : choices) line["choices"][choice.name] = {{"error", choice.error}, {"kl", choice.kl}, {"spread", choice.spread}};
    const std::string text = line.dump() + "\n";
    out.write(std::as_bytes(std::span(text)));
  });
  out.commit_scratch();
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
  CLI::App* sequences_command = common(app.add_subcommand("sequences", "Of sequences of tokens, texts or questions, from stdin"));
  sequences_command->add_option("--backend", options.backend)->required()->check(CLI::IsMember({"reference", "vulkan"}));
  sequences_command->add_option("--keep", options.keep, "Only the last so many rows of each");
  sequences_command->add_flag("--ids-only", options.ids_only, "Nothing is computed");
  CLI::App* rows_command = common(app.add_subcommand("rows", "Of pictures in the decoder's input"));
  CLI::App* pixels_command = common(app.add_subcommand("pixels", "The tower's input"));
  CLI::App* blocks_command = common(app.add_subcommand("blocks", "What the choices of a run's blocks do at the model's output"));
  blocks_command->add_option("--run", options.run, "NAME.qvlm of the model")->required();
  blocks_command->add_option("--text", options.text)->required();
  blocks_command->add_option("--stretches", options.stretches);
  blocks_command->add_option("--tokens", options.tokens, "Of a stretch");
  CLI11_PARSE(app, argc, argv);
  try {
    if (logits_command->parsed()) logits(options);
    if (sequences_command->parsed()) sequences(options);
    if (rows_command->parsed()) rows(options);
    if (pixels_command->parsed()) pixels(options);
    if (blocks_command->parsed()) blocks(options);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
