#include "api/request_rate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace limehook::api {
namespace {

using namespace std::chrono_literals;

const MonotonicTime kStart{1h};

int count_until_refused(RequestRate& rate, std::string_view caller, MonotonicTime now) {
  int counted = 0;
  while (counted < 1000 && !rate.count(caller, now)) ++counted;
  return counted;
}

// Goal: a burst passes, then the rate holds, and what was refused is not counted.
TEST(RequestRate, LetsBurstsPassAndThenHoldsTheRate) {
  RequestRate rate(10, 5);
  EXPECT_EQ(count_until_refused(rate, "a", kStart), 5);
  EXPECT_EQ(rate.count("a", kStart), 100ms);
  EXPECT_EQ(rate.count("a", kStart + 99ms), 1ms);
  EXPECT_EQ(count_until_refused(rate, "a", kStart + 100ms), 1);
  EXPECT_EQ(count_until_refused(rate, "a", kStart + 350ms), 2);
  EXPECT_EQ(count_until_refused(rate, "a", kStart + 1h), 5) << "a long rest makes no larger burst";
}

TEST(RequestRate, HoldsCallersApart) {
  RequestRate rate(10, 1);
  EXPECT_FALSE(rate.count("a", kStart));
  EXPECT_TRUE(rate.exhausted("a", kStart));
  EXPECT_FALSE(rate.exhausted("b", kStart));
  EXPECT_FALSE(rate.count("b", kStart));
  EXPECT_FALSE(rate.exhausted("a", kStart + 100ms));
}

// Goal: callers beyond number cost no memory and harm nobody. Method: a flood of them, then one who has made no
// request.
TEST(RequestRate, ForgetsRatherThanGrows) {
  RequestRate rate(1, 1);
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(rate.count(std::to_string(i), kStart)) << i;
  EXPECT_FALSE(rate.count("somebody", kStart));
}

// Goal: who is far beyond the limit is not forgotten for those who are not.
TEST(RequestRate, RemembersWhoOwesMost) {
  RequestRate rate(1, 100);
  count_until_refused(rate, "greedy", kStart);
  for (int i = 0; i < 100'000; ++i) rate.count(std::to_string(i), kStart);
  EXPECT_TRUE(rate.exhausted("greedy", kStart));
}

}  // namespace
}  // namespace limehook::api
