#pragma once
// Bounds how many attempts may have begun a moment ago and still wait for their answers.
//
// More requests than a fast receiver can take up at once only make it slower: they lie in its queue while its and our
// memory for each of them goes cold (measured on two cores: 20 % more deliveries a second with 128 than with 1,600 in
// flight). A slow receiver is not held up: an attempt counts for two ticks at most.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace limehook::http_client {

// One thread.
class StartWindow {
 public:
  static constexpr Duration kTick = std::chrono::milliseconds(1);
  static constexpr std::size_t kStartsMax = 128;

  // May another attempt begin at `now`?
  bool is_open(MonotonicTime now) {
    advance(tick_of(now));
    return young_[0] + young_[1] < kStartsMax;
  }
  // `started` is not before the `now` of the last is_open().
  void started(MonotonicTime started) {
    advance(tick_of(started));
    ++young_[parity(tick_)];
  }
  void ended(MonotonicTime started) {
    const auto tick = tick_of(started);
    if (tick + 1 >= tick_) --young_[parity(tick)];
  }

 private:
  static std::int64_t tick_of(MonotonicTime t) { return t.time_since_epoch() / kTick; }
  static std::size_t parity(std::int64_t tick) { return static_cast<std::size_t>(tick) % 2; }

  void advance(std::int64_t tick) {
    if (tick == tick_) return;
    if (tick > tick_ + 1) young_[parity(tick_)] = 0;
    young_[parity(tick)] = 0;
    tick_ = tick;
  }

  std::array<std::size_t, 2> young_{};  // attempts of the last two ticks that still wait
  std::int64_t tick_ = 0;
};

}  // namespace limehook::http_client
