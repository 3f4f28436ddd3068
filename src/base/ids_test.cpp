#include "base/ids.hpp"

#include <gtest/gtest.h>

#include <set>
#include <unordered_set>

namespace limehook {
namespace {

constexpr std::int64_t kNowUs = 1'738'249'200'000'000;  // 2025-01-30T15:00:00Z

WallTime at_ms(std::int64_t ms) { return from_us(kNowUs + ms * 1000); }

TEST(Ids, RoundTripThroughText) {
  // Goal: the text form is lossless, prefixed and of fixed length.
  for (const std::int64_t value : {std::int64_t{1}, std::int64_t{31}, std::int64_t{32}, std::int64_t{1} << 62,
                                   std::numeric_limits<std::int64_t>::max()}) {
    const EventId id{value};
    EXPECT_EQ(id.str().size(), 4u + 13u);
    EXPECT_TRUE(id.str().starts_with("evt_"));
    EXPECT_EQ(EventId::parse(id.str()), id);
  }
}

TEST(Ids, TextSortsLikeTheNumber) {
  // Goal: callers may sort ids as texts. Method: neighbours of powers of two.
  for (int bit = 1; bit < 62; ++bit) {
    const std::int64_t value = std::int64_t{1} << bit;
    EXPECT_LT(DeliveryId{value - 1}.str(), DeliveryId{value}.str());
    EXPECT_LT(DeliveryId{value}.str(), DeliveryId{value + 1}.str());
  }
}

TEST(Ids, ParseRefusesWhatEncodeDoesNotMake) {
  // Goal: exactly one text per id, so that ids can be compared as texts.
  const std::string good = EventId{123456789}.str();
  ASSERT_TRUE(EventId::parse(good));
  for (const std::string& bad : {
           std::string(),
           std::string("evt_"),
           good.substr(1),
           good + "0",
           good.substr(0, good.size() - 1),
           "wh_" + good.substr(4),
           "EVT_" + good.substr(4),
           std::string("evt_0000000000000"),
           std::string("evt_000000000000i"),
           std::string("evt_000000000000u"),
           std::string("evt_000000000000A"),
           std::string("evt_zzzzzzzzzzzzz"),
           std::string("evt_-000000000001"),
       }) {
    EXPECT_FALSE(EventId::parse(bad)) << bad;
  }
}

TEST(Ids, AttemptsAreNamedAfterTheirDelivery) {
  // Goal: the public name of an attempt is stable.
  EXPECT_EQ(attempt_id(DeliveryId{1}, 3), "att_0000000000001_3");
}

TEST(Ids, CarryTheirTimeToTheMillisecond) {
  // Goal: a time range is a key range.
  IdGenerator ids;
  const auto id = ids.next(at_ms(7));
  EXPECT_EQ(id_time(id), at_ms(7));
  EXPECT_GE(id, first_id_at(at_ms(7)));
  EXPECT_LT(id, first_id_at(at_ms(8)));
  EXPECT_EQ(first_id_at(at_ms(7) + Duration(999)), first_id_at(at_ms(7)));
}

TEST(Ids, TimesBeforeTheEpochOfIdsAreTheSmallestIds) {
  // Goal: a `since` of long ago covers everything instead of wrapping round.
  EXPECT_EQ(first_id_at(from_us(0)), 0);
  EXPECT_GT(IdGenerator().next(from_us(0)), 0);
}

TEST(IdGenerator, GrowsWithinOneMillisecond) {
  // Goal: ids of one millisecond ascend.
  IdGenerator ids;
  auto last = ids.next(at_ms(0));
  for (int i = 0; i < 1000; ++i) {
    const auto id = ids.next(at_ms(0));
    EXPECT_EQ(id, last + 1);
    last = id;
  }
}

TEST(IdGenerator, GrowsWhenTheClockStepsBack) {
  // Goal: a clock set back by an hour does not make ids that sort before older ones.
  IdGenerator ids;
  const auto before = ids.next(at_ms(3'600'000));
  EXPECT_EQ(ids.next(at_ms(0)), before + 1);
}

TEST(IdGenerator, GoesOnAfterTheLastOneStored) {
  // Goal: a restart with a clock that was set back makes no id twice.
  const auto last = IdGenerator().next(at_ms(3'600'000));
  EXPECT_GT(IdGenerator(last).next(at_ms(0)), last);
}

TEST(IdGenerator, SpillsIntoFollowingMilliseconds) {
  // Goal: a million ids at one moment ascend, stay in their partition and keep roughly their time.
  constexpr int kPartition = 5;
  constexpr int kCount = 1'000'000;
  IdGenerator ids(0, kPartition);
  std::int64_t last = 0;
  for (int i = 0; i < kCount; ++i) {
    const auto id = ids.next(at_ms(0));
    ASSERT_GT(id, last);
    ASSERT_EQ(id >> 14 & 0xFF, kPartition);
    last = id;
  }
  EXPECT_EQ(id_time(last), at_ms((kCount - 1) / (1 << 14)));
}

TEST(IdGenerator, PartitionsNeverMeet) {
  // Goal: two nodes at the same moment make different ids. Method: enough ids each to overrun the counter.
  std::unordered_set<std::int64_t> seen;
  for (const int partition : {0, 1, 255}) {
    IdGenerator ids(0, partition);
    for (int i = 0; i < 20'000; ++i) EXPECT_TRUE(seen.insert(ids.next(at_ms(0))).second);
  }
}

TEST(IdGenerator, LeavesAnotherPartitionsLastIdBehind) {
  // Goal: `last` may come from another partition; the next id is larger and in the own partition.
  const auto last = IdGenerator(0, 9).next(at_ms(0));
  for (const int partition : {0, 9, 200}) {
    const auto id = IdGenerator(last, partition).next(at_ms(0));
    EXPECT_GT(id, last);
    EXPECT_EQ(id >> 14 & 0xFF, partition);
  }
}

TEST(Ids, HashSpreadsNeighbours) {
  // Goal: ids of one burst do not fall into few buckets of a table of 1024.
  std::set<std::size_t> buckets;
  for (std::int64_t i = 0; i < 1024; ++i) buckets.insert(std::hash<EventId>{}(EventId{(kNowUs << 10) + i}) % 1024);
  EXPECT_GT(buckets.size(), 512u);
}

// Goal: times beyond what an id can hold bound a range instead of wrapping around.
TEST(Ids, ClampsFarTimes) {
  const WallTime now = *parse_rfc3339("2026-01-01T00:00:00Z");
  EXPECT_GT(first_id_at(*parse_rfc3339("2100-01-01T00:00:00Z")), first_id_at(now));
  EXPECT_GT(first_id_at(*parse_rfc3339("9999-12-31T23:59:59Z")), first_id_at(now));
  EXPECT_EQ(first_id_at(*parse_rfc3339("1970-01-01T00:00:00Z")), 0);
}

}  // namespace
}  // namespace limehook
