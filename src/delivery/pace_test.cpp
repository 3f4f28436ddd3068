#include "delivery/pace.hpp"

#include <gtest/gtest.h>

namespace limehook::delivery {
namespace {

using namespace std::chrono_literals;

class PaceTest : public testing::Test {
 protected:
  // Starts as soon as it may, so much too late; answers when.
  MonotonicTime start(Duration late = {}) {
    now_ = std::max(now_, pace_.next()) + late;
    pace_.started(now_);
    return now_;
  }
  Pace pace_;
  MonotonicTime now_{1h};
};

// Goal: without a limit everything may start at once.
TEST_F(PaceTest, NoLimitHoldsNothing) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(start(), MonotonicTime(1h));
}

// Goal: starts are evenly apart, but for the 10 ms that a late timer is allowed to be made up for, once.
TEST_F(PaceTest, SpacesStartsEvenly) {
  pace_.limit(10);
  const MonotonicTime first = start();
  MonotonicTime last = first;
  for (int i = 1; i <= 20; ++i) {
    const MonotonicTime at = start();
    EXPECT_GE(at - last, i == 1 ? 90ms : 100ms);
    EXPECT_LE(at - last, 100ms);
    last = at;
  }
}

// Goal: a timer that is a little late each time does not make the rate lower; the interval is never 10 ms shorter.
TEST_F(PaceTest, MakesUpForLateTimers) {
  pace_.limit(10);
  const MonotonicTime first = start();
  MonotonicTime last = first;
  for (int i = 0; i < 100; ++i) {
    const MonotonicTime at = start(i % 2 ? 8ms : 0ms);
    EXPECT_GE(at - last, 90ms);
    last = at;
  }
  EXPECT_LE(last - first, 100 * 100ms + 10ms);
}

// Goal: what was not used is not saved up.
TEST_F(PaceTest, NoBurstAfterIdleness) {
  pace_.limit(2);
  start();
  now_ += 1h;
  const MonotonicTime first = start();
  const MonotonicTime second = start();
  EXPECT_GE(second - first, 490ms);
  EXPECT_GE(start() - second, 500ms);
}

// Goal: a new limit counts at once; the same one again changes nothing.
TEST_F(PaceTest, NewLimitCountsAtOnce) {
  pace_.limit(0.01);
  start();
  pace_.limit(0.01);
  EXPECT_GT(pace_.next(), now_ + 80s);
  pace_.limit(10);
  EXPECT_LE(pace_.next(), now_ + 100ms);
  start();
  pace_.limit(std::nullopt);
  EXPECT_LE(pace_.next(), now_);
}

// Goal: a rest holds everything, limit or not; a shorter one asked for later does not cut it; a person can end it.
TEST_F(PaceTest, Rests) {
  pace_.rest_until(now_ + 30s);
  pace_.rest_until(now_ + 5s);
  EXPECT_EQ(pace_.next(), now_ + 30s);
  pace_.limit(10);
  EXPECT_EQ(pace_.next(), now_ + 30s);
  pace_.end_rest();
  EXPECT_LE(pace_.next(), now_);
}

}  // namespace
}  // namespace limehook::delivery
