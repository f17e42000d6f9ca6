// Reads and writes the driver's pipeline data, with a hash and the driver's own header checked first: drivers differ in how they take rubbish.
#include "gpu/pipeline_cache.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/hash.h"

namespace qvlm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "qvlm pipelines 1\n";
constexpr size_t kHashDigits = 32;
constexpr size_t kMost = size_t{256} << 20;  // bytes; a larger file is not ours

VkPhysicalDeviceProperties properties_of(const DeviceProfile& profile) {
  VkPhysicalDeviceProperties properties{};
  vkGetPhysicalDeviceProperties(profile.physical, &properties);
  return properties;
}

// The driver's data in a file of ours; nothing where the file is absent, cut, changed, or of another device or driver.
std::string read_data(const fs::path& path, const VkPhysicalDeviceProperties& device) {
  std::error_code problem;
  if (const auto size = fs::file_size(path, problem); problem || size > kMost) return {};
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!text.starts_with(kMagic) || text.size() < kMagic.size() + kHashDigits) return {};
  const std::string hash = text.substr(kMagic.size(), kHashDigits);
  std::string data = text.substr(kMagic.size() + kHashDigits);
  if (hash128_hex(std::as_bytes(std::span(data))) != hash) return {};
  VkPipelineCacheHeaderVersionOne header{};
  if (data.size() < sizeof header) return {};
  std::memcpy(&header, data.data(), sizeof header);
  const bool same = header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE && header.vendorID == device.vendorID &&
                    header.deviceID == device.deviceID &&
                    std::memcmp(header.pipelineCacheUUID, device.pipelineCacheUUID, VK_UUID_SIZE) == 0;
  return same ? data : std::string();
}

}  // namespace

fs::path PipelineCache::file_in(const fs::path& folder, const DeviceProfile& profile) {
  const VkPhysicalDeviceProperties p = properties_of(profile);
  std::string key(reinterpret_cast<const char*>(p.pipelineCacheUUID), VK_UUID_SIZE);
  for (const uint32_t part : {p.vendorID, p.deviceID, p.driverVersion}) key += "/" + std::to_string(part);
  return folder / ("pipelines-" + hash128_hex(std::as_bytes(std::span(key))) + ".bin");
}

PipelineCache::PipelineCache(Device& device, const fs::path& folder) : device_(device) {
  std::string data;
  if (!folder.empty()) {
    file_ = file_in(folder, device.profile());
    data = read_data(file_, properties_of(device.profile()));
  }
  const auto& api = device_.api();
  VkPipelineCacheCreateInfo info{
      .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, .initialDataSize = data.size(), .pInitialData = data.data()};
  if (!data.empty() && api.vkCreatePipelineCache(device_.handle(), &info, nullptr, &cache_) == VK_SUCCESS) {
    taken_ = data.size();
    taken_hash_ = hash128_hex(std::as_bytes(std::span(data)));
    return;
  }
  info.initialDataSize = 0;
  check(api.vkCreatePipelineCache(device_.handle(), &info, nullptr, &cache_), "vkCreatePipelineCache");
}

PipelineCache::~PipelineCache() { device_.api().vkDestroyPipelineCache(device_.handle(), cache_, nullptr); }

void PipelineCache::save() const {
  if (file_.empty()) return;
  const auto& api = device_.api();
  size_t size = 0;
  if (api.vkGetPipelineCacheData(device_.handle(), cache_, &size, nullptr) != VK_SUCCESS || size > kMost) return;
  std::string data(size, '\0');
  if (api.vkGetPipelineCacheData(device_.handle(), cache_, &size, data.data()) != VK_SUCCESS) return;
  data.resize(size);
  const std::string hash = hash128_hex(std::as_bytes(std::span(data)));
  if (hash == taken_hash_) return;
  const std::string text = std::string(kMagic) + hash + data;
  try {
    fs::create_directories(file_.parent_path());
    write_scratch_file(file_, std::as_bytes(std::span(text)));
  } catch (const std::exception&) {  // the next start compiles again
  }
}

}  // namespace qvlm
