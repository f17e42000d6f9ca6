// Device memory by intent: a few big buffers, each with its address, handed out in aligned spans.
#pragma once

#include <volk.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gpu/device.h"

namespace qvlm {

/// What memory is for. CODES, SCALES and ZEROS hold weights and are apart because each has its own texel format; STREAMED holds any of them,
/// layer after layer; HOST is the host's, which the device copies from and which does not count as the device's.
enum class Intent { CODES, SCALES, ZEROS, STREAMED, SCRATCH, CACHE, UPLOAD, READBACK, HOST };

/// "1.5 MiB", "200 MiB": rounded up, one decimal below 10.
std::string mebibytes(uint64_t bytes);

/// Too little memory on the device.
class OutOfDeviceMemory : public Error {
 public:
  using Error::Error;
};

/// One VkBuffer with its memory.
struct MemoryBlock {
  Intent intent = Intent::SCRATCH;
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  uint64_t size = 0;            // bytes
  uint64_t used = 0;            // bytes
  uint64_t address = 0;         // device address of byte 0
  std::byte* mapped = nullptr;  // where the host can see it
};

/// A part of a block.
struct Span {
  const MemoryBlock* block = nullptr;
  uint64_t offset = 0;  // bytes
  uint64_t size = 0;    // bytes
  uint64_t address() const { return block ? block->address + offset : 0; }
  std::byte* mapped() const { return block && block->mapped ? block->mapped + offset : nullptr; }
  /// Bytes [from, from + count) of this span.
  Span part(uint64_t from, uint64_t count) const;
};

class Memory {
 public:
  /// limit: bytes that may be allocated altogether, 0: what the device has to give.
  Memory(Device& device, uint64_t limit);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  /// Contents undefined. Throws OutOfDeviceMemory with the numbers if it does not fit.
  Span allocate(uint64_t bytes, Intent intent);
  /// Host bytes into device memory, through a staging buffer where the memory is not mapped. Waits.
  void upload(const Span& to, std::span<const std::byte> bytes);
  /// Frees the whole block of a span that was the only one in it (used by buffers that grow). Nothing may run on it.
  void free_block(const Span& span);
  /// On the device.
  uint64_t allocated_bytes() const { return allocated_; }
  /// Most bytes that allocated_bytes() may become; 0: not known.
  uint64_t limit() const;
  /// Bytes that a span of so many takes.
  uint64_t padded(uint64_t bytes) const;

 private:
  MemoryBlock& new_block(uint64_t bytes, Intent intent);
  uint32_t memory_type(uint32_t allowed, Intent intent) const;
  Device& device_;
  uint64_t limit_;
  uint64_t allocated_ = 0;
  std::vector<std::unique_ptr<MemoryBlock>> blocks_;
};

}  // namespace qvlm
