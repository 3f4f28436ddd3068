#include "api/daily_limit.hpp"

#include <gtest/gtest.h>

namespace limehook::api {
namespace {

using std::chrono::hours;

// Goal: a key gets so many a day, whatever others get; its next day begins a day after its first.
TEST(DailyLimit, CountsByKeyAndDay) {
  DailyLimit limit(2);
  MonotonicTime now{hours(5)};
  EXPECT_TRUE(limit.take("a", now));
  EXPECT_TRUE(limit.take("a", now + hours(23)));
  EXPECT_FALSE(limit.take("a", now + hours(23)));
  EXPECT_TRUE(limit.take("b", now + hours(23)));
  EXPECT_TRUE(limit.has_left("a", now + hours(24)));
  EXPECT_TRUE(limit.take("a", now + hours(24)));
  EXPECT_TRUE(limit.take("a", now + hours(24)));
  EXPECT_FALSE(limit.take("a", now + hours(24)));
}

// Goal: it is bounded; what has ended makes room.
TEST(DailyLimit, HoldsSoManyKeys) {
  DailyLimit limit(1, 2);
  MonotonicTime now{hours(5)};
  EXPECT_TRUE(limit.take("a", now));
  EXPECT_TRUE(limit.take("b", now + hours(1)));
  EXPECT_FALSE(limit.take("c", now + hours(2)));
  EXPECT_TRUE(limit.take("c", now + hours(24)));
  EXPECT_FALSE(limit.take("b", now + hours(24)));
}

}  // namespace
}  // namespace limehook::api
