// Makes pipelines and texel-buffer sets on first use.
#include "gpu/pipelines.h"

#include <algorithm>

#include "gpu/shader_library.h"

namespace qvlm {
namespace {
constexpr uint32_t kTexelBindings = 5;
constexpr uint32_t kSetsAPool = 64;
}  // namespace

Pipelines::Pipelines(Device& device, const std::filesystem::path& cache_folder) : device_(device), cache_(device, cache_folder) {
  const auto& api = device_.api();
  std::array<VkDescriptorSetLayoutBinding, kTexelBindings> bindings{};
  for (uint32_t i = 0; i < kTexelBindings; ++i)
    bindings[i] = {.binding = i,
                   .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                   .descriptorCount = 1,
                   .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
  VkDescriptorSetLayoutCreateInfo set_info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                           .bindingCount = kTexelBindings,
                                           .pBindings = bindings.data()};
  check(api.vkCreateDescriptorSetLayout(device_.handle(), &set_info, nullptr, &texel_layout_),
        "vkCreateDescriptorSetLayout");
  VkPushConstantRange range{.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .offset = 0, .size = kPushConstantBytes};
  VkPipelineLayoutCreateInfo info{.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                  .pushConstantRangeCount = 1,
                                  .pPushConstantRanges = &range};
  check(api.vkCreatePipelineLayout(device_.handle(), &info, nullptr, &plain_), "vkCreatePipelineLayout");
  info.setLayoutCount = 1;
  info.pSetLayouts = &texel_layout_;
  check(api.vkCreatePipelineLayout(device_.handle(), &info, nullptr, &texels_), "vkCreatePipelineLayout");
}

Pipelines::~Pipelines() {
  const auto& api = device_.api();
  if (!pipelines_.empty()) cache_.save();
  for (const auto& [key, pipeline] : pipelines_) api.vkDestroyPipeline(device_.handle(), pipeline.handle, nullptr);
  for (const auto& [key, view] : views_) api.vkDestroyBufferView(device_.handle(), view, nullptr);
  for (VkDescriptorPool pool : pools_) api.vkDestroyDescriptorPool(device_.handle(), pool, nullptr);
  api.vkDestroyPipelineLayout(device_.handle(), plain_, nullptr);
  api.vkDestroyPipelineLayout(device_.handle(), texels_, nullptr);
  api.vkDestroyDescriptorSetLayout(device_.handle(), texel_layout_, nullptr);
}

const Pipeline& Pipelines::get(const PipelineKey& key) {
  if (const auto found = pipelines_.find(key); found != pipelines_.end()) return found->second;
  const auto& api = device_.api();
  const auto words = shader_words(key.shader);
  VkShaderModuleCreateInfo module_info{
      .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = words.size_bytes(), .pCode = words.data()};
  VkShaderModule module = VK_NULL_HANDLE;
  check(api.vkCreateShaderModule(device_.handle(), &module_info, nullptr, &module), "vkCreateShaderModule");
  std::vector<VkSpecializationMapEntry> entries;
  for (uint32_t i = 0; i < key.constants.size(); ++i) entries.push_back({i, i * 4, 4});
  VkSpecializationInfo special{.mapEntryCount = static_cast<uint32_t>(entries.size()),
                               .pMapEntries = entries.data(),
                               .dataSize = key.constants.size() * 4,
                               .pData = key.constants.data()};
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfoEXT size{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO_EXT,
      .requiredSubgroupSize = key.subgroup_size > 0 ? key.subgroup_size : device_.profile().subgroup_size};
  Pipeline pipeline{.layout = key.shader.ends_with("_texel") ? texels_ : plain_};
  VkComputePipelineCreateInfo info{.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                   .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                             .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                             .module = module,
                                             .pName = "main",
                                             .pSpecializationInfo = &special},
                                   .layout = pipeline.layout};
  if (key.full_subgroups && device_.profile().subgroup_size_control) {
    info.stage.pNext = &size;
    info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT;
  }
  const VkResult result =
      api.vkCreateComputePipelines(device_.handle(), cache_.handle(), 1, &info, nullptr, &pipeline.handle);
  api.vkDestroyShaderModule(device_.handle(), module, nullptr);
  check(result, ("making the pipeline of shader " + key.shader).c_str());
  return pipelines_.emplace(key, pipeline).first->second;
}

VkBufferView Pipelines::view_of(const TexelBinding& binding) {
  if (const auto found = views_.find(binding); found != views_.end()) return found->second;
  VkBufferViewCreateInfo info{.sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                              .buffer = binding.block->buffer,
                              .format = binding.format,
                              .offset = 0,
                              .range = VK_WHOLE_SIZE};
  VkBufferView view = VK_NULL_HANDLE;
  check(device_.api().vkCreateBufferView(device_.handle(), &info, nullptr, &view), "vkCreateBufferView");
  return views_.emplace(binding, view).first->second;
}

VkDescriptorSet Pipelines::texel_set(const std::vector<TexelBinding>& bindings) {
  if (const auto found = sets_.find(bindings); found != sets_.end()) return found->second;
  const auto& api = device_.api();
  if (sets_left_ == 0) {
    VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, kSetsAPool * kTexelBindings};
    VkDescriptorPoolCreateInfo info{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                    .maxSets = kSetsAPool,
                                    .poolSizeCount = 1,
                                    .pPoolSizes = &size};
    VkDescriptorPool pool = VK_NULL_HANDLE;
    check(api.vkCreateDescriptorPool(device_.handle(), &info, nullptr, &pool), "vkCreateDescriptorPool");
    pools_.push_back(pool);
    sets_left_ = kSetsAPool;
  }
  VkDescriptorSetAllocateInfo allocate{.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                       .descriptorPool = pools_.back(),
                                       .descriptorSetCount = 1,
                                       .pSetLayouts = &texel_layout_};
  VkDescriptorSet set = VK_NULL_HANDLE;
  check(api.vkAllocateDescriptorSets(device_.handle(), &allocate, &set), "vkAllocateDescriptorSets");
  --sets_left_;
  std::array<VkBufferView, kTexelBindings> views{};
  std::array<VkWriteDescriptorSet, kTexelBindings> writes{};
  for (uint32_t i = 0; i < kTexelBindings; ++i) {  // drivers look at those that no kernel reads, too: the last one stands in
    views[i] = view_of(bindings[std::min<size_t>(i, bindings.size() - 1)]);
    writes[i] = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                 .dstSet = set,
                 .dstBinding = i,
                 .descriptorCount = 1,
                 .descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER,
                 .pTexelBufferView = &views[i]};
  }
  api.vkUpdateDescriptorSets(device_.handle(), kTexelBindings, writes.data(), 0, nullptr);
  return sets_.emplace(bindings, set).first->second;
}

void Pipelines::forget(const MemoryBlock* block) {
  std::erase_if(sets_, [&](const auto& entry) {
    for (const auto& binding : entry.first)
      if (binding.block == block) return true;
    return false;
  });
  std::erase_if(views_, [&](const auto& entry) {
    if (entry.first.block != block) return false;
    device_.api().vkDestroyBufferView(device_.handle(), entry.second, nullptr);
    return true;
  });
}

}  // namespace qvlm
