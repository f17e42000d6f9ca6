// Writing the quantized model.
#include "core/lab/quantization/model_output.h"

#include <optional>

#include "core/base/error.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/quantization/search_pass.h"
#include "core/lab/reference/decoder.h"
#include "core/model/gguf_model.h"
#include "core/model/kronecker.h"
#include "core/model/qvlm_folder.h"

namespace qvlm::quantization {
namespace {

TensorView view_of(const torch::Tensor& tensor, const std::string& name) {
  return {DType::F32, tensor.sizes().vec(), std::as_bytes(std::span(tensor.data_ptr<float>(), static_cast<size_t>(tensor.numel()))), name};
}

void add_layer_tensor(QvlmWriter& writer, const QuantizedLayer& layer, const std::string& name, const std::string& part) {
  constexpr std::string_view weight = ".weight";
  const std::string suffix = part.ends_with(weight) ? part.substr(0, part.size() - weight.size()) : part;
  if (const auto matrix = layer.matrices.find(suffix); part.ends_with(weight) && matrix != layer.matrices.end()) {
    writer.add(name, matrix->second);
    return;
  }
  for (const reference::NamedVector& vector : reference::layer_vectors()) {
    if (part != vector.suffix) continue;
    const torch::Tensor& tensor = layer.*vector.tensor;
    if (!tensor.defined()) throw Error(name + ": absent from the layer's file");
    writer.add(name, view_of(tensor.contiguous(), name));
    return;
  }
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const reference::SiteTransform& transform = layer.transforms[static_cast<size_t>(kind)];
    for (const auto& [half, tensor] : {std::pair{"left", &transform.left}, {"right", &transform.right}}) {
      if (part != transform_part(static_cast<SiteKind>(kind), half)) continue;
      if (!tensor->defined()) throw Error(name + ": absent from the layer's file");
      writer.add(name, view_of(tensor->contiguous(), name));
      return;
    }
  }
  throw Error(name + ": a run does not know this tensor");
}

}  // namespace

OutputSizes write_output(const Model& source, const Provenance& provenance, const Recipe& recipe, const Partition& partition,
                         const QuantizedVision& vision, const std::filesystem::path& folder,
                         const std::function<std::string(int)>& hash_of_layer, const std::function<void(int)>& on_layer) {
  QvlmDescription description;
  description.config = source.config();
  description.config.decoder.site_transforms = recipe.transform == TransformMode::LEARNED;
  const std::vector<ExpectedTensor> expected = expected_tensors(description.config);
  description.tokenizer = source.tokenizer();
  description.weight_method = std::string(name_of(recipe.weight_method));
  description.partition = to_json(partition);
  description.rotation = provenance.rotation;
  description.source_fingerprint = provenance.source_fingerprint;
  description.vision_activations = vision.activations;
  const std::filesystem::path work = folder / "work";
  if (recipe.activation_bits < 16) {
    for (int layer = 0; layer < source.config().decoder.layers; ++layer) {
      const auto quantized = read_layer(work / layer_file_name(layer), "");
      description.activations.insert(description.activations.end(), quantized.activations.begin(), quantized.activations.end());
    }
  }
  QvlmWriter writer(folder, std::move(description));
  std::optional<QuantizedLayer> layer;
  for (const ExpectedTensor& tensor : expected) {
    const auto [index, part] = reference::layer_part(tensor.name);
    if (index < 0) {
      if (tensor.optional && !source.has(tensor.name)) continue;
      if (const auto matrix = vision.matrices.find(tensor.name); matrix != vision.matrices.end()) {
        writer.add(tensor.name, matrix->second);
        continue;
      }
      if (const auto vector = vision.vectors.find(tensor.name); vector != vision.vectors.end()) {
        writer.add(tensor.name, view_of(vector->second.contiguous(), tensor.name));
        continue;
      }
      writer.add(tensor.name, source.load(tensor.name));
      source.release(tensor.name);
      continue;
    }
    if (!layer || layer->index != index) {
      if (layer) on_layer(layer->index + 1);
      layer = read_layer(work / layer_file_name(index), hash_of_layer(index));
    }
    add_layer_tensor(writer, *layer, tensor.name, part);
  }
  if (layer) on_layer(layer->index + 1);
  writer.finish();

  OpenOptions options;
  if (std::filesystem::exists(folder / kVisionFile)) options.vision = folder / kVisionFile;
  const auto written = open_gguf_model(folder / kDecoderFile, options);
  return {written->stored_bytes(), written->stored_bits()};
}

}  // namespace qvlm::quantization
