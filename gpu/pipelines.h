// Compute pipelines, made when first used: a shader with its specialization constants. And the texel-buffer sets of CPU
// kernels.
#pragma once

#include <volk.h>

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "gpu/device.h"
#include "gpu/memory.h"
#include "gpu/pipeline_cache.h"

namespace qvlm {

inline constexpr uint32_t kPushConstantBytes = 128;

struct PipelineKey {
  std::string shader;
  std::vector<uint32_t> constants;  // specialization constants 0, 1, ...
  bool full_subgroups = false;      // needs the profile's subgroup size, whole
  uint32_t subgroup_size = 0;       // in its place; 0: that
  auto operator<=>(const PipelineKey&) const = default;
};

struct Pipeline {
  VkPipeline handle = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
};

/// One binding of a texel-buffer set: a whole block seen as texels of a format.
struct TexelBinding {
  const MemoryBlock* block = nullptr;
  VkFormat format = VK_FORMAT_R32G32B32A32_UINT;
  auto operator<=>(const TexelBinding&) const = default;
};

class Pipelines {
 public:
  /// cache_folder: as PipelineCache has it.
  Pipelines(Device& device, const std::filesystem::path& cache_folder);
  /// Keeps what was compiled.
  ~Pipelines();
  Pipelines(const Pipelines&) = delete;
  Pipelines& operator=(const Pipelines&) = delete;

  const Pipeline& get(const PipelineKey& key);
  /// A set with the blocks at bindings 0, 1, ...; made once for the same blocks.
  VkDescriptorSet texel_set(const std::vector<TexelBinding>& bindings);
  const PipelineCache& cache() const { return cache_; }
  /// Forgets the sets and views that name this block (it is about to be freed).
  void forget(const MemoryBlock* block);

 private:
  VkBufferView view_of(const TexelBinding& binding);
  Device& device_;
  PipelineCache cache_;
  VkDescriptorSetLayout texel_layout_ = VK_NULL_HANDLE;
  VkPipelineLayout plain_ = VK_NULL_HANDLE;   // push constants alone
  VkPipelineLayout texels_ = VK_NULL_HANDLE;  // and one set of texel buffers
  std::vector<VkDescriptorPool> pools_;
  uint32_t sets_left_ = 0;
  std::map<PipelineKey, Pipeline> pipelines_;
  std::map<TexelBinding, VkBufferView> views_;
  std::map<std::vector<TexelBinding>, VkDescriptorSet> sets_;
};

}  // namespace qvlm
