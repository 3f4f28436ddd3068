#include "delivery/lanes.hpp"

#include <gtest/gtest.h>

namespace limehook::delivery {
namespace {

constexpr DeliveryId kOld{1};
constexpr DeliveryId kMiddle{2};
constexpr DeliveryId kYoung{3};
constexpr Lanes::Key kLane = 7;
constexpr Lanes::Key kOtherLane = 8;

Lanes lanes_with(std::initializer_list<DeliveryId> entered) {
  Lanes lanes;
  for (const DeliveryId id : entered) lanes.enter(kLane, id);
  return lanes;
}

// Goal: the oldest goes first whatever the order in which they come, and nothing goes while one runs.
TEST(Lanes, OldestFirstOneAtATime) {
  Lanes lanes = lanes_with({kYoung, kOld, kMiddle});
  for (const DeliveryId id : {kOld, kMiddle, kYoung}) {
    EXPECT_EQ(lanes.first(kLane), id);
    lanes.start(kLane, id);
    EXPECT_EQ(lanes.first(kLane), std::nullopt);
    lanes.finish(kLane);
  }
  EXPECT_EQ(lanes.first(kLane), std::nullopt);
}

// Goal: lanes do not wait for each other.
TEST(Lanes, AreIndependent) {
  Lanes lanes;
  lanes.enter(kLane, kOld);
  lanes.start(kLane, kOld);
  lanes.enter(kOtherLane, kYoung);
  EXPECT_EQ(lanes.first(kOtherLane), kYoung);
}

// Goal: one that comes back after its attempt stands before the younger ones again.
TEST(Lanes, ComesBackToItsPlace) {
  Lanes lanes = lanes_with({kOld, kYoung});
  lanes.start(kLane, kOld);
  lanes.finish(kLane);
  lanes.enter(kLane, kOld);
  EXPECT_EQ(lanes.first(kLane), kOld);
  EXPECT_EQ(lanes.second(kLane, kOld), kYoung);
}

// Goal: who leaves makes way, who is not there may leave too, and entering twice is entering once.
TEST(Lanes, LeavingMakesWay) {
  Lanes lanes = lanes_with({kOld, kOld, kYoung});
  lanes.leave(kLane, kMiddle);
  lanes.leave(kOtherLane, kMiddle);
  EXPECT_EQ(lanes.second(kLane, kOld), kYoung);
  EXPECT_EQ(lanes.second(kLane, kYoung), std::nullopt);
  lanes.leave(kLane, kOld);
  EXPECT_EQ(lanes.first(kLane), kYoung);
}

// Goal: when several run, because the order was asked for only then, the next one waits for the last of them.
TEST(Lanes, WaitsForAllThatRun) {
  Lanes lanes;
  lanes.start(kLane, kOld);
  lanes.start(kLane, kMiddle);
  lanes.enter(kLane, kYoung);
  lanes.finish(kLane);
  EXPECT_EQ(lanes.first(kLane), std::nullopt);
  lanes.finish(kLane);
  EXPECT_EQ(lanes.first(kLane), kYoung);
}

// Goal: of the first ones that hold others up, the oldest that the caller means is found; one alone holds up nobody.
TEST(Lanes, FindsTheOldestBlock) {
  Lanes lanes;
  const auto any = [](DeliveryId) { return true; };
  lanes.enter(kLane, kOld);
  EXPECT_EQ(lanes.oldest_block(any), std::nullopt);
  lanes.enter(kOtherLane, kMiddle);
  lanes.enter(kOtherLane, kYoung);
  EXPECT_EQ(lanes.oldest_block(any), kMiddle);
  lanes.enter(kLane, DeliveryId{9});
  EXPECT_EQ(lanes.oldest_block(any), kOld);
  EXPECT_EQ(lanes.oldest_block([](DeliveryId id) { return id != kOld; }), kMiddle);
  lanes.start(kOtherLane, kMiddle);
  EXPECT_EQ(lanes.oldest_block([](DeliveryId id) { return id != kOld; }), std::nullopt);
}

}  // namespace
}  // namespace limehook::delivery
