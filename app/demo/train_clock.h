// Elapsed training time, across interruptions, and what hangs on it: the learning rate, when to save and to evaluate, the log.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace qvlm::demo {

class TrainClock {
 public:
  TrainClock(double minutes, std::filesystem::path log);
  /// Continues after `seconds` of earlier training.
  void resume_at(double seconds) { before_ = seconds; }
  double seconds() const;                                       // trained so far
  double progress() const { return seconds() / (minutes_ * 60); }  // 1 at the end
  bool over() const { return progress() >= 1; }
  /// Warm-up over `warm` steps, then a cosine to zero at the end of the planned time. A factor of the peak rate.
  double rate(int64_t step, int64_t warm) const;
  /// True once every `period` seconds (of the timer given).
  bool due(double& last, double period) const;
  /// Prints a line, with the time trained, and appends it to the log.
  void say(const std::string& line) const;

 private:
  double minutes_ = 0, before_ = 0;
  std::filesystem::path log_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace qvlm::demo
