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

DeviceTensor SiteInput::record(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x,
                               const DeviceTensor& scratch) const {
  DeviceTensor from = x, to = scratch;
  for (const Axis& axis : axes_) {
    recorder.add(kernels.axis_product(from, axis.factor, axis.order, axis.behind, axis.scale, to));
    std::swap(from, to);
  }
  if (grid_) recorder.add(kernels.round(from, *grid_));
  return from;
}

DeviceTensor SiteInput::record_normed(Recorder& recorder, const Kernels& kernels, const DeviceTensor& x,
                                      const DeviceTensor& y, const DeviceVector& weight, const DeviceVector& bias,
                                      float epsilon, const DeviceTensor& scratch) const {
  const bool rounds = grid_ && !turns() && (grid_->group == 0 || grid_->group == y.columns);
  recorder.add(kernels.norm(x, y, weight, bias, epsilon, rounds ? &*grid_ : nullptr));
  return rounds ? y : record(recorder, kernels, y, scratch);
}

}  // namespace qvlm
