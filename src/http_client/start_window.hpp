#pragma once
// Bounds how many attempts wait for fast receivers at a time.
//
// More requests than a fast receiver can take up only make it slower: they lie in its queue while its and our memory
// for each of them goes cold (docs/performance.md). So no more than kStartsMax begin while answers keep coming. Slow
// receivers are not held up: when the event loop has had nothing to do for kQuiet, those that wait count no longer.

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace limehook::http_client {

// One thread.
class StartWindow {
 public:
  static constexpr Duration kQuiet = std::chrono::milliseconds(1);
  static constexpr std::size_t kStartsMax = 64;
  using Generation = std::uint32_t;  // of the attempts that count

  bool is_open() const { return waiting_ < kStartsMax; }
  Generation started() {
    ++waiting_;
    return generation_;
  }
  // `generation` is what started() gave.
  void ended(Generation generation) {
    if (generation == generation_) --waiting_;
  }
  // It has been quiet for kQuiet.
  void forget() {
    waiting_ = 0;
    ++generation_;
  }

 private:
  std::size_t waiting_ = 0;
  Generation generation_ = 0;
};

}  // namespace limehook::http_client
