// The tower's work file: safetensors with planes of codes, scales and zeros, and a JSON description in the metadata.
#include "core/lab/quantization/quantized_vision.h"

#include <cstring>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/lab/quantization/layer_file.h"
#include "core/lab/reference/tensors.h"
#include "core/model/safetensors.h"

namespace qvlm::quantization {
namespace {

constexpr const char* kFormat = "qvlm-vision-1";

Json doubles(const std::vector<float>& values) {
  Json array = Json::array();
  for (const float value : values) array.push_back(static_cast<double>(value));  // exactly
  return array;
}

Json describe_vision(const QuantizedVision& vision) {
  Json root{{"matrices", Json::object()}, {"activations", Json::array()}};
  for (const auto& [name, matrix] : vision.matrices) {
    root["matrices"][name] = {{"bits", matrix.bits}, {"group", matrix.group}, {"symmetric", matrix.symmetric}};
  }
  for (const VisionQuantizer& q : vision.activations) {
    root["activations"].push_back({{"bits", q.bits}, {"range", static_cast<int>(q.range)}, {"low", doubles(q.low)}, {"high", doubles(q.high)}});
  }
  return root;
}

QuantizedMatrix read_matrix(const SafetensorsFile& file, const std::string& name, const Json& object, const std::string& origin) {
  const auto plane = [&](const char* suffix, DType dtype) -> const TensorView& {
    const TensorView& view = file.tensor(name + suffix);
    if (view.dtype != dtype || view.shape.size() != 2) {
      throw Error::in(view.origin, "type", std::string(name_of(dtype)) + " with two dimensions", std::string(name_of(view.dtype)) + " " + to_string(view.shape));
    }
    return view;
  };
  const auto copy = [](const TensorView& view, auto& to) {
    to.resize(view.bytes.size() / sizeof(to[0]));
    std::memcpy(to.data(), view.bytes.data(), view.bytes.size());
  };
  const TensorView& codes = plane(".codes", DType::U8);
  QuantizedMatrix matrix;
  matrix.rows = codes.shape[0];
  matrix.columns = codes.shape[1];
  matrix.bits = field<int>(object, "bits", origin);
  matrix.group = field<int64_t>(object, "group", origin);
  matrix.symmetric = field<bool>(object, "symmetric", origin);
  copy(codes, matrix.codes);
  copy(plane(".scales", DType::F16), matrix.scales);
  copy(plane(".zeros", DType::U8), matrix.zeros);
  validate(matrix, origin + ": " + name);
  return matrix;
}

}  // namespace

void QuantizedVision::apply(reference::VisionTower& tower, reference::Projector& projector) const {
  const auto weight_of = [this](const std::string& name, reference::Linear& linear) {
    const auto found = matrices.find(name);
    if (found != matrices.end()) linear.weight = reference::dequantize(found->second, torch::kFloat32);
  };
  const auto norm_of = [this](const std::string& name, reference::LayerNorm& norm) {
    if (const auto found = vectors.find(name + ".weight"); found != vectors.end()) norm.weight = found->second;
    if (const auto found = vectors.find(name + ".bias"); found != vectors.end()) norm.bias = found->second;
  };
  for (size_t i = 0; i < tower.layers.size(); ++i) {
    reference::VisionLayer& layer = tower.layers[i];
    const int index = static_cast<int>(i);
    for (const char* suffix : {"attention.query", "attention.key", "attention.value", "attention.output", "mlp.up", "mlp.down"}) {
      weight_of(vision_name(index, suffix) + ".weight", layer.linear(suffix));
    }
    norm_of(vision_name(index, "attention_norm"), layer.attention_norm);
    norm_of(vision_name(index, "mlp_norm"), layer.mlp_norm);
  }
  weight_of("projector.0.weight", projector.first);
  weight_of("projector.2.weight", projector.second);
}

std::string vision_name(int layer, std::string_view suffix) { return "vision." + std::to_string(layer) + "." + std::string(suffix); }

std::string write_vision(const std::filesystem::path& path, const QuantizedVision& vision) {
  std::vector<TensorToWrite> tensors;
  std::vector<torch::Tensor> keep;  // contiguous copies must live until they are written
  for (const auto& [name, tensor] : vision.vectors) {
    keep.push_back(tensor.detach().to(torch::kFloat32).contiguous());
    tensors.push_back({name, DType::F32, {keep.back().size(0)},
                       std::as_bytes(std::span(keep.back().data_ptr<float>(), static_cast<size_t>(keep.back().numel())))});
  }
  for (const auto& [name, matrix] : vision.matrices) {
    tensors.push_back(tensor_to_write(name + ".codes", DType::U8, {matrix.rows, matrix.columns}, matrix.codes));
    tensors.push_back(tensor_to_write(name + ".scales", DType::F16, {matrix.rows, matrix.groups()}, matrix.scales));
    tensors.push_back(tensor_to_write(name + ".zeros", DType::U8, {matrix.rows, matrix.groups()}, matrix.zeros));
  }
  write_safetensors(path, tensors, {{"format", kFormat}, {"vision", describe_vision(vision).dump()}});
  return hash_of_file(path);
}

QuantizedVision read_vision(const std::filesystem::path& path, const std::string& hash, int64_t positions) {
  const std::string origin = path.string();
  if (const std::string found = hash_of_file(path); found != hash) throw Error::in(origin, "hash", hash, found);
  const SafetensorsFile file(path);
  const auto& metadata = file.metadata();
  const auto format = metadata.find("format"), description = metadata.find("vision");
  if (format == metadata.end() || format->second != kFormat || description == metadata.end()) {
    throw Error::in(origin, "format", kFormat, format == metadata.end() ? "nothing" : format->second);
  }
  const Json root = parse_json(description->second, origin);
  QuantizedVision vision;
  for (const auto& [name, object] : object_field(root, "matrices", origin).items()) vision.matrices[name] = read_matrix(file, name, object, origin);
  for (const Json& object : array_field(root, "activations", origin)) {
    VisionQuantizer quantizer;
    quantizer.bits = field<int>(object, "bits", origin);
    const int range = field<int>(object, "range", origin);
    if (range < 0 || range > 1) throw Error::in(origin, "range", "0 or 1", std::to_string(range));
    quantizer.range = static_cast<VisionRange>(range);
    quantizer.low = field<std::vector<float>>(object, "low", origin);
    quantizer.high = field<std::vector<float>>(object, "high", origin);
    validate(quantizer, positions, origin);
    vision.activations.push_back(std::move(quantizer));
  }
  for (const std::string& name : file.names()) {
    if (name.find("_norm.") != std::string::npos) vision.vectors[name] = reference::to_torch(file.tensor(name), torch::kFloat32);
  }
  return vision;
}

}  // namespace qvlm::quantization
