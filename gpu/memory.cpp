// Allocates blocks and hands out spans of them.
#include "gpu/memory.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/huge_pages.h"

namespace qvlm {
namespace {

constexpr uint64_t kFirstBlock = uint64_t{4} << 20;

bool is_weights(Intent intent) {
  return intent == Intent::CODES || intent == Intent::SCALES || intent == Intent::ZEROS;
}

// Bytes of one texel of the view that CPU kernels read a block through.
uint64_t texel_bytes(Intent intent) {
  switch (intent) {
    case Intent::ZEROS:
    case Intent::STREAMED:
      return 8;
    case Intent::CACHE:
      return 4;
    default:
      return 16;
  }
}

}  // namespace

std::string mebibytes(uint64_t bytes) {
  if (bytes < uint64_t{10} << 20) {
    const uint64_t tenths = (bytes * 10 + (1 << 20) - 1) >> 20;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
  }
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

Span Span::part(uint64_t from, uint64_t count) const {
  if (from > size || count > size - from) throw Error("Vulkan: a part of a span lies outside of it");
  return {block, offset + from, count};
}

Memory::Memory(Device& device, uint64_t limit) : device_(device), limit_(limit) {}

Memory::~Memory() {
  for (const auto& block : blocks_) {
    device_.api().vkDestroyBuffer(device_.handle(), block->buffer, nullptr);
    device_.api().vkFreeMemory(device_.handle(), block->memory, nullptr);
  }
}

uint32_t Memory::memory_type(uint32_t allowed, Intent intent) const {
  constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
  constexpr VkMemoryPropertyFlags kVisible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  std::array<VkMemoryPropertyFlags, 3> wishes{kLocal, 0, 0};
  if (intent == Intent::UPLOAD)
    wishes = {device_.profile().mapped_memory ? kVisible | kLocal : kVisible, kVisible, kVisible};
  else if (intent == Intent::READBACK)
    wishes = {kVisible | kCached, kVisible, kVisible};
  else if (intent == Intent::HOST)
    wishes = {kVisible, kVisible, kVisible};
  const VkMemoryPropertyFlags unwanted = intent == Intent::HOST ? kLocal : 0;
  const auto& types = device_.profile().memory;
  for (uint32_t i = 0; unwanted != 0 && i < types.memoryTypeCount; ++i)
    if ((allowed >> i & 1) && (types.memoryTypes[i].propertyFlags & kVisible) == kVisible && !(types.memoryTypes[i].propertyFlags & unwanted))
      return i;
  for (const VkMemoryPropertyFlags wish : wishes)
    for (uint32_t i = 0; i < types.memoryTypeCount; ++i)
      if ((allowed >> i & 1) && (types.memoryTypes[i].propertyFlags & wish) == wish) return i;
  throw Error("the Vulkan device " + device_.profile().info.name + " has no memory of the needed kind");
}

MemoryBlock& Memory::new_block(uint64_t bytes, Intent intent) {
  const auto refuse = [&](const std::string& why) {
    throw OutOfDeviceMemory("too little memory on the Vulkan device " + device_.profile().info.name + ": " + mebibytes(bytes) +
                " more needed, " + mebibytes(allocated_) + " in use, " + why);
  };
  const bool of_host = intent == Intent::HOST;
  if (!of_host && limit() && allocated_ + bytes > limit()) refuse(mebibytes(limit()) + (limit_ ? " allowed" : " there"));
  const uint64_t most =
      std::min(device_.profile().max_allocation, device_.profile().max_texel_elements * texel_bytes(intent));
  if (bytes > most) refuse("one allocation is at most " + mebibytes(most));

  auto block = std::make_unique<MemoryBlock>();
  block->intent = intent;
  block->size = bytes;
  VkBufferCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                          .size = bytes,
                          .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
                                   VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                   VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  const auto& api = device_.api();
  check(api.vkCreateBuffer(device_.handle(), &info, nullptr, &block->buffer), "vkCreateBuffer");
  VkMemoryRequirements needs{};
  api.vkGetBufferMemoryRequirements(device_.handle(), block->buffer, &needs);
  VkMemoryAllocateFlagsInfo flags{.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
                                  .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
  VkMemoryAllocateInfo allocate{.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                .pNext = &flags,
                                .allocationSize = needs.size,
                                .memoryTypeIndex = memory_type(needs.memoryTypeBits, intent)};
  VkResult result = api.vkAllocateMemory(device_.handle(), &allocate, nullptr, &block->memory);
  if (result != VK_SUCCESS) {
    api.vkDestroyBuffer(device_.handle(), block->buffer, nullptr);
    refuse("the driver refused: " + name_of(result));
  }
  api.vkBindBufferMemory(device_.handle(), block->buffer, block->memory, 0);
  const bool for_host = intent == Intent::UPLOAD || intent == Intent::READBACK || of_host;
  if ((for_host || device_.profile().mapped_memory) &&
      (device_.profile().memory.memoryTypes[allocate.memoryTypeIndex].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) {
    void* mapped = nullptr;
    if (api.vkMapMemory(device_.handle(), block->memory, 0, VK_WHOLE_SIZE, 0, &mapped) == VK_SUCCESS)
      block->mapped = static_cast<std::byte*>(mapped);
    // A processor that is the device looks up pages as it reads weights: large ones are read by a plain loop a third quicker, by our kernels a few percent.
    if (block->mapped && device_.profile().cpu) wish_huge_pages({block->mapped, bytes});
  }
  VkBufferDeviceAddressInfo address{.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, .buffer = block->buffer};
  block->address = api.vkGetBufferDeviceAddress(device_.handle(), &address);
  if (!of_host) allocated_ += bytes;
  blocks_.push_back(std::move(block));
  return *blocks_.back();
}

uint64_t Memory::limit() const { return limit_ ? limit_ : static_cast<uint64_t>(device_.profile().memory_budget); }

uint64_t Memory::padded(uint64_t bytes) const {
  const uint64_t alignment = device_.profile().buffer_alignment;
  return (std::max<uint64_t>(bytes, 1) + alignment - 1) / alignment * alignment;
}

Span Memory::allocate(uint64_t bytes, Intent intent) {
  bytes = padded(bytes);
  MemoryBlock* block = nullptr;
  if (is_weights(intent) || intent == Intent::CACHE)  // weights and caches share blocks; the rest stand alone
    for (const auto& candidate : blocks_)
      if (candidate->intent == intent && candidate->size - candidate->used >= bytes) block = candidate.get();
  if (!block) {
    uint64_t size = bytes;
    if (is_weights(
            intent)) {  // twice what is there already, so that small models stay small and large ones have few blocks
      uint64_t there = 0;
      for (const auto& other : blocks_)
        if (other->intent == intent) there += other->size;
      const uint64_t most =
          std::min(device_.profile().max_allocation, device_.profile().max_texel_elements * texel_bytes(intent));
      const uint64_t left = limit() > allocated_ ? limit() - allocated_ : 0;
      size = std::max(
          bytes, std::min({std::max(intent == Intent::CODES ? kFirstBlock : kFirstBlock / 16, there), most, left / 8}));
    }
    block = &new_block(size, intent);
  }
  Span span{block, block->used, bytes};
  block->used += bytes;
  return span;
}

void Memory::upload(const Span& to, std::span<const std::byte> bytes) {
  if (bytes.size() > to.size) throw Error("Vulkan: an upload is larger than its place");
  if (to.mapped()) {
    std::memcpy(to.mapped(), bytes.data(), bytes.size());
    return;
  }
  constexpr uint64_t kStaging = uint64_t{16} << 20;
  const Span staging = allocate(std::min<uint64_t>(bytes.size(), kStaging), Intent::UPLOAD);
  const auto& api = device_.api();
  const VkCommandBuffer commands = device_.new_command_buffer();
  const VkFence fence = device_.new_fence();
  for (uint64_t done = 0; done < bytes.size();) {
    const uint64_t count = std::min<uint64_t>(bytes.size() - done, staging.size);
    std::memcpy(staging.mapped(), bytes.data() + done, count);
    VkCommandBufferBeginInfo begin{.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                   .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    check(api.vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
    VkBufferCopy copy{.srcOffset = staging.offset, .dstOffset = to.offset + done, .size = count};
    api.vkCmdCopyBuffer(commands, staging.block->buffer, to.block->buffer, 1, &copy);
    VkMemoryBarrier barrier{.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                            .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                            .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT};
    api.vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1,
                             &barrier, 0, nullptr, 0, nullptr);
    check(api.vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    device_.submit(commands, fence);
    device_.wait(fence);
    done += count;
  }
  device_.destroy_fence(fence);
  device_.free_command_buffer(commands);
  free_block(staging);
}

void Memory::free_block(const Span& span) {
  const auto found =
      std::find_if(blocks_.begin(), blocks_.end(), [&](const auto& block) { return block.get() == span.block; });
  if (found == blocks_.end()) return;
  device_.api().vkDestroyBuffer(device_.handle(), (*found)->buffer, nullptr);
  device_.api().vkFreeMemory(device_.handle(), (*found)->memory, nullptr);
  if ((*found)->intent != Intent::HOST) allocated_ -= (*found)->size;
  blocks_.erase(found);
}

}  // namespace qvlm
