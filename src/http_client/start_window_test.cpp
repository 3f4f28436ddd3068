#include "http_client/start_window.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

constexpr MonotonicTime at(int ticks) { return MonotonicTime(ticks * StartWindow::kTick); }

// Starts attempts at `now` until the window closes; answers how many.
std::size_t fill(StartWindow& window, MonotonicTime now) {
  std::size_t started = 0;
  for (; window.is_open(now); ++started) window.started(now);
  return started;
}

TEST(StartWindow, ClosesWhenThatManyWait) {
  // Goal: so many may begin at once; each that ends makes room for one.
  StartWindow window;
  EXPECT_EQ(fill(window, at(10)), StartWindow::kStartsMax);
  window.ended(at(10));
  window.ended(at(10));
  EXPECT_EQ(fill(window, at(10)), 2U);
  EXPECT_EQ(fill(window, at(11)), 0U);
}

TEST(StartWindow, ForgetsWhatWaitsForLonger) {
  // Goal: receivers that take their time do not hold others up, and their late answers are not counted as room.
  StartWindow window;
  fill(window, at(10));
  EXPECT_EQ(fill(window, at(12)), StartWindow::kStartsMax);
  window.ended(at(10));
  EXPECT_FALSE(window.is_open(at(12)));
  EXPECT_EQ(fill(window, at(1000)), StartWindow::kStartsMax);
}

TEST(StartWindow, CountsTheLastTwoTicks) {
  // Goal: a tick's attempts count in the next one too.
  StartWindow window;
  for (int i = 0; i < 10; ++i) window.started(at(5));
  EXPECT_EQ(fill(window, at(6)), StartWindow::kStartsMax - 10);
  window.ended(at(5));
  EXPECT_EQ(fill(window, at(6)), 1U);
  EXPECT_EQ(fill(window, at(7)), 9U) << "the first tick's are forgotten";
}

}  // namespace
}  // namespace limehook::http_client
