// A query pool of timestamps.
#include "gpu/timestamps.h"

#include <algorithm>
#include <cstdint>

namespace qvlm {
namespace {
constexpr uint32_t kStamps = 8192;
}

Timestamps::Timestamps(Device& device) : device_(device) {
  if (!supported(device.profile())) throw Error("the queue of " + device.profile().info.name + " has no timestamps");
  VkQueryPoolCreateInfo info{
      .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = kStamps};
  check(device.api().vkCreateQueryPool(device.handle(), &info, nullptr, &pool_), "vkCreateQueryPool");
}

Timestamps::~Timestamps() {
  device_.api().vkDestroyQueryPool(device_.handle(), pool_, nullptr);
}

void Timestamps::stamp(VkCommandBuffer commands, const std::string& kernel) {
  if (labels_.size() == kStamps) return;
  device_.api().vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool_,
                                    static_cast<uint32_t>(labels_.size()));
  labels_.push_back(kernel);
}

void Timestamps::begin(VkCommandBuffer commands) {
  if (labels_.empty()) device_.api().vkCmdResetQueryPool(commands, pool_, 0, kStamps);
  stamp(commands, "");
}

void Timestamps::end(VkCommandBuffer commands, const std::string& kernel) {
  stamp(commands, kernel);
}

std::vector<KernelTime> Timestamps::read() const {
  std::vector<uint64_t> ticks(labels_.size());
  if (ticks.empty()) return {};
  check(device_.api().vkGetQueryPoolResults(device_.handle(), pool_, 0, static_cast<uint32_t>(ticks.size()),
                                            ticks.size() * 8, ticks.data(), 8,
                                            VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
        "vkGetQueryPoolResults");
  const DeviceProfile& profile = device_.profile();
  const uint64_t mask = profile.timestamp_bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << profile.timestamp_bits) - 1;
  std::vector<KernelTime> times;
  for (size_t i = 1; i < labels_.size(); ++i) {
    if (labels_[i].empty()) continue;
    auto found = std::find_if(times.begin(), times.end(), [&](const KernelTime& t) { return t.kernel == labels_[i]; });
    if (found == times.end()) found = times.insert(times.end(), {labels_[i], 0, 0});
    found->dispatches += 1;
    found->seconds += static_cast<double>((ticks[i] - ticks[i - 1]) & mask) * profile.timestamp_nanoseconds * 1e-9;
  }
  std::stable_sort(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return times;
}

}  // namespace qvlm
