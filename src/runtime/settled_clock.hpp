#pragma once
// The wall time to judge ages by. What is removed for its age does not come back when a clock that was wrong for a
// while is right again, so a clock that was set forward is believed only when it has stood by it for an hour.

#include <chrono>
#include <optional>
#include <utility>

#include "base/time.hpp"

namespace limehook::runtime {

// One thread; no I/O.
class SettledClock {
 public:
  static constexpr Duration kStep = std::chrono::minutes(5);  // smaller ones are corrections
  static constexpr Duration kDoubt = std::chrono::hours(1);

  // `now` must not be earlier than in the call before, by its monotonic part.
  WallTime at(Now now) {
    const Duration offset = now.wall.time_since_epoch() - now.mono.time_since_epoch();
    if (!believed_) believed_ = seen_ = offset;
    const Duration step = offset - seen_;
    seen_ = offset;
    if (step > kStep || step < -kStep) {
      step_ = step;
      doubted_since_ = now.mono;
    }
    const bool ahead = offset - *believed_ > kStep;
    if (!ahead || now.mono - doubted_since_ >= kDoubt) believed_ = offset;
    return WallTime(now.mono.time_since_epoch() + *believed_);
  }

  // By how much the clock was set before the last at(), told once. A machine that slept looks like one set forward.
  std::optional<Duration> take_step() { return std::exchange(step_, std::nullopt); }

 private:
  std::optional<Duration> believed_;  // wall time less monotonic time
  Duration seen_{};                   // likewise, in the last call
  std::optional<Duration> step_;
  MonotonicTime doubted_since_{};
};

}  // namespace limehook::runtime
