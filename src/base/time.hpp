#pragma once
// Two kinds of time that must not be mixed. Monotonic time measures; wall time is shown and stored and may
// step. Neither type can read a clock: whoever owns one passes the time in.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace limehook {

using Duration = std::chrono::microseconds;

struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
};
struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock>;  // since the Unix epoch, without leap seconds
};

using MonotonicTime = MonotonicClock::time_point;
using WallTime = WallClock::time_point;

struct Now {
  MonotonicTime mono;
  WallTime wall;
};

inline std::int64_t to_us(WallTime t) { return t.time_since_epoch().count(); }
inline WallTime from_us(std::int64_t us) { return WallTime(Duration(us)); }

// RFC 3339 date-time with any offset, at most nanosecond fractions; 60 is allowed as a second and counts as
// 59.999999. Nothing for anything else, dates that do not exist included.
std::optional<WallTime> parse_rfc3339(std::string_view text);
// "2025-01-30T15:00:00Z", with milliseconds when they are not zero.
std::string format_rfc3339(WallTime t);
// The three forms of an HTTP date that recipients must take (RFC 9110 section 5.6.7): IMF-fixdate, that of RFC 850 and
// that of asctime(). A year of two digits is the latest one that is at most 50 years after `now`. Nothing for anything
// else; letters in another case and other spaces count as something else.
std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);
// "90", "90s", "1m", "1h30m", "250ms", "7d", at most 36500 days. A bare number is seconds. Nothing for anything else.
std::optional<Duration> parse_duration(std::string_view text);
// Shortest of the forms parse_duration reads: "1m", "90s", "250ms".
std::string format_duration(Duration d);

}  // namespace limehook
