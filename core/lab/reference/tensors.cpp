// Copies weights out of mapped files into torch tensors.
#include "core/lab/reference/tensors.h"

#include "core/base/error.h"

namespace qvlm::reference {

namespace {

torch::ScalarType scalar_type_of(DType dtype, const std::string& origin) {
  switch (dtype) {
    case DType::F32: return torch::kFloat32;
    case DType::F16: return torch::kFloat16;
    case DType::BF16: return torch::kBFloat16;
    case DType::F64: return torch::kFloat64;
    default: throw Error::in(origin, "type", "a floating-point type", name_of(dtype));
  }
}

}  // namespace

torch::Tensor to_torch(const TensorView& view, torch::ScalarType type) {
  const auto stored = scalar_type_of(view.dtype, view.origin);
  const int64_t count = element_count(view.shape, view.origin);
  if (static_cast<int64_t>(view.bytes.size()) != count * size_of(view.dtype)) {
    throw Error::in(view.origin, "bytes", std::to_string(count * size_of(view.dtype)), std::to_string(view.bytes.size()));
  }
  // from_blob does not own: the copy (or the conversion) does. Bytes of a file need not be aligned, so they are copied as bytes.
  torch::Tensor result = torch::empty(view.shape, stored);
  if (count > 0) std::memcpy(result.data_ptr(), view.bytes.data(), view.bytes.size());
  return result.to(type);
}

torch::Tensor dequantize(const QuantizedMatrix& matrix, torch::ScalarType type) {
  const int64_t groups = matrix.groups();
  const auto bytes = torch::TensorOptions(torch::kUInt8);
  const auto half = [](const std::vector<uint16_t>& bits, c10::IntArrayRef shape) {
    return torch::from_blob(const_cast<uint16_t*>(bits.data()), shape, torch::TensorOptions(torch::kFloat16)).to(torch::kFloat32);
  };
  const auto scales = matrix.scales.empty() ? torch::tensor(matrix.scale_values()).reshape({matrix.rows, groups, 1})
                                            : half(matrix.scales, {matrix.rows, groups, 1});
  const auto raw = torch::from_blob(const_cast<uint8_t*>(matrix.codes.data()), {matrix.rows, groups, matrix.group}, bytes);
  torch::Tensor values;
  if (!matrix.minimums.empty()) {
    values = raw.to(torch::kFloat32) * scales + torch::tensor(matrix.minimums).reshape({matrix.rows, groups, 1});
  } else if (matrix.codebook.empty()) {
    const auto zeros = torch::from_blob(const_cast<uint8_t*>(matrix.zeros.data()), {matrix.rows, groups, 1}, bytes).to(torch::kFloat32);
    values = (raw.to(torch::kFloat32) - zeros) * scales;
  } else {
    const auto codebook = torch::from_blob(const_cast<float*>(matrix.codebook.data()), {static_cast<int64_t>(matrix.codebook.size())}, torch::kFloat32);
    values = codebook.index_select(0, raw.reshape({-1}).to(torch::kInt64)).reshape(raw.sizes()) * scales;
  }
  values = values.reshape({matrix.rows, matrix.columns});
  if (const int64_t rank = matrix.residual.rank; rank > 0) {
    values = values + torch::mm(half(matrix.residual.left, {matrix.rows, rank}), half(matrix.residual.right, {rank, matrix.columns}));
  }
  return values.to(type);
}

torch::Tensor load_tensor(const Model& model, std::string_view canonical, torch::ScalarType type) {
  const Weight weight = model.load(canonical);
  if (const auto* view = std::get_if<TensorView>(&weight)) return to_torch(*view, type);
  return dequantize(std::get<QuantizedMatrix>(weight), type);
}

torch::Tensor load_optional(const Model& model, std::string_view canonical, torch::ScalarType type) {
  return model.has(canonical) ? load_tensor(model, canonical, type) : torch::Tensor();
}

}  // namespace qvlm::reference
