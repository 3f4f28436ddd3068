#include "base/decimal.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/characters.hpp"

namespace limehook {
namespace {

// Goal: one value in all its spellings is one, whatever its size.
TEST(Decimal, SpellingsOfOneValueAreEqual) {
  for (const auto& [a, b] : {std::pair{"12", "12.0"},
                             {"12", "1.2e1"},
                             {"12", "0.12E+2"},
                             {"12", "1200e-2"},
                             {"0", "-0"},
                             {"0", "0e999"},
                             {"0", "-0.000"},
                             {"0.1", "1e-1"},
                             {"100", "1e2"},
                             {"-1.50", "-15e-1"},
                             {"1e-400", "0.1e-399"},
                             {"1e400", "10e399"},
                             {"123456789012345678901234567890", "1.2345678901234567890123456789e29"}}) {
    EXPECT_EQ(Decimal(a), Decimal(b)) << a << " " << b;
    EXPECT_EQ(Decimal(b), Decimal(a)) << a << " " << b;
  }
}

// Goal: neighbours that floating point cannot tell apart are told apart, and in the right order.
TEST(Decimal, OrdersExactly) {
  const char* const ascending[] = {"-1e400",
                                   "-12.5",
                                   "-12",
                                   "-1",
                                   "-1e-400",
                                   "0",
                                   "1e-401",
                                   "1e-400",
                                   "0.1",
                                   "0.10000000000000000000000001",
                                   "0.9",
                                   "1",
                                   "1.0000000000000000000001",
                                   "9",
                                   "10",
                                   "11",
                                   "9007199254740992.9",
                                   "9007199254740993",
                                   "9007199254740993.5",
                                   "9007199254740994",
                                   "123456789012345678901234567890",
                                   "123456789012345678901234567891",
                                   "1e400",
                                   "1e99999999999999999999"};
  for (const char* const* a = std::begin(ascending); a != std::end(ascending); ++a) {
    for (const char* const* b = std::begin(ascending); b != std::end(ascending); ++b) {
      EXPECT_EQ(Decimal(*a) <=> Decimal(*b), a <=> b) << *a << " " << *b;
    }
  }
}

TEST(Decimal, KnowsWholeNumbers) {
  for (const char* whole : {"0", "-0", "12", "12.0", "1.2e1", "1200e-2", "1e400", "-3"}) {
    EXPECT_TRUE(Decimal(whole).is_whole()) << whole;
  }
  for (const char* broken : {"0.5", "12.01", "1e-1", "125e-1", "1e-400"}) {
    EXPECT_FALSE(Decimal(broken).is_whole()) << broken;
  }
}

// Goal: an integer is one in every spelling that JSON Schema takes, to the ends of 64 bits and no further.
TEST(Decimal, ReadsIntegers) {
  EXPECT_EQ(integer_of("12"), 12);
  EXPECT_EQ(integer_of("12.0"), 12);
  EXPECT_EQ(integer_of("1.2e1"), 12);
  EXPECT_EQ(integer_of("3600.000"), 3600);
  EXPECT_EQ(integer_of("-0"), 0);
  EXPECT_EQ(integer_of("-0.0e5"), 0);
  EXPECT_EQ(integer_of("-12e2"), -1200);
  EXPECT_EQ(integer_of("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(integer_of("-9223372036854775808.0"), INT64_MIN);
  for (const char* none : {"9223372036854775808", "1e19", "1e400", "0.5", "12.000000000000000000000000001", "1e-1",
                           "1e99999999999999999999"}) {
    EXPECT_EQ(integer_of(none), std::nullopt) << none;
  }
}

// Goal: a number of a quarter of a million digits is compared with a short one without a walk through it for each.
TEST(Decimal, TakesNumbersOfAnyLength) {
  const std::string nines(250'000, '9');
  const Decimal large(nines);
  EXPECT_GT(large, Decimal("1e249999"));
  EXPECT_LT(large, Decimal("1e250000"));
  EXPECT_LT(large, Decimal(nines + "." + nines));
  EXPECT_EQ(Decimal("1" + std::string(250'000, '0')), Decimal("1e250000"));
}

TEST(Characters, AreCodePoints) {
  EXPECT_EQ(characters_in(""), 0);
  EXPECT_EQ(characters_in("abc"), 3);
  EXPECT_EQ(characters_in("\u00E9\u6F22\U0001F600"), 3);
}

}  // namespace
}  // namespace limehook
