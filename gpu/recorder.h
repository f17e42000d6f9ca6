// Records dispatches into command buffers ("segments"), with a barrier exactly where a dispatch touches bytes that an
// earlier one does.
#pragma once

#include <volk.h>

#include <cstring>
#include <string>
#include <vector>

#include "gpu/device.h"
#include "gpu/memory.h"
#include "gpu/pipelines.h"
#include "gpu/timestamps.h"
#include "gpu/trace.h"

namespace qvlm {

/// One kernel call, ready to record.
struct Dispatch {
  std::string kernel;
  PipelineKey pipeline;
  std::array<std::byte, kPushConstantBytes> arguments{};
  uint32_t argument_bytes = 0;
  std::vector<TexelBinding> texels;  // CPU kernels only
  uint32_t groups_x = 1, groups_y = 1;
  std::vector<Span> reads, writes;
  double macs = 0;  // multiply-adds: where to cut segments

  template <class Arguments>
  void set_arguments(const Arguments& a) {
    static_assert(sizeof(Arguments) <= kPushConstantBytes);
    std::memcpy(arguments.data(), &a, sizeof a);
    argument_bytes = sizeof a;
  }
};

/// Commands that can be submitted again and again. Owns its command buffers.
class Recording {
 public:
  Recording() = default;
  explicit Recording(Device& device) : device_(&device) {}
  ~Recording() { clear(); }
  Recording(Recording&& other) noexcept { *this = std::move(other); }
  Recording& operator=(Recording&& other) noexcept;

  const std::vector<VkCommandBuffer>& segments() const { return segments_; }
  const Trace& trace() const { return trace_; }
  size_t dispatches() const { return dispatches_; }

 private:
  friend class Recorder;
  void clear();
  Device* device_ = nullptr;
  std::vector<VkCommandBuffer> segments_;
  Trace trace_;
  size_t dispatches_ = 0;
};

class Recorder {
 public:
  /// timestamps, if given, stamps every dispatch; it must outlive the recording.
  Recorder(Device& device, Pipelines& pipelines, double macs_per_segment, Timestamps* timestamps = nullptr);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void add(const Dispatch& dispatch);
  /// Copies all of `from` to as many bytes, outside of any kernel.
  void copy(const std::string& name, const Span& from, const Span& to);
  /// Ends the last segment with a barrier against later submissions and the host. The trace ends with the host's reads.
  Recording finish();

 private:
  void begin_segment();
  void end_segment();
  void barrier(bool last);
  // Opens a segment with room for so much work, and waits for what touches the same bytes.
  VkCommandBuffer begin(double macs, const std::vector<AddressRange>& reads, const std::vector<AddressRange>& writes);
  void end(const std::string& kernel, double macs, std::vector<AddressRange> reads, std::vector<AddressRange> writes);
  Device& device_;
  Pipelines& pipelines_;
  double macs_per_segment_;
  Timestamps* timestamps_;
  double macs_ = 0;
  bool open_ = false;
  bool copies_ = false;  // the recording has copies, which barriers then wait for too
  Recording recording_;
  std::vector<AddressRange> reads_, writes_;  // since the last barrier
  std::vector<AddressRange> host_reads_;      // what is written for the host
};

}  // namespace qvlm
