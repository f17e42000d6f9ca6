// Records dispatches and the barriers between them.
#include "gpu/recorder.h"

#include <algorithm>
#include <utility>

namespace qvlm {
namespace {

std::vector<AddressRange> ranges_of(const std::vector<Span>& spans) {
  std::vector<AddressRange> ranges;
  for (const Span& span : spans)
    if (span.block) ranges.push_back({span.address(), span.size});
  return ranges;
}

bool any_overlap(const std::vector<AddressRange>& a, const std::vector<AddressRange>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& x) {
    return std::any_of(b.begin(), b.end(), [&](const auto& y) { return x.overlaps(y); });
  });
}

}  // namespace

Recording& Recording::operator=(Recording&& other) noexcept {
  if (this == &other) return *this;
  clear();
  device_ = std::exchange(other.device_, nullptr);
  segments_ = std::exchange(other.segments_, {});
  trace_ = std::exchange(other.trace_, {});
  dispatches_ = std::exchange(other.dispatches_, 0);
  return *this;
}

void Recording::clear() {
  if (device_)
    for (VkCommandBuffer commands : segments_) device_->free_command_buffer(commands);
  segments_.clear();
}

Recorder::Recorder(Device& device, Pipelines& pipelines, double macs_per_segment, Timestamps* timestamps)
    : device_(device),
      pipelines_(pipelines),
      macs_per_segment_(macs_per_segment),
      timestamps_(timestamps),
      recording_(device) {}

void Recorder::begin_segment() {
  recording_.segments_.push_back(device_.new_command_buffer());
  VkCommandBufferBeginInfo begin{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  check(device_.api().vkBeginCommandBuffer(recording_.segments_.back(), &begin), "vkBeginCommandBuffer");
  open_ = true;
  macs_ = 0;
  if (timestamps_) timestamps_->begin(recording_.segments_.back());
}

void Recorder::end_segment() {
  check(device_.api().vkEndCommandBuffer(recording_.segments_.back()), "vkEndCommandBuffer");
  open_ = false;
}

void Recorder::barrier(bool last) {
  // The last one of a recording also stands before the host's reads. A barrier orders what was submitted before it too,
  // so segments need none of their own.
  VkMemoryBarrier barrier{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                          .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                          .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
  VkPipelineStageFlags from = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, to = from;
  if (copies_) {
    barrier.srcAccessMask |= VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask |= VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    from |= VK_PIPELINE_STAGE_TRANSFER_BIT;
    to |= VK_PIPELINE_STAGE_TRANSFER_BIT;
  }
  if (last) {
    barrier.dstAccessMask |= VK_ACCESS_HOST_READ_BIT;
    to |= VK_PIPELINE_STAGE_HOST_BIT;
  }
  device_.api().vkCmdPipelineBarrier(recording_.segments_.back(), from, to, 0, 1, &barrier, 0, nullptr, 0, nullptr);
  recording_.trace_.push_back({TraceStep::Kind::BARRIER, "", {}, {}});
  reads_.clear();
  writes_.clear();
}

VkCommandBuffer Recorder::begin(double macs, const std::vector<AddressRange>& reads, const std::vector<AddressRange>& writes) {
  if (open_ && macs_ > 0 && macs_ + macs > macs_per_segment_) end_segment();
  if (!open_) begin_segment();
  if (any_overlap(writes_, reads) || any_overlap(writes_, writes) || any_overlap(reads_, writes)) barrier(false);
  return recording_.segments_.back();
}

void Recorder::end(const std::string& kernel, double macs, std::vector<AddressRange> reads, std::vector<AddressRange> writes) {
  if (timestamps_) timestamps_->end(recording_.segments_.back(), kernel);
  reads_.insert(reads_.end(), reads.begin(), reads.end());
  writes_.insert(writes_.end(), writes.begin(), writes.end());
  recording_.trace_.push_back({TraceStep::Kind::DISPATCH, kernel, std::move(reads), std::move(writes)});
  recording_.dispatches_++;
  macs_ += macs;
}

void Recorder::add(const Dispatch& d) {
  if (d.groups_x == 0 || d.groups_y == 0) return;
  const Pipeline& pipeline = pipelines_.get(d.pipeline);
  const VkDescriptorSet set = d.texels.empty() ? VK_NULL_HANDLE : pipelines_.texel_set(d.texels);
  auto reads = ranges_of(d.reads), writes = ranges_of(d.writes);
  const VkCommandBuffer commands = begin(d.macs, reads, writes);
  const auto& api = device_.api();
  api.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle);
  if (set)
    api.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout, 0, 1, &set, 0, nullptr);
  api.vkCmdPushConstants(commands, pipeline.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, d.argument_bytes,
                         d.arguments.data());
  api.vkCmdDispatch(commands, d.groups_x, d.groups_y, 1);
  end(d.kernel, d.macs, std::move(reads), std::move(writes));
  for (const Span& span : d.writes)
    if (span.block && span.block->intent == Intent::READBACK) host_reads_.push_back({span.address(), span.size});
}

void Recorder::copy(const std::string& name, const Span& from, const Span& to) {
  copies_ = true;
  const double macs = static_cast<double>(from.size);  // about as long as a multiply-add a byte
  auto reads = ranges_of({from}), writes = ranges_of({to.part(0, from.size)});
  const VkCommandBuffer commands = begin(macs, reads, writes);
  const VkBufferCopy region{.srcOffset = from.offset, .dstOffset = to.offset, .size = from.size};
  device_.api().vkCmdCopyBuffer(commands, from.block->buffer, to.block->buffer, 1, &region);
  end(name, macs, std::move(reads), std::move(writes));
}

Recording Recorder::finish() {
  if (open_) {
    barrier(true);
    end_segment();
    if (!host_reads_.empty())
      recording_.trace_.push_back({TraceStep::Kind::DISPATCH, "host", std::exchange(host_reads_, {}), {}});
  }
  return std::move(recording_);
}

}  // namespace qvlm
