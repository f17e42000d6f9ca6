// Transforms as products along the axes of a row.
#include "gpu/site_input.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/error.h"
#include "core/model/hadamard.h"

namespace qvlm {
namespace {

constexpr int kFactorPowers = 5;  // Sylvester factors of at most 32: two products instead of ten butterflies with barriers

std::vector<float> sylvester(uint32_t order) {
  std::vector<float> h(size_t{order} * order);
  for (uint32_t i = 0; i < order; ++i)
    for (uint32_t k = 0; k < order; ++k) h[size_t{i} * order + k] = std::popcount(i & k) % 2 == 0 ? 1.0f : -1.0f;
  return h;
}

}  // namespace

void SiteInput::add_hadamard(int64_t block, GpuContext& gpu) {
  const auto order = hadamard_order(block);
  if (!order) throw Error::in("Hadamard", "block", "an order of a Hadamard matrix", std::to_string(block));
  uint32_t behind = 1;
  const auto add = [&](const std::vector<float>& factor, uint32_t size) {
    axes_.push_back({gpu.upload_vector(factor), size, behind, 1});
    behind *= size;
  };
  for (int left = order->powers; left > 0; left -= kFactorPowers) {
    const uint32_t size = 1u << std::min(left, kFactorPowers);
    add(sylvester(size), size);
  }
  if (order->core > 1) add(hadamard_core(order->core), static_cast<uint32_t>(order->core));
  if (!axes_.empty()) axes_.back().scale /= std::sqrt(static_cast<float>(block));
}

void SiteInput::add_transform(std::span<const float> left, std::span<const float> right, const KroneckerShape& shape,
                              GpuContext& gpu) {
  const auto add = [&](std::span<const float> factor, int64_t order, int64_t behind) {
    if (factor.size() != static_cast<size_t>(order * order))
      throw Error::in("site transform", "values of a factor", std::to_string(order * order), std::to_string(factor.size()));
    axes_.push_back({gpu.upload_vector(factor), static_cast<uint32_t>(order), static_cast<uint32_t>(behind), 1});
  };
  add(right, shape.right, 1);
  add(left, shape.left, shape.right);
}

void SiteInput::set_rounding(const ActivationQuantizer& quantizer) {
  grid_.reset();
  if (!quantizer.active()) return;
  RoundingGrid grid{.bits = quantizer.bits, .low = quantizer.clip, .high = quantizer.clip};
  if (quantizer.granularity == ActivationGranularity::DYNAMIC_GROUP) grid.group = static_cast<uint32_t>(quantizer.group);
  if (quantizer.granularity == ActivationGranularity::STATIC_TENSOR) {
    grid.dynamic = false;
    grid.low = quantizer.low;
    grid.high = quantizer.high;
  }
  grid_ = grid;
}

void SiteInput::set_rounding(const VisionQuantizer& quantizer, GpuContext& gpu) {
  grid_.reset();
  if (!quantizer.active()) return;
  RoundingGrid grid{.bits = quantizer.bits, .dynamic = quantizer.range == VisionRange::DYNAMIC_TOKEN};
  if (quantizer.low.size() == 1) {
    grid.low = quantizer.low.front();
    grid.high = quantizer.high.front();
  } else {
    std::vector<float> bounds = quantizer.low;
    bounds.insert(bounds.end(), quantizer.high.begin(), quantizer.high.end());
    grid.bounds = gpu.upload_vector(bounds);
  }
  grid_ = grid;
}

SiteScratch allocate(const SiteScratchBytes& bytes, GpuContext& gpu) {
  const auto span = [&](uint64_t size) { return size > 0 ? gpu.memory().allocate(size, Intent::SCRATCH) : Span{}; };
  return {span(bytes.turned), span(bytes.codes), span(bytes.grids)};
}

uint32_t SiteInput::code_group(uint32_t columns) const {
  if (!grid_ || grid_->bits > 8) return 0;
  if (grid_->group == 0 || grid_->group == columns) return columns;
  return columns % grid_->group == 0 && grid_->group % 4 == 0 ? grid_->group : 0;
}

void SiteInput::count(SiteScratchBytes& bytes, const Kernels& kernels, uint32_t rows, uint32_t columns) const {
  if (turns()) bytes.turned = std::max(bytes.turned, tensor_bytes(rows, columns));
  const uint32_t group = code_group(columns);
  if (group == 0 || !kernels.has_integer_products()) return;
  bytes.codes = std::max(bytes.codes, uint64_t{rows} * DeviceCodes::code_stride(columns));
  bytes.grids = std::max(bytes.grids, uint64_t{rows} * (columns / group) * 2 * sizeof(float));
}

DeviceCodes SiteInput::codes_of(const Kernels& kernels, const DeviceTensor& x, const SiteScratch& scratch,
                                std::span<const DeviceMatrix> linears) const {
  const uint32_t group = code_group(x.columns);
  const auto takes = [&](const DeviceMatrix& matrix) { return kernels.runs_on_codes(matrix.layout, x.rows, group); };
  if (group == 0 || !scratch.codes.block || std::none_of(linears.begin(), linears.end(), takes)) return {};
  return {scratch.codes.part(0, uint64_t{x.rows} * DeviceCodes::code_stride(x.columns)),
          scratch.grids.part(0, uint64_t{x.rows} * (x.columns / group) * 2 * sizeof(float)), x.columns, group};
}

MatrixInput SiteInput::record(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x, const SiteScratch& scratch,
                              std::span<const DeviceMatrix> linears) const {
  DeviceTensor from = x, to = turns() ? tensor_in(scratch.turned, x.rows, x.columns) : DeviceTensor{};
  for (const Axis& axis : axes_) {
    recorder.add(kernels.axis_product(from, axis.factor, axis.order, axis.behind, axis.scale, to));
    std::swap(from, to);
  }
  if (!grid_) return from;
  const DeviceCodes codes = codes_of(kernels, from, scratch, linears);
  recorder.add(kernels.round(from, *grid_, codes));
  return {from, codes};
}

MatrixInput SiteInput::record_normed(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x, const DeviceTensor& y,
                                     const DeviceVector& weight, const DeviceVector& bias, float epsilon, const SiteScratch& scratch,
                                     std::span<const DeviceMatrix> linears) const {
  const bool rounds = grid_ && !turns() && (grid_->group == 0 || grid_->group == y.columns);
  const DeviceCodes codes = rounds ? codes_of(kernels, y, scratch, linears) : DeviceCodes{};
  recorder.add(kernels.norm(x, y, weight, bias, epsilon, rounds ? &*grid_ : nullptr, codes));
  return rounds ? MatrixInput{y, codes} : record(recorder, kernels, y, scratch, linears);
}

}  // namespace qvlm
