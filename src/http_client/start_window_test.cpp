#include "http_client/start_window.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

// Starts attempts until the window closes; answers how many.
std::size_t fill(StartWindow& window) {
  std::size_t started = 0;
  for (; window.is_open(); ++started) window.started();
  return started;
}

TEST(StartWindow, ClosesWhenThatManyWait) {
  // Goal: so many may begin at once; each that ends makes room for one.
  StartWindow window;
  const auto generation = window.started();
  EXPECT_EQ(fill(window), StartWindow::kStartsMax - 1);
  window.ended(generation);
  window.ended(generation);
  EXPECT_EQ(fill(window), 2U);
}

TEST(StartWindow, ForgetsThoseThatTakeTheirTime) {
  // Goal: receivers that take their time do not hold others up, and their late answers are not counted as room.
  StartWindow window;
  const auto slow = window.started();
  fill(window);
  window.forget();
  EXPECT_EQ(fill(window), StartWindow::kStartsMax);
  window.ended(slow);
  EXPECT_FALSE(window.is_open());
}

}  // namespace
}  // namespace limehook::http_client
