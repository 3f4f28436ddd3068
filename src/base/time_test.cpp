#include "base/time.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace limehook {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kThreePm = 1'738'249'200'000'000;  // 2025-01-30T15:00:00Z

TEST(Rfc3339, ReadsValidTexts) {
  // Goal: every form of RFC 3339, section 5.6, names the right instant.
  struct Case {
    std::string_view text;
    std::int64_t us;
  };
  for (const auto& [text, us] : std::initializer_list<Case>{
           {"2025-01-30T15:00:00Z", kThreePm},
           {"2025-01-30t15:00:00z", kThreePm},
           {"2025-01-30 15:00:00Z", kThreePm},
           {"2025-01-30T15:00:00+00:00", kThreePm},
           {"2025-01-30T15:00:00-00:00", kThreePm},
           {"2025-01-30T16:30:00+01:30", kThreePm},
           {"2025-01-30T07:00:00-08:00", kThreePm},
           {"2025-01-31T14:59:00+23:59", kThreePm},
           {"2025-01-30T15:00:00.5Z", kThreePm + 500'000},
           {"2025-01-30T15:00:00.000001Z", kThreePm + 1},
           {"2025-01-30T15:00:00.123456789Z", kThreePm + 123'456},
           {"1970-01-01T00:00:00Z", 0},
           {"1969-12-31T23:59:59Z", -1'000'000},
           {"2024-02-29T00:00:00Z", 1'709'164'800'000'000},
           {"2016-12-31T23:59:60Z", 1'483'228'799'999'999},
           {"2016-12-31T23:59:60.5Z", 1'483'228'799'999'999},
       }) {
    const auto parsed = parse_rfc3339(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_us(*parsed), us) << text;
  }
}

TEST(Rfc3339, RefusesTheRest) {
  // Goal: other forms and dates that do not exist are refused, not guessed at.
  for (const std::string_view text : {
           "",
           "2025-01-30",
           "15:00:00Z",
           "2025-01-30T15:00:00",
           "2025-01-30T15:00Z",
           "2025-1-30T15:00:00Z",
           "2025-01-30T15:00:00ZZ",
           " 2025-01-30T15:00:00Z",
           "2025-01-30T15:00:00Z ",
           "2025-01-30T15:00:00.Z",
           "2025-01-30T15:00:00.1234567890Z",
           "2025-02-29T00:00:00Z",
           "0000-01-01T00:00:00+00:01",
           "9999-12-31T23:59:59-00:01",
           "2025-04-31T00:00:00Z",
           "2025-13-01T00:00:00Z",
           "2025-00-01T00:00:00Z",
           "2025-01-00T00:00:00Z",
           "2025-01-30T24:00:00Z",
           "2025-01-30T15:60:00Z",
           "2025-01-30T15:00:61Z",
           "2025-01-30T15:00:00+24:00",
           "2025-01-30T15:00:00+01:60",
           "2025-01-30T15:00:00+0100",
           "2025-01-30T15:00:00+01",
           "+2025-01-30T15:00:00Z",
           "2025-01-30T15:00:00,5Z",
           "Thu, 30 Jan 2025 15:00:00 GMT",
       }) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, FormatsInUtcWithMillisecondsWhereNeeded) {
  // Goal: one form out, which reads back to the same millisecond.
  EXPECT_EQ(format_rfc3339(from_us(kThreePm)), "2025-01-30T15:00:00Z");
  EXPECT_EQ(format_rfc3339(from_us(kThreePm + 7'000)), "2025-01-30T15:00:00.007Z");
  EXPECT_EQ(format_rfc3339(from_us(kThreePm + 999)), "2025-01-30T15:00:00Z");
  EXPECT_EQ(format_rfc3339(from_us(0)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(from_us(-1'000)), "1969-12-31T23:59:59.999Z");
  for (std::int64_t day = -30'000; day < 60'000; day += 97) {
    const auto time = from_us(day * 86'400'000'000 + 45'296'789'000);
    EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time);
  }
}

TEST(Rfc3339, FormatsAnyTime) {
  // Goal: times out of damaged files are shown as the nearest that can be, and overflow nothing.
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(format_rfc3339(from_us(kMost)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(from_us(-kMost - 1)), "0000-01-01T00:00:00Z");
}

// Goal: the three forms of RFC 9110 section 5.6.7 are read, with the examples that are there.
TEST(HttpDate, ReadsTheThreeForms) {
  const auto now = *parse_rfc3339("1994-11-01T00:00:00Z");
  const auto expected = parse_rfc3339("1994-11-06T08:49:37Z");
  for (const std::string_view text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text, now), expected) << text;
  }
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), parse_rfc3339("1994-11-16T08:49:37Z"));
  EXPECT_EQ(parse_http_date("Thu, 30 Jan 2025 15:00:00 GMT", now), from_us(kThreePm));
  EXPECT_EQ(parse_http_date("Saturday, 31-Dec-94 23:59:60 GMT", now), parse_rfc3339("1994-12-31T23:59:60Z"));
}

// Goal: a year of two digits that seems to be more than 50 years ahead was in the past.
TEST(HttpDate, FindsTheCenturyOfTwoDigits) {
  const auto read = [](std::string_view text, std::string_view now) {
    return parse_http_date(text, *parse_rfc3339(now));
  };
  EXPECT_EQ(read("Friday, 30-Jan-26 15:00:00 GMT", "2025-01-30T15:00:00Z"), parse_rfc3339("2026-01-30T15:00:00Z"));
  EXPECT_EQ(read("Wednesday, 30-Jan-75 15:00:00 GMT", "2025-01-30T15:00:00Z"), parse_rfc3339("2075-01-30T15:00:00Z"));
  EXPECT_EQ(read("Friday, 31-Jan-75 15:00:00 GMT", "2025-01-30T15:00:00Z"), parse_rfc3339("1975-01-31T15:00:00Z"));
  EXPECT_EQ(read("Thursday, 30-Jan-76 15:00:00 GMT", "2025-01-30T15:00:00Z"), parse_rfc3339("1976-01-30T15:00:00Z"));
  EXPECT_EQ(read("Sunday, 06-Nov-94 08:49:37 GMT", "2025-01-30T15:00:00Z"), parse_rfc3339("1994-11-06T08:49:37Z"));
  EXPECT_EQ(read("Friday, 01-Jan-00 00:00:10 GMT", "2099-12-31T23:59:59Z"), parse_rfc3339("2100-01-01T00:00:10Z"));
  // 2100 has no 29 February, 2000 has one.
  EXPECT_EQ(read("Tuesday, 29-Feb-00 00:00:00 GMT", "2099-12-31T23:59:59Z"), parse_rfc3339("2000-02-29T00:00:00Z"));
}

// Goal: what only looks like one of them is none: other letters, other spaces, dates that do not exist.
TEST(HttpDate, RefusesTheRest) {
  for (const std::string_view text : {"",
                                      "Thu, 30 Jan 2025 15:00:00 UTC",
                                      "Thu, 31 Feb 2025 15:00:00 GMT",
                                      "Thu, 30 Foo 2025 15:00:00 GMT",
                                      "Thu, 30 Jan 2025 15:00:00 GMT ",
                                      "Thu,30 Jan 2025 15:00:00 GMT",
                                      "Thu, 3 Jan 2025 15:00:00 GMT",
                                      "Thu, 30 Jan 2025 25:00:00 GMT",
                                      "Thu, ",
                                      "Xyz, 30 Jan 2025 15:00:00 GMT",
                                      "thu, 30 Jan 2025 15:00:00 GMT",
                                      "Thu, 30 jan 2025 15:00:00 GMT",
                                      "Thu, 30 Jan 2025 15:00:00 gmt",
                                      "Thu, 30-Jan-25 15:00:00 GMT",
                                      "Thursday, 30 Jan 2025 15:00:00 GMT",
                                      "Thursday, 30-Jan-2025 15:00:00 GMT",
                                      "Thursday, 30-Jan-25 15:00:00",
                                      "Thursday, 31-Feb-25 15:00:00 GMT",
                                      "Someday, 30-Jan-25 15:00:00 GMT",
                                      "Thu Jan 30 15:00:00 2025 GMT",
                                      "Thu Jan 30 15:00:00 25",
                                      "Thu Jan 3 15:00:00 2025",
                                      "Thu Jan 03  15:00:00 2025",
                                      "Thu Jan  30 15:00:00 2025",
                                      "Thursday Jan 30 15:00:00 2025",
                                      ",",
                                      "Thu",
                                      "2025-01-30T15:00:00Z"}) {
    EXPECT_FALSE(parse_http_date(text, from_us(kThreePm))) << text;
  }
}

TEST(Durations, AreReadInEveryUnit) {
  // Goal: what flags and configuration files may say.
  struct Case {
    std::string_view text;
    Duration duration;
  };
  for (const auto& [text, duration] : std::initializer_list<Case>{{"90", 90s},
                                                                  {"0", 0s},
                                                                  {"90s", 90s},
                                                                  {"1m", 60s},
                                                                  {"1h30m", 90min},
                                                                  {"250ms", 250ms},
                                                                  {"7d", 168h},
                                                                  {"1d2h3m4s5ms", 26h + 3min + 4s + 5ms}}) {
    EXPECT_EQ(parse_duration(text), duration) << text;
  }
}

TEST(Durations, RefuseTheRest) {
  // Goal: a typing mistake is an error, not another duration.
  for (const std::string_view text : {"", "s", "-1s", "1.5s", "1 m", " 1m", "1m ", "1x", "1m30", "1M", "1S", "m1",
                                      "99999999999999999999s", "36501d", "36500d1ms", "999999999999999999d", "+1s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Durations, AreShownInTheirLargestUnit) {
  // Goal: what is shown is short and reads back to the same duration.
  struct Case {
    Duration duration;
    std::string_view text;
  };
  for (const auto& [duration, text] : std::initializer_list<Case>{{0s, "0s"},
                                                                  {1s, "1s"},
                                                                  {90s, "90s"},
                                                                  {60s, "1m"},
                                                                  {5400s, "90m"},
                                                                  {7200s, "2h"},
                                                                  {24h, "1d"},
                                                                  {250ms, "250ms"},
                                                                  {1500ms, "1500ms"}}) {
    EXPECT_EQ(format_duration(duration), text);
    EXPECT_EQ(parse_duration(text), duration);
  }
}

}  // namespace
}  // namespace limehook
