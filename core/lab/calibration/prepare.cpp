// Calibration samples to decoder inputs.
#include "core/lab/calibration/prepare.h"

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/input/image.h"
#include "core/input/prompt.h"
#include "core/lab/reference/embed.h"
#include "core/lab/reference/tensors.h"

namespace qvlm::calibration {
namespace {

std::vector<PromptSegment> segments_of(const Tokenizer& tokenizer, const VlmConfig& config, const Sample& sample) {
  if (sample.messages.empty()) return {{tokenizer.encode(sample.text, true), -1}};
  return sample.messages.back().role == Role::USER ? build_prompt(tokenizer, config, sample.messages)
                                                   : build_dialogue(tokenizer, config, sample.messages);
}

size_t common_prefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

// Where the answers lie is what a prompt that ends before one, and a dialogue that ends with it, share with the whole: any template's way.
std::vector<int32_t> labels_of(const Tokenizer& tokenizer, const VlmConfig& config, const Sample& sample, const std::vector<int32_t>& ids) {
  std::vector<int32_t> labels(ids.size(), -1);
  for (size_t i = 1; i < sample.messages.size(); ++i) {
    if (sample.messages[i].role != Role::ASSISTANT || sample.messages[i - 1].role != Role::USER) continue;
    const std::span<const Message> messages(sample.messages);
    const size_t begin = common_prefix(flat_ids(build_prompt(tokenizer, config, messages.first(i)), config), ids);
    const size_t end = common_prefix(flat_ids(build_dialogue(tokenizer, config, messages.first(i + 1)), config), ids);
    for (size_t row = std::max<size_t>(begin, 1); row < end; ++row) {
      if (ids[row] != config.tokens.image) labels[row - 1] = ids[row];
    }
  }
  return labels;
}

bool is_finite(const Model& model, const std::string& name) {
  const Weight weight = model.load(name);
  bool finite = true;  // a quantized matrix is checked when it is read
  if (const auto* view = std::get_if<TensorView>(&weight)) {
    // In the stored type: half the memory of float32.
    finite = torch::isfinite(reference::to_torch(*view, view->dtype == DType::F16 ? torch::kFloat16 : torch::kFloat32)).all().item<bool>();
  }
  model.release(name);
  return finite;
}

void demand_finite(const Model& model, const std::string& name) {
  if (!is_finite(model, name)) throw Error(model.path().string() + ": tensor " + name + ": has values that are not finite");
}

// Of pictures that came out of tower and projector: names the tensor that spoils them.
void demand_finite_rows(const Model& model, const CalibrationPrompt& prompt, const torch::Tensor& rows) {
  if (torch::isfinite(rows).all().item<bool>()) return;
  for (const std::string& name : model.names()) {
    if (name.starts_with("vision.") || name.starts_with("projector.")) demand_finite(model, name);
  }
  throw Error("calibration sample " + prompt.id + ": the decoder's input has values that are not finite");
}

}  // namespace

void demand_finite_ends(const Model& model) {
  for (const char* name : {"decoder.embedding.weight", "decoder.norm.weight", "decoder.head.weight"}) {
    if (model.has(name)) demand_finite(model, name);
  }
}

std::vector<CalibrationPrompt> build_prompts(const Model& model, const std::vector<Sample>& samples) {
  const VlmConfig& config = model.config();
  const auto tokenizer = Tokenizer::open(model);
  std::vector<CalibrationPrompt> prompts;
  for (const Sample& sample : samples) {
    CalibrationPrompt prompt{sample.id, {}, 0, {}};
    const std::vector<PromptSegment> segments = segments_of(*tokenizer, config, sample);
    prompt.rows = prompt_rows(segments, config);
    if (prompt.rows > config.decoder.context_length) {
      throw Error::in("calibration sample " + sample.id, "rows", "at most " + std::to_string(config.decoder.context_length) + " (the model's context)",
                      std::to_string(prompt.rows));
    }
    prompt.labels = labels_of(*tokenizer, config, sample, flat_ids(segments, config));
    for (const PromptSegment& segment : segments) {
      if (segment.image < 0) {
        prompt.parts.emplace_back(segment.ids);
        continue;
      }
      if (segment.image >= static_cast<int>(sample.images.size())) {
        throw Error::in("calibration sample " + sample.id, "images", std::to_string(segment.image + 1) + " or more", std::to_string(sample.images.size()));
      }
      prompt.parts.emplace_back(preprocess(read_image(sample.images[static_cast<size_t>(segment.image)]), config.preprocess));
    }
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

std::string fingerprint(const std::vector<CalibrationPrompt>& prompts) {
  Hasher hasher;
  for (const CalibrationPrompt& prompt : prompts) {
    hasher.update(static_cast<uint64_t>(prompt.parts.size()));
    for (const PromptPart& part : prompt.parts) {
      if (const auto* ids = std::get_if<std::vector<int32_t>>(&part)) {
        hasher.update(std::as_bytes(std::span(*ids)));
      } else {
        hasher.update(std::as_bytes(std::span(std::get<PixelTensor>(part).values)));
      }
    }
  }
  return hasher.digest128_hex();
}

std::vector<torch::Tensor> embed_prompts(const Model& model, const std::vector<CalibrationPrompt>& prompts,
                                         const reference::Workers& workers, const std::function<void(int)>& on_sample) {
  const torch::NoGradGuard no_gradients;
  const VlmConfig& config = model.config();
  const torch::Tensor embedding = reference::load_tensor(model, "decoder.embedding.weight", torch::kFloat32);  // [vocabulary, hidden]
  std::optional<reference::VisionTower> tower;
  std::optional<reference::Projector> projector;
  reference::ImageFeatures features;
  if (config.vision) {
    tower = reference::VisionTower::load(model, torch::kFloat32);
    projector = reference::Projector::load(model, torch::kFloat32);
    features = [&](const PixelTensor& pixels) { return reference::image_rows(config, *tower, *projector, pixels); };
  }
  std::vector<torch::Tensor> embedded(prompts.size());
  const auto round = static_cast<size_t>(4 * workers.count());  // samples between two reports
  for (size_t first = 0; first < prompts.size(); first += round) {
    const size_t count = std::min(round, prompts.size() - first);
    workers.run(count, [&](size_t i) {
      embedded[first + i] = reference::embed_prompt(embedding, prompts[first + i].parts, features).to(torch::kFloat32);
    });
    for (size_t i = 0; i < count; ++i) demand_finite_rows(model, prompts[first + i], embedded[first + i]);
    if (on_sample) on_sample(static_cast<int>(first + count));
  }
  return embedded;
}

std::vector<torch::Tensor> embed_prompts(const Model& model, const std::vector<CalibrationPrompt>& prompts, const std::vector<torch::Tensor>& pictures) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor embedding = reference::load_tensor(model, "decoder.embedding.weight", torch::kFloat32);  // [vocabulary, hidden]
  size_t next = 0;
  const reference::ImageFeatures features = [&](const PixelTensor&) { return pictures.at(next++); };
  std::vector<torch::Tensor> embedded;
  for (const CalibrationPrompt& prompt : prompts) embedded.push_back(reference::embed_prompt(embedding, prompt.parts, features).to(torch::kFloat32));
  return embedded;
}

torch::Tensor pixels_of(const VlmConfig& config, const std::vector<CalibrationPrompt>& prompts) {
  std::vector<torch::Tensor> pixels;
  for (const CalibrationPrompt& prompt : prompts) {
    for (const PromptPart& part : prompt.parts) {
      if (const auto* picture = std::get_if<PixelTensor>(&part)) pixels.push_back(reference::pixels_to_torch(*picture, torch::kFloat32));
    }
  }
  if (pixels.empty()) return {};
  const auto all = torch::cat(pixels);
  if (!config.vision || all.size(2) != config.vision->image_size) {
    throw Error::in("calibration pictures", "pixels a side", std::to_string(config.vision ? config.vision->image_size : 0), std::to_string(all.size(2)));
  }
  return all;
}

}  // namespace qvlm::calibration
