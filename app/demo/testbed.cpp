// Measures, transforms, writes, and checks what was written.
#include "app/demo/testbed.h"

#include <torch/types.h>

#include <nlohmann/json.hpp>

#include "app/demo/checkpoint_folder.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/data/calibration_set.h"
#include "core/input/tokenizer.h"
#include "core/lab/calibration/prepare.h"
#include "core/lab/quantization/transforms/transformed_model.h"
#include "core/lab/reference/decoder.h"
#include "core/lab/reference/reference_generator.h"
#include "core/lab/reference/tensors.h"
#include "core/lab/reference/threads.h"
#include "core/model/qvlm_folder.h"

namespace qvlm::demo {

namespace {

using calibration::CalibrationPrompt;
using quantization::ModelTransform;
using quantization::TransformedModel;

constexpr int64_t kShardBytes = int64_t{1} << 31;

// Second moments of the normalised residual stream over all layers, and each layer's sums of |x| by channel before
// attention.output (query heads that share values added up) and before mlp.down.
struct Measured {
  torch::Tensor moments;              // [hidden, hidden], float64
  std::vector<torch::Tensor> values;  // [kv_heads * head_dim] a layer
  std::vector<torch::Tensor> middle;  // [ffn] a layer
};

// Ones, and `scale` at the `count` largest. [as strengths]
torch::Tensor scales_of(const torch::Tensor& strengths, int count, double scale) {
  return torch::ones_like(strengths).index_fill(0, std::get<1>(strengths.topk(count)), scale);
}

Measured measure(const Model& folded, const std::vector<CalibrationPrompt>& prompts) {
  const torch::NoGradGuard no_gradients;
  const DecoderConfig& config = folded.config().decoder;
  Measured result{torch::zeros({config.hidden, config.hidden}, torch::kFloat64), {}, {}};
  // [1, rows, hidden] each
  std::vector<torch::Tensor> hidden =
      calibration::embed_prompts(folded, prompts, reference::Workers(reference::threads()));
  int64_t longest = 0;
  for (const CalibrationPrompt& prompt : prompts) longest = std::max(longest, prompt.rows);
  const auto rotary = reference::RotaryTable::make(config, longest);
  reference::for_each_layer(folded, torch::kFloat32, [&](int index, reference::DecoderLayer& layer) {
    auto values = torch::zeros({int64_t{config.kv_heads} * config.head_dim}), middle = torch::zeros({config.ffn});
    const reference::SiteHook look = [&](Site site, const torch::Tensor& x) {
      if (site.kind == SiteKind::DOWN_INPUT) {
        middle += x.abs().reshape({-1, config.ffn}).sum(0);
      } else if (site.kind == SiteKind::OUTPUT_INPUT) {
        const auto heads = x.abs().reshape({-1, config.kv_heads, config.heads / config.kv_heads, config.head_dim});
        values += heads.sum(0).sum(1).reshape({-1});
      } else {
        const auto rows = x.reshape({-1, config.hidden}).to(torch::kFloat64);  // gains are ones: the stream over its rms
        result.moments += torch::matmul(rows.t(), rows);
      }
      return x;
    };
    for (torch::Tensor& one : hidden) one = reference::decoder_layer(config, layer, one, rotary, index, look);
    result.values.push_back(values);
    result.middle.push_back(middle);
  });
  return result;
}

// [rows, vocabulary]
std::vector<torch::Tensor> logits_of(const std::shared_ptr<const Model>& model,
                                     const std::vector<CalibrationPrompt>& prompts) {
  const auto generator = reference::make_reference_generator(model);
  std::vector<torch::Tensor> result;
  for (const CalibrationPrompt& prompt : prompts) {
    generator->reset();
    generator->append(prompt.parts, {});
    const std::vector<float> values = generator->last_logits(prompt.rows);
    result.push_back(torch::tensor(at::ArrayRef<float>(values)).view({prompt.rows, -1}));
  }
  return result;
}

TestbedCheck check(const std::shared_ptr<const Model>& source, const std::filesystem::path& folder,
                   const std::vector<CalibrationPrompt>& prompts, DType dtype) {
  const auto before = logits_of(source, prompts), after = logits_of(open_model(folder), prompts);
  TestbedCheck result;
  double error = 0, energy = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    error += (after[i] - before[i]).square().sum().item<double>();
    energy += before[i].square().sum().item<double>();
    result.tokens += before[i].size(0);
    result.same_choices += (before[i].argmax(1) == after[i].argmax(1)).sum().item<int>();
  }
  result.logits_difference = std::sqrt(error / energy);
  const double most = dtype == DType::F32 ? 1e-3 : 1e-2;
  if (!(result.logits_difference < most))
    throw Error::in(folder.string(), "relative difference of the logits", "less than " + std::to_string(most),
                    std::to_string(result.logits_difference));
  return result;
}

// The source's config.json with what the transform changed.
void write_config(const Model& source, const VlmConfig& config, DType dtype, const std::filesystem::path& folder) {
  const auto path = source.path() / "config.json";
  Json json = read_json(path);
  if (has_field(json, "mm_vision_tower") || has_field(json, "mm_projector_type"))
    throw Error(path.string() + ": the original LLaVA layout cannot be written; give a checkpoint of Hugging Face's");
  json["tie_word_embeddings"] = false;
  json["torch_dtype"] = dtype == DType::F16 ? "float16" : "float32";
  if (config.vision) {
    json["text_config"]["tie_word_embeddings"] = false;
    json["text_config"]["torch_dtype"] = json["torch_dtype"];
    json["vision_config"]["num_hidden_layers"] = config.vision->layers;  // the layers behind the feature are not written
    json["vision_feature_layer"] = -1;
  }
  write_json(folder / "config.json", json);
}

void write_model(const TransformedModel& model, const Model& source, const std::filesystem::path& folder, DType dtype) {
  const auto type = dtype == DType::F16 ? torch::kFloat16 : torch::kFloat32;
  torch::Tensor current;  // keeps the bytes that were handed out
  const auto bytes_of = [&](const std::string& canonical, const Shape&) {
    current = reference::load_tensor(model, canonical, type).contiguous();
    model.release(canonical);
    if (!torch::isfinite(current).all().item<bool>())
      throw Error::in(canonical, "values", "numbers that float16 holds", "others");
    return std::span(static_cast<const std::byte*>(current.data_ptr()), static_cast<size_t>(current.nbytes()));
  };
  if (source.tokenizer().kind == TokenizerSource::Kind::GGUF_FILE) {
    QvlmDescription description;
    description.config = model.config();
    description.tokenizer = model.tokenizer();
    description.weight_method = "none";
    description.rotation = model.transform().name;
    description.source_fingerprint = source.fingerprint();
    QvlmWriter writer(folder, description);
    for (const ExpectedTensor& expected : expected_tensors(model.config()))
      if (model.has(expected.name))
        writer.add(expected.name, TensorView{dtype, expected.shape, bytes_of(expected.name, expected.shape), expected.name});
    writer.finish();
    return;
  }
  for (const ExpectedTensor& expected : expected_tensors(model.config()))
    if (expected.optional && model.has(expected.name))
      throw Error(expected.name + ": Hugging Face's layout of a CLIP tower has no such tensor");
  copy_companions(source.path(), folder);
  write_config(source, model.config(), dtype, folder);
  write_weights(folder, model.config(), dtype, kShardBytes, bytes_of);
}

}  // namespace

TestbedCheck make_rotated_testbed(const RotatedTestbed& wanted) {
  make_empty_folder(wanted.folder);
  ModelTransform transform;
  transform.name = "random orthogonal residual " + std::to_string(wanted.seed);
  transform.residual = quantization::Rotation::random(wanted.model->config().decoder.hidden, wanted.seed);
  write_model(TransformedModel(wanted.model, transform), *wanted.model, wanted.folder, wanted.dtype);
  const std::string text =
      "In the beginning there was a small garden, and 12 people who knew its paths; they wrote down what they saw.";
  CalibrationPrompt prompt{"check", {Tokenizer::open(*wanted.model)->encode(text, true)}, 0};
  prompt.rows = static_cast<int64_t>(std::get<std::vector<int32_t>>(prompt.parts.front()).size());
  return check(wanted.model, wanted.folder, {prompt}, wanted.dtype);
}

TestbedCheck make_outlier_testbed(const OutlierTestbed& wanted) {
  make_empty_folder(wanted.folder);
  const DecoderConfig& config = wanted.model->config().decoder;
  if (wanted.channels < 0 || wanted.channels > config.ffn)
    throw Error::in("testbed", "channels", "0 to " + std::to_string(config.ffn), std::to_string(wanted.channels));
  if (const int values = config.kv_heads * config.head_dim; wanted.value_channels < 0 || wanted.value_channels > values)
    throw Error::in("testbed", "value channels", "0 to " + std::to_string(values), std::to_string(wanted.value_channels));
  if (!(wanted.scale >= 1 && wanted.scale <= 1024))
    throw Error::in("testbed", "scale", "1 to 1024", std::to_string(wanted.scale));
  CalibrationOptions options;
  options.samples = wanted.samples;
  options.seed = wanted.seed;
  std::vector<CalibrationPrompt> prompts =
      calibration::build_prompts(*wanted.model, read_calibration_set(wanted.calibration, options));
  ModelTransform fold;
  fold.name = "fold";
  const Measured measured = measure(TransformedModel(wanted.model, fold), prompts);

  ModelTransform transform;
  transform.name = "planted outliers";
  // Ascending eigenvalues: the strongest component becomes channel 0.
  const auto components = std::get<1>(torch::linalg_eigh(measured.moments)).flip({1});
  transform.residual = quantization::Rotation::dense(components, "principal components");
  for (size_t l = 0; l < measured.middle.size(); ++l) {
    quantization::LayerTransform layer;
    layer.value_scales = scales_of(measured.values[l], wanted.value_channels, wanted.scale);
    layer.middle_scales = scales_of(measured.middle[l], wanted.channels, wanted.scale);
    transform.layers.push_back(std::move(layer));
  }
  write_model(TransformedModel(wanted.model, transform), *wanted.model, wanted.folder, wanted.dtype);
  prompts.resize(std::min<size_t>(prompts.size(), 4));
  return check(wanted.model, wanted.folder, prompts, wanted.dtype);
}

}  // namespace qvlm::demo
