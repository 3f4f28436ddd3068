#include "base/prng.hpp"

#include <gtest/gtest.h>

#include <array>

namespace limehook {
namespace {

TEST(Prng, GivesTheReferenceSequence) {
  // Goal: one seed gives the same run everywhere. Method: the published first values of SplitMix64 for seed 1234567.
  Prng prng(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317ULL, 3203168211198807973ULL, 9817491932198370423ULL, 4593380528125082431ULL}) {
    EXPECT_EQ(prng.next(), expected);
  }
}

TEST(Prng, StaysWithinBounds) {
  // Goal: both ends of a range come up and nothing beyond them does.
  Prng prng(7);
  std::array<int, 5> counts{};
  for (int i = 0; i < 5000; ++i) {
    const auto value = prng.between(-2, 2);
    ASSERT_GE(value, -2);
    ASSERT_LE(value, 2);
    ++counts[static_cast<std::size_t>(value + 2)];
  }
  for (const int count : counts) EXPECT_GT(count, 800);
  EXPECT_EQ(prng.below(1), 0u);
}

TEST(Prng, ChanceFollowsItsProbability) {
  // Goal: 0 never, 1 always, a quarter about a quarter of the time.
  Prng prng(11);
  int quarter = 0;
  for (int i = 0; i < 4000; ++i) {
    ASSERT_FALSE(prng.chance(0));
    ASSERT_TRUE(prng.chance(1));
    quarter += prng.chance(0.25);
  }
  EXPECT_NEAR(quarter, 1000, 150);
}

TEST(Prng, SplitIsIndependent) {
  // Goal: an extra draw from a split generator does not shift its parent.
  Prng first(3);
  Prng second(3);
  Prng child = first.split();
  second.split();
  child.next();
  EXPECT_EQ(first.next(), second.next());
}

}  // namespace
}  // namespace limehook
