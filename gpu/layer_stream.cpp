// Keeps layers in host memory and records their copies.
#include "gpu/layer_stream.h"

#include <algorithm>
#include <cstring>

namespace qvlm {
namespace {

std::array<std::span<const std::byte>, 3> planes_of(const PackedMatrix& m) {
  return {std::as_bytes(std::span(m.codes)), std::as_bytes(std::span(m.scales)), std::as_bytes(std::span(m.zeros))};
}

}  // namespace

LayerStream::LayerStream(std::span<const std::vector<PackedMatrix>> layers, GpuContext& gpu) : gpu_(gpu) {
  std::array<uint64_t, kPlanes> most{};
  for (const auto& matrices : layers) {
    std::array<uint64_t, kPlanes> bytes{};
    for (const PackedMatrix& matrix : matrices)
      for (size_t i = 0; i < kPlanes; ++i) bytes[i] += gpu.memory().padded(planes_of(matrix)[i].size());
    for (size_t i = 0; i < kPlanes; ++i) most[i] = std::max(most[i], bytes[i]);
  }
  for (Planes& place : places_)
    for (size_t i = 0; i < kPlanes; ++i)
      if (most[i] > 0) place[i] = gpu.memory().allocate(most[i], Intent::STREAMED);
}

std::vector<DeviceMatrix> LayerStream::add(const std::vector<PackedMatrix>& matrices) {
  const Planes& place = places_[staged_.size() % places_.size()];
  std::array<uint64_t, kPlanes> bytes{};
  for (const PackedMatrix& matrix : matrices)
    for (size_t i = 0; i < kPlanes; ++i) bytes[i] += gpu_.memory().padded(planes_of(matrix)[i].size());
  Planes staged;
  for (size_t i = 0; i < kPlanes; ++i) {
    if (bytes[i] > 0) staged[i] = gpu_.memory().allocate(bytes[i], Intent::HOST);
    host_bytes_ += bytes[i];
  }
  std::vector<DeviceMatrix> placed;
  std::array<uint64_t, kPlanes> at{};
  for (const PackedMatrix& matrix : matrices) {
    const auto planes = planes_of(matrix);
    std::array<Span, kPlanes> spans;
    for (size_t i = 0; i < kPlanes; ++i) {
      if (planes[i].empty()) continue;
      std::memcpy(staged[i].mapped() + at[i], planes[i].data(), planes[i].size());
      spans[i] = place[i].part(at[i], gpu_.memory().padded(planes[i].size()));
      at[i] += spans[i].size;
    }
    placed.push_back({matrix.layout, spans[0], spans[1], spans[2]});
  }
  staged_.push_back(staged);
  return placed;
}

void LayerStream::record(Recorder& recorder, size_t layer) const {
  const Planes& place = places_[layer % places_.size()];
  for (size_t i = 0; i < kPlanes; ++i) {
    const Span& from = staged_[layer][i];
    if (from.block) recorder.copy("layer_copy", from, place[i].part(0, from.size));
  }
}

}  // namespace qvlm
