#include <gtest/gtest.h>

#include "delivery/breaker.hpp"

namespace limehook::delivery {
namespace {

using namespace std::chrono_literals;

class BreakerTest : public testing::Test {
 protected:
  bool fail() { return breaker_.failed(now_, options_); }
  void open() {
    while (!fail()) ASSERT_EQ(breaker_.state(), BreakerState::Closed);
  }
  const BreakerOptions options_;
  Breaker breaker_;
  MonotonicTime now_{1h};
};

// Goal: the tenth failure in a row opens it, and one success before that starts the count anew.
TEST_F(BreakerTest, OpensAtTheTenthFailureInARow) {
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(fail());
  EXPECT_FALSE(breaker_.succeeded());
  EXPECT_EQ(breaker_.failures_in_a_row(), 0);
  for (int i = 0; i < 9; ++i) EXPECT_FALSE(fail());
  EXPECT_EQ(breaker_.state(), BreakerState::Closed);
  EXPECT_TRUE(fail());
  EXPECT_EQ(breaker_.state(), BreakerState::Open);
  EXPECT_EQ(breaker_.failures_in_a_row(), 10);
}

// Goal: the pause is a second, doubles with each failed probe, ends at a minute, and is a second again the next time.
TEST_F(BreakerTest, PausesDoubleUpToAMinute) {
  for (int time = 0; time < 2; ++time) {
    open();
    for (const Duration pause : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
      EXPECT_EQ(breaker_.probe_at(), now_ + pause);
      now_ = breaker_.probe_at() + 3s;
      breaker_.started();
      EXPECT_EQ(breaker_.state(), BreakerState::HalfOpen);
      EXPECT_FALSE(fail());
    }
    EXPECT_TRUE(breaker_.succeeded());
    EXPECT_EQ(breaker_.state(), BreakerState::Closed);
  }
}

// Goal: what was under way when it opened neither makes the pause longer nor counts as a probe; its success closes it.
TEST_F(BreakerTest, LateEndsAreNoProbes) {
  open();
  const MonotonicTime probe_at = breaker_.probe_at();
  now_ += 500ms;
  EXPECT_FALSE(fail());
  EXPECT_EQ(breaker_.state(), BreakerState::Open);
  EXPECT_EQ(breaker_.probe_at(), probe_at);
  EXPECT_TRUE(breaker_.succeeded());
  EXPECT_EQ(breaker_.state(), BreakerState::Closed);
}

// Goal: a probe that says nothing of the receiver is made again without a longer pause, and one is no failure.
TEST_F(BreakerTest, ProbesThatSayNothingAreMadeAgain) {
  open();
  now_ = breaker_.probe_at();
  breaker_.started();
  breaker_.aborted();
  EXPECT_EQ(breaker_.state(), BreakerState::Open);
  EXPECT_LE(breaker_.probe_at(), now_);
  EXPECT_EQ(breaker_.failures_in_a_row(), 10);
  breaker_.started();
  fail();
  EXPECT_EQ(breaker_.probe_at(), now_ + 2s);
}

// Goal: a person's wish brings the probe forward and never puts it off.
TEST_F(BreakerTest, HastensTheProbe) {
  open();
  breaker_.hasten(now_ + 500ms);
  EXPECT_EQ(breaker_.probe_at(), now_ + 500ms);
  breaker_.hasten(now_ + 1h);
  EXPECT_EQ(breaker_.probe_at(), now_ + 500ms);
}

}  // namespace
}  // namespace limehook::delivery
