#include "http_client/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace limehook::http_client {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonotonicTime kStart{std::chrono::hours(1)};
constexpr std::size_t kAll = 1'000'000;

struct Item final : DeadlineWheel::Item {
  explicit Item(std::function<void()> action) : on_time(std::move(action)) {}
  void on_deadline(MonotonicTime) override { on_time(); }
  std::function<void()> on_time;
};

struct Alarm final : DeadlineWheel::Item {
  int rung = 0;
  void on_deadline(MonotonicTime) override { ++rung; }
};

TEST(DeadlineWheel, RingsOnceAtMostATickLate) {
  DeadlineWheel wheel;
  const MonotonicTime start{hours(5)};
  Alarm near, far, dropped;
  wheel.schedule(near, start + milliseconds(50), start);
  wheel.schedule(far, start + seconds(61), start);  // rounds away
  wheel.schedule(dropped, start + milliseconds(50), start);
  wheel.drop(dropped);
  MonotonicTime rang_near{}, rang_far{};
  for (auto now = start; now <= start + seconds(70); now += DeadlineWheel::kTick) {
    wheel.advance(now);
    wheel.expire(now, kAll);
    if (near.rung == 1 && rang_near == MonotonicTime{}) rang_near = now;
    if (far.rung == 1 && rang_far == MonotonicTime{}) rang_far = now;
  }
  EXPECT_EQ(near.rung, 1);
  EXPECT_EQ(far.rung, 1);
  EXPECT_EQ(dropped.rung, 0);
  EXPECT_GE(rang_near, start + milliseconds(50));
  EXPECT_LE(rang_near, start + milliseconds(50) + 2 * DeadlineWheel::kTick);
  EXPECT_GE(rang_far, start + seconds(61));
  EXPECT_LE(rang_far, start + seconds(61) + 2 * DeadlineWheel::kTick);
  EXPECT_TRUE(wheel.empty());
}

TEST(DeadlineWheel, TakesAPastDeadlineALongPauseAndAMove) {
  DeadlineWheel wheel;
  const MonotonicTime start{hours(5)};
  Alarm past, paused, moved;
  wheel.schedule(past, start - seconds(1), start);
  wheel.schedule(paused, start + seconds(3), start);
  wheel.schedule(moved, start + seconds(3), start);
  wheel.schedule(moved, start + hours(2), start);
  wheel.advance(start + DeadlineWheel::kTick);
  wheel.expire(start + DeadlineWheel::kTick, kAll);
  EXPECT_EQ(past.rung, 1);
  wheel.advance(start + hours(1));
  wheel.expire(start + hours(1), kAll);
  EXPECT_EQ(paused.rung, 1);
  EXPECT_EQ(moved.rung, 0);
  wheel.drop(moved);
  EXPECT_TRUE(wheel.empty());
}

// Goal: a storm of deadlines is worked off in slices of the size that was asked for, in any number of turns.
TEST(DeadlineWheel, WorksOffAStormInSlices) {
  DeadlineWheel wheel;
  std::size_t told = 0;
  std::deque<Item> items;
  for (int i = 0; i < 800; ++i) {
    wheel.schedule(items.emplace_back([&] { ++told; }), kStart + milliseconds(50), kStart);
  }
  const auto later = kStart + milliseconds(200);
  wheel.advance(later);
  EXPECT_EQ(told, 0u) << "finding out what is due does nothing about it";
  for (std::size_t turn = 1; turn < 200; ++turn) {
    EXPECT_TRUE(wheel.expire(later, 4));
    ASSERT_EQ(told, turn * 4);
  }
  EXPECT_FALSE(wheel.expire(later, 4));
  EXPECT_EQ(told, 800u);
  EXPECT_TRUE(wheel.empty());
}

// Goal: what is due and waits for its turn can still be dropped, or get another deadline.
TEST(DeadlineWheel, LetsGoOfWhatIsDue) {
  DeadlineWheel wheel;
  std::string told;
  Item first([&] { told += "first "; });
  Item dropped([&] { told += "dropped "; });
  Item moved([&] { told += "moved "; });
  for (auto* item : {&first, &dropped, &moved}) wheel.schedule(*item, kStart, kStart);
  const auto later = kStart + milliseconds(100);
  wheel.advance(later);
  EXPECT_TRUE(wheel.expire(later, 1));
  wheel.drop(dropped);
  wheel.schedule(moved, later + milliseconds(100), later);
  EXPECT_FALSE(wheel.expire(later, kAll));
  EXPECT_EQ(told, "first ");
  wheel.advance(later + milliseconds(200));
  wheel.expire(later + milliseconds(200), kAll);
  EXPECT_EQ(told, "first moved ");
  EXPECT_TRUE(wheel.empty());
}

}  // namespace
}  // namespace limehook::http_client
