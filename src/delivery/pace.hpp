#pragma once
// Spreads attempts evenly over time (GCRA, the virtual scheduling form of ITU-T I.371): no burst but what makes up for
// a timer that was late. A plain value.

#include <algorithm>
#include <optional>

#include "base/time.hpp"

namespace limehook::delivery {

class Pace {
 public:
  // Attempts per second; nothing: any number.
  void limit(std::optional<double> rate) {
    const Duration interval =
        rate ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / *rate)) : Duration(0);
    if (next_ != MonotonicTime::min()) next_ += interval - interval_;  // counted from the last start
    if (interval == Duration(0)) next_ = MonotonicTime::min();
    interval_ = interval;
  }
  // Nothing starts before this.
  MonotonicTime next() const { return std::max(next_, rest_); }
  void started(MonotonicTime now) {
    if (interval_ > Duration(0)) next_ = std::max(next_, now - kLateness) + interval_;
  }
  // The receiver asked for a rest.
  void rest_until(MonotonicTime at) { rest_ = std::max(rest_, at); }
  // A person does not want to wait for the end of the rest.
  void end_rest() { rest_ = MonotonicTime::min(); }

 private:
  static constexpr Duration kLateness = std::chrono::milliseconds(10);
  Duration interval_{};
  MonotonicTime next_ = MonotonicTime::min();
  MonotonicTime rest_ = MonotonicTime::min();
};

}  // namespace limehook::delivery
