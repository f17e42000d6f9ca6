// The training clock.
#include "app/demo/train_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <numbers>

namespace qvlm::demo {

TrainClock::TrainClock(double minutes, std::filesystem::path log) : minutes_(minutes), log_(std::move(log)) {}

double TrainClock::seconds() const {
  return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

double TrainClock::rate(int64_t step, int64_t warm) const {
  const double rise = std::min(1.0, static_cast<double>(step + 1) / static_cast<double>(warm));
  const double fall = 0.5 * (1 + std::cos(std::numbers::pi * std::clamp(progress(), 0.0, 1.0)));
  return rise * std::max(fall, 0.005);
}

bool TrainClock::due(double& last, double period) const {
  if (seconds() - last < period) return false;
  last = seconds();
  return true;
}

void TrainClock::say(const std::string& line) const {
  const std::string text = fmt::format("{:7.1f} min  {}\n", seconds() / 60, line);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  std::ofstream(log_, std::ios::app) << text;
}

}  // namespace qvlm::demo
