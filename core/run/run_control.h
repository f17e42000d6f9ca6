// What a listener may tell a running quantization: pause, cancel, take another partition. Polled by the run between steps.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/run/partition.h"

namespace qvlm {

/// Holds at most one partition: a later one replaces an earlier one that was not taken yet. Thread-safe.
class PartitionMailbox {
 public:
  void put(Partition partition) {
    const std::lock_guard lock(mutex_);
    partition_ = std::move(partition);
  }
  std::optional<Partition> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(partition_, std::nullopt);
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return !partition_.has_value();
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Partition> partition_;
};

/// Shared between the run's thread and whoever steers it.
struct RunControl {
  std::atomic<bool> pause = false;
  std::stop_token stop;
  PartitionMailbox partition;
};

}  // namespace qvlm
