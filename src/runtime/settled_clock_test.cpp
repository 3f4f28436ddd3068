#include "runtime/settled_clock.hpp"

#include <gtest/gtest.h>

namespace limehook::runtime {
namespace {

using namespace std::chrono_literals;

// A clock whose two parts can be moved apart.
struct Clock {
  Now now{MonotonicTime(5h), WallTime(std::chrono::hours(24 * 365 * 56))};
  SettledClock settled;

  // So much time passes, and the clock is set by `step`; answers how far the settled time is behind the wall clock.
  Duration after(Duration passed, Duration step = 0s) {
    now.mono += passed;
    now.wall += passed + step;
    return now.wall - settled.at(now);
  }
};

// Goal: nothing is taken for old because of a clock that was set forward for less than an hour.
TEST(SettledClock, DoubtsAStepForwardForAnHour) {
  Clock clock;
  EXPECT_EQ(clock.after(1s), 0s);
  EXPECT_EQ(clock.settled.take_step(), std::nullopt);
  EXPECT_EQ(clock.after(1s, 24h), 24h);
  EXPECT_EQ(clock.settled.take_step(), 24h);
  EXPECT_EQ(clock.after(30min), 24h);
  EXPECT_EQ(clock.settled.take_step(), std::nullopt);
  EXPECT_EQ(clock.after(1s, 24h), 48h);  // the hour begins anew
  EXPECT_EQ(clock.after(59min), 48h);
  EXPECT_EQ(clock.after(2min), 0s);
}

TEST(SettledClock, FollowsAClockThatComesBack) {
  Clock clock;
  clock.after(1s);
  EXPECT_EQ(clock.after(1s, 24h), 24h);
  EXPECT_EQ(clock.after(1min, -24h), 0s);
  EXPECT_EQ(clock.settled.take_step(), -24h);
}

TEST(SettledClock, FollowsStepsBackAndCorrections) {
  Clock clock;
  clock.after(1s);
  EXPECT_EQ(clock.after(1s, -24h), 0s);
  EXPECT_EQ(clock.settled.take_step(), -24h);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(clock.after(1min, 2s), 0s);
  EXPECT_EQ(clock.settled.take_step(), std::nullopt);
}

}  // namespace
}  // namespace limehook::runtime
