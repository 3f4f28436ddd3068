#pragma once
// The circuit breaker of one target (spec, section 4): after a number of failures in a row nothing is sent for a pause,
// then one probe at a time; the first success ends it, each failed probe makes the pause longer. A plain value.

#include <algorithm>
#include <utility>

#include "base/time.hpp"

namespace limehook::delivery {

struct BreakerOptions {
  int failures_max = 10;
  Duration pause_first = std::chrono::seconds(1);
  Duration pause_max = std::chrono::minutes(1);
};

enum class BreakerState : std::uint8_t {
  Closed,    // everything may be sent
  Open,      // nothing before probe_at()
  HalfOpen,  // a probe is under way
};

class Breaker {
 public:
  Breaker() = default;
  // As it was in an earlier process. `pause`: of an open one, the pause that ends at `probe_at`; 0: it was closed.
  Breaker(int failures, Duration pause, MonotonicTime opened_at, MonotonicTime probe_at)
      : state_(pause > Duration(0) ? BreakerState::Open : BreakerState::Closed),
        failures_(failures),
        pause_(pause),
        probe_at_(probe_at),
        opened_at_(opened_at) {}

  BreakerState state() const { return state_; }
  int failures_in_a_row() const { return failures_; }
  MonotonicTime probe_at() const { return probe_at_; }    // while Open
  MonotonicTime opened_at() const { return opened_at_; }  // while not Closed
  Duration pause() const { return pause_; }               // likewise: the last one

  // An attempt starts. Not before probe_at(), and with nothing else under way, unless it is Closed.
  void started() {
    if (state_ == BreakerState::Open) state_ = BreakerState::HalfOpen;
  }
  // The probe came to nothing that says anything about the receiver.
  void aborted() {
    if (state_ == BreakerState::HalfOpen) state_ = BreakerState::Open;
  }
  // Answers whether it closed with this.
  bool succeeded() {
    failures_ = 0;
    return std::exchange(state_, BreakerState::Closed) != BreakerState::Closed;
  }
  // Answers whether it opened with this.
  bool failed(MonotonicTime now, const BreakerOptions& options) {
    failures_ = std::min(failures_ + 1, kFailuresCounted);
    if (state_ == BreakerState::Open) return false;  // it was under way when the breaker opened
    const bool opens = state_ == BreakerState::Closed && failures_ >= options.failures_max;
    if (state_ == BreakerState::Closed && !opens) return false;
    if (opens) opened_at_ = now;
    pause_ = opens ? options.pause_first : std::min(pause_ * 2, options.pause_max);
    probe_at_ = now + pause_;
    state_ = BreakerState::Open;
    return opens;
  }
  // A person wants to know now.
  void hasten(MonotonicTime now) { probe_at_ = std::min(probe_at_, now); }

 private:
  static constexpr int kFailuresCounted = 1'000'000;
  BreakerState state_ = BreakerState::Closed;
  int failures_ = 0;
  Duration pause_{};
  MonotonicTime probe_at_{};
  MonotonicTime opened_at_{};
};

}  // namespace limehook::delivery
