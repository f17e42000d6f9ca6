// Finished layers as safetensors files: planes of codes, scales, zeros, codebooks and residuals, and a JSON description in the metadata.
#include "core/lab/quantization/layer_file.h"

#include <cstring>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mapped_file.h"
#include "core/lab/reference/tensors.h"
#include "core/model/kronecker.h"
#include "core/model/safetensors.h"

namespace qvlm::quantization {
namespace {

constexpr const char* kFormat = "qvlm-layer-2";

constexpr ActivationGranularity kGranularities[] = {ActivationGranularity::NONE, ActivationGranularity::STATIC_TENSOR,
                                                    ActivationGranularity::DYNAMIC_TOKEN, ActivationGranularity::DYNAMIC_GROUP};

Json describe_layer(const QuantizedLayer& layer) {
  Json root;
  root["layer"] = layer.index;
  for (const auto& [suffix, matrix] : layer.matrices) {
    root["matrices"][suffix] = {{"bits", matrix.bits}, {"group", matrix.group}, {"symmetric", matrix.symmetric}};
  }
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const ActivationQuantizer& q = layer.activations[static_cast<size_t>(kind)];
    // Floats are stored as doubles, exactly.
    root["activations"].push_back({{"granularity", std::string(name_of(q.granularity))},
                                   {"bits", q.bits},
                                   {"group", q.group},
                                   {"low", static_cast<double>(q.low)},
                                   {"high", static_cast<double>(q.high)},
                                   {"clip", static_cast<double>(q.clip)}});
    root["parameters"].push_back(static_cast<double>(layer.parameters[static_cast<size_t>(kind)]));
  }
  return root;
}

ActivationQuantizer read_quantizer(const Json& object, const std::string& file) {
  ActivationQuantizer q;
  const auto name = field<std::string>(object, "granularity", file);
  bool known = false;
  for (const auto granularity : kGranularities) {
    if (name == name_of(granularity)) {
      q.granularity = granularity;
      known = true;
    }
  }
  if (!known) throw Error::in(file, "granularity", "a known one", name);
  q.bits = field<int>(object, "bits", file);
  q.group = field<int64_t>(object, "group", file);
  q.low = static_cast<float>(field<double>(object, "low", file));
  q.high = static_cast<float>(field<double>(object, "high", file));
  q.clip = static_cast<float>(field<double>(object, "clip", file));
  return q;
}

template <class T>
void copy(const TensorView& view, std::vector<T>& to) {
  to.resize(view.bytes.size() / sizeof(T));
  std::memcpy(to.data(), view.bytes.data(), to.size() * sizeof(T));
}

void demand_type(const TensorView& view, DType dtype, size_t dimensions = 2) {
  if (view.dtype != dtype || view.shape.size() != dimensions) {
    throw Error::in(view.origin, "type", std::string(name_of(dtype)) + " with " + std::to_string(dimensions) + " dimensions", std::string(name_of(view.dtype)) + " " + to_string(view.shape));
  }
}

// Both halves, or none.
reference::SiteTransform read_transform(const SafetensorsFile& file, SiteKind kind) {
  const auto half = [&](const char* which) -> torch::Tensor {
    const std::string name = transform_part(kind, which);
    if (!file.has(name)) return {};
    const TensorView view = file.tensor(name);
    demand_type(view, DType::F32);
    if (view.shape[0] != view.shape[1]) throw Error::in(view.origin, "shape", "a square matrix", to_string(view.shape));
    auto tensor = reference::to_torch(view, torch::kFloat32);
    if (!torch::isfinite(tensor).all().item<bool>()) throw Error::in(view.origin, "values", "finite numbers", "NaN or infinity");
    return tensor;
  };
  reference::SiteTransform transform{half("left"), half("right")};
  if (transform.left.defined() != transform.right.defined()) {
    throw Error(file.file().path().string() + ": the transform of the " + std::string(name_of(kind)) + " has only one of its halves");
  }
  return transform;
}

void read_scales(const SafetensorsFile& file, const std::string& suffix, QuantizedMatrix& matrix) {
  if (!file.has(suffix + ".scales.codes")) {
    const TensorView scales = file.tensor(suffix + ".scales");
    demand_type(scales, DType::F16);
    copy(scales, matrix.scales);
    return;
  }
  const TensorView codes = file.tensor(suffix + ".scales.codes"), maxima = file.tensor(suffix + ".scales.maxima"), mean = file.tensor(suffix + ".scales.mean");
  demand_type(codes, DType::U8);
  demand_type(maxima, DType::F32, 1);
  demand_type(mean, DType::F32, 1);
  if (mean.shape.front() != 1) throw Error::in(mean.origin, "shape", "one number", to_string(mean.shape));
  copy(codes, matrix.double_scales.codes);
  copy(maxima, matrix.double_scales.maxima);
  std::memcpy(&matrix.double_scales.mean, mean.bytes.data(), sizeof(float));
}

}  // namespace

reference::DecoderLayer QuantizedLayer::dequantize() const {
  reference::DecoderLayer layer;
  static_cast<reference::LayerVectors&>(layer) = *this;
  layer.transforms = transforms;
  for (const auto& [suffix, matrix] : matrices) layer.linear(suffix) = reference::dequantize(matrix, torch::kFloat32);
  return layer;
}

std::string hash_of_file(const std::filesystem::path& path) { return hash128_hex(MappedFile(path).bytes()); }

std::string write_layer(const std::filesystem::path& path, const QuantizedLayer& layer) {
  std::vector<TensorToWrite> tensors;
  std::vector<torch::Tensor> keep;  // contiguous copies must live until they are written
  for (const reference::NamedVector& vector : reference::layer_vectors()) {
    const torch::Tensor& tensor = layer.*vector.tensor;
    if (!tensor.defined()) continue;
    keep.push_back(tensor.to(torch::kFloat32).contiguous());
    tensors.push_back({vector.suffix, DType::F32, {keep.back().size(0)},
                       std::as_bytes(std::span(keep.back().data_ptr<float>(), static_cast<size_t>(keep.back().numel())))});
  }
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    const reference::SiteTransform& transform = layer.transforms[static_cast<size_t>(kind)];
    if (!transform.active()) continue;
    for (const auto& [half, tensor] : {std::pair{"left", &transform.left}, {"right", &transform.right}}) {
      keep.push_back(tensor->contiguous());
      tensors.push_back({transform_part(static_cast<SiteKind>(kind), half), DType::F32, keep.back().sizes().vec(),
                         std::as_bytes(std::span(keep.back().data_ptr<float>(), static_cast<size_t>(keep.back().numel())))});
    }
  }
  for (const auto& [suffix, matrix] : layer.matrices) {
    tensors.push_back(tensor_to_write(suffix + ".codes", DType::U8, {matrix.rows, matrix.columns}, matrix.codes));
    if (const DoubleScales& twice = matrix.double_scales; twice.empty()) {
      tensors.push_back(tensor_to_write(suffix + ".scales", DType::F16, {matrix.rows, matrix.groups()}, matrix.scales));
    } else {
      tensors.push_back(tensor_to_write(suffix + ".scales.codes", DType::U8, {matrix.rows, matrix.groups()}, twice.codes));
      tensors.push_back(tensor_to_write(suffix + ".scales.maxima", DType::F32, {static_cast<int64_t>(twice.maxima.size())}, twice.maxima));
      tensors.push_back({suffix + ".scales.mean", DType::F32, {1}, std::as_bytes(std::span(&twice.mean, 1))});
    }
    tensors.push_back(tensor_to_write(suffix + ".zeros", DType::U8, {matrix.rows, matrix.groups()}, matrix.zeros));
    if (!matrix.codebook.empty()) {
      tensors.push_back(tensor_to_write(suffix + ".codebook", DType::F32, {static_cast<int64_t>(matrix.codebook.size())}, matrix.codebook));
    }
    if (const LowRankResidual& residual = matrix.residual; residual.rank > 0) {
      tensors.push_back(tensor_to_write(suffix + ".left", DType::F16, {matrix.rows, residual.rank}, residual.left));
      tensors.push_back(tensor_to_write(suffix + ".right", DType::F16, {residual.rank, matrix.columns}, residual.right));
    }
  }
  write_safetensors(path, tensors, {{"format", kFormat}, {"layer", describe_layer(layer).dump()}});
  return hash_of_file(path);
}

QuantizedLayer read_layer(const std::filesystem::path& path, const std::string& hash) {
  if (!hash.empty()) {
    const std::string found = hash_of_file(path);
    if (found != hash) throw Error::in(path.string(), "hash", hash, found);
  }
  const SafetensorsFile file(path);
  const auto& metadata = file.metadata();
  const auto format = metadata.find("format"), description = metadata.find("layer");
  if (format == metadata.end() || format->second != kFormat || description == metadata.end()) {
    throw Error::in(path.string(), "format", kFormat, format == metadata.end() ? "nothing" : format->second);
  }
  const Json root = parse_json(description->second, path.string());
  QuantizedLayer layer;
  layer.index = field<int>(root, "layer", path.string());
  const Json& activations = array_field(root, "activations", path.string());
  const Json& parameters = array_field(root, "parameters", path.string());
  if (activations.size() != kSitesPerLayer || parameters.size() != kSitesPerLayer) {
    throw Error::in(path.string(), "activations", "4 sites", std::to_string(activations.size()));
  }
  for (size_t kind = 0; kind < kSitesPerLayer; ++kind) {
    layer.activations[kind] = read_quantizer(activations[kind], path.string());
    if (!parameters[kind].is_number()) throw Error::in(path.string(), "parameters", "numbers", describe(parameters[kind]));
    layer.parameters[kind] = static_cast<float>(parameters[kind].get<double>());
  }
  for (const reference::NamedVector& vector : reference::layer_vectors()) {
    if (vector.optional && !file.has(vector.suffix)) continue;
    layer.*vector.tensor = reference::to_torch(file.tensor(vector.suffix), torch::kFloat32);
  }
  for (int kind = 0; kind < kSitesPerLayer; ++kind) layer.transforms[static_cast<size_t>(kind)] = read_transform(file, static_cast<SiteKind>(kind));
  const Json& matrices = object_field(root, "matrices", path.string());
  for (int kind = 0; kind < kSitesPerLayer; ++kind) {
    for (const auto suffix_view : linears_of(static_cast<SiteKind>(kind))) {
      const std::string suffix(suffix_view);
      const Json& object = object_field(matrices, suffix, path.string());
      const TensorView codes = file.tensor(suffix + ".codes"), zeros = file.tensor(suffix + ".zeros");
      demand_type(codes, DType::U8);
      demand_type(zeros, DType::U8);
      QuantizedMatrix matrix;
      matrix.rows = codes.shape[0];
      matrix.columns = codes.shape[1];
      matrix.bits = field<int>(object, "bits", path.string());
      matrix.group = field<int64_t>(object, "group", path.string());
      matrix.symmetric = field<bool>(object, "symmetric", path.string());
      copy(codes, matrix.codes);
      copy(zeros, matrix.zeros);
      read_scales(file, suffix, matrix);
      if (file.has(suffix + ".codebook")) {
        const TensorView codebook = file.tensor(suffix + ".codebook");
        demand_type(codebook, DType::F32, 1);
        copy(codebook, matrix.codebook);
      }
      if (file.has(suffix + ".left")) {
        const TensorView left = file.tensor(suffix + ".left"), right = file.tensor(suffix + ".right");
        demand_type(left, DType::F16);
        demand_type(right, DType::F16);
        matrix.residual.rank = left.shape[1];
        copy(left, matrix.residual.left);
        copy(right, matrix.residual.right);
      }
      validate(matrix, path.string() + ": " + suffix);
      layer.matrices[suffix] = std::move(matrix);
    }
  }
  return layer;
}

}  // namespace qvlm::quantization
