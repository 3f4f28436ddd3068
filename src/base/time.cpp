#include "base/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace limehook {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// What four digits of a year can say.
constexpr WallTime kYear0{std::chrono::sys_days(std::chrono::year(0) / 1 / 1).time_since_epoch()};
constexpr WallTime kYear10000{std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1).time_since_epoch()};

// Reads fixed-width fields from the front of a text; any mismatch makes the whole read invalid.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  int digits(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) return fail();
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  void expect(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) {
      fail();
    } else {
      rest_.remove_prefix(1);
    }
  }
  void expect_text(std::string_view text) {
    if (!rest_.starts_with(text)) {
      fail();
    } else {
      rest_.remove_prefix(text.size());
    }
  }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  bool at_end() const { return valid_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  int fail() {
    valid_ = false;
    return 0;
  }
  std::string_view rest_;
  bool valid_ = true;
};

std::optional<WallTime> from_civil(int year, int month, int day, int hour, int minute, int second, Duration fraction) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  if (second == 60) {
    second = 59;
    fraction = Duration(999'999);
  }
  const auto since_epoch = std::chrono::sys_days(date).time_since_epoch();
  return WallTime(since_epoch + hours(hour) + minutes(minute) + seconds(second) + fraction);
}

std::optional<Duration> unit_named(std::string_view name) {
  if (name == "ms") return milliseconds(1);
  if (name == "s") return seconds(1);
  if (name == "m") return minutes(1);
  if (name == "h") return hours(1);
  if (name == "d") return days(1);
  return std::nullopt;
}

Duration read_fraction(Cursor& in) {
  Duration fraction{0};
  int unit = 100'000;
  int count = 0;
  while (in.peek() >= '0' && in.peek() <= '9' && count < 9) {
    fraction += Duration(in.digits(1) * unit);
    unit /= 10;
    ++count;
  }
  if (count == 0) in.expect("");  // a point needs a digit
  return fraction;
}

constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};

// Which weekday it is, is not checked against the date: a sender that is wrong about it still means the date.
void expect_weekday(Cursor& in, bool whole) {
  for (const auto name : kWeekdays) {
    const auto wanted = whole ? name : name.substr(0, 3);
    if (in.rest().starts_with(wanted)) return in.expect_text(wanted);
  }
  in.expect("");
}

int read_month(Cursor& in) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (!in.rest().starts_with(kMonths[i])) continue;
    in.expect_text(kMonths[i]);
    return static_cast<int>(i) + 1;
  }
  in.expect("");
  return 0;
}

struct TimeOfDay {
  int hour = 0, minute = 0, second = 0;
};

TimeOfDay read_time_of_day(Cursor& in) {
  TimeOfDay time;
  time.hour = in.digits(2);
  in.expect(":");
  time.minute = in.digits(2);
  in.expect(":");
  time.second = in.digits(2);
  return time;
}

std::optional<WallTime> date_at_end(const Cursor& in, int year, int month, int day, TimeOfDay time) {
  if (!in.at_end()) return std::nullopt;
  return from_civil(year, month, day, time.hour, time.minute, time.second, Duration(0));
}

std::optional<WallTime> read_imf_fixdate(std::string_view text) {  // "Sun, 06 Nov 1994 08:49:37 GMT"
  Cursor in(text);
  expect_weekday(in, false);
  in.expect_text(", ");
  const int day = in.digits(2);
  in.expect(" ");
  const int month = read_month(in);
  in.expect(" ");
  const int year = in.digits(4);
  in.expect(" ");
  const auto time = read_time_of_day(in);
  in.expect_text(" GMT");
  return date_at_end(in, year, month, day, time);
}

std::optional<WallTime> read_rfc850(std::string_view text, WallTime now) {  // "Sunday, 06-Nov-94 08:49:37 GMT"
  Cursor in(text);
  expect_weekday(in, true);
  in.expect_text(", ");
  const int day = in.digits(2);
  in.expect("-");
  const int month = read_month(in);
  in.expect("-");
  const int year = in.digits(2);
  in.expect(" ");
  const auto time = read_time_of_day(in);
  in.expect_text(" GMT");
  // The century is the one that leaves the date at most 50 years ahead; of several, the latest.
  const std::chrono::year_month_day today{std::chrono::floor<days>(std::chrono::sys_time(now.time_since_epoch()))};
  const int this_year = static_cast<int>(today.year());
  const std::chrono::year_month_day latest_day = today + std::chrono::years(50);
  const int next_century = this_year - this_year % 100 + 100;
  for (const int century : {next_century, next_century - 100, next_century - 200}) {
    const auto date = date_at_end(in, century + year, month, day, time);
    if (!date) continue;  // 29 February, in a year that has none
    const std::chrono::year_month_day that_day{
        std::chrono::floor<days>(std::chrono::sys_time(date->time_since_epoch()))};
    if (that_day <= latest_day) return date;
  }
  return std::nullopt;
}

std::optional<WallTime> read_asctime(std::string_view text) {  // "Sun Nov  6 08:49:37 1994"
  Cursor in(text);
  expect_weekday(in, false);
  in.expect(" ");
  const int month = read_month(in);
  in.expect(" ");
  const bool one_digit = in.peek() == ' ';
  if (one_digit) in.expect(" ");
  const int day = in.digits(one_digit ? 1 : 2);
  in.expect(" ");
  const auto time = read_time_of_day(in);
  in.expect(" ");
  const int year = in.digits(4);
  return date_at_end(in, year, month, day, time);
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Cursor in(text);
  const int year = in.digits(4);
  in.expect("-");
  const int month = in.digits(2);
  in.expect("-");
  const int day = in.digits(2);
  in.expect("Tt ");
  const int hour = in.digits(2);
  in.expect(":");
  const int minute = in.digits(2);
  in.expect(":");
  const int second = in.digits(2);
  Duration fraction{0};
  if (in.peek() == '.') {
    in.expect(".");
    fraction = read_fraction(in);
  }
  minutes offset{0};
  if (const char sign = in.peek(); sign == '+' || sign == '-') {
    in.expect("+-");
    const int offset_hours = in.digits(2);
    in.expect(":");
    const int offset_minutes = in.digits(2);
    if (offset_hours > 23 || offset_minutes > 59) return std::nullopt;
    offset = hours(offset_hours) + minutes(offset_minutes);
    if (sign == '-') offset = -offset;
  } else {
    in.expect("Zz");
  }
  if (!in.at_end()) return std::nullopt;
  const auto local = from_civil(year, month, day, hour, minute, second, fraction);
  if (!local) return std::nullopt;
  const WallTime time = *local - offset;
  return kYear0 <= time && time < kYear10000 ? std::optional(time) : std::nullopt;
}

std::string format_rfc3339(WallTime t) {
  t = std::clamp(t, kYear0, kYear10000 - Duration(1));  // others come out of damaged files only
  const auto day = std::chrono::floor<days>(t.time_since_epoch());
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const auto ms = std::chrono::floor<milliseconds>(t.time_since_epoch() - day).count();
  std::array<char, 80> buffer;
  int size = std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                           static_cast<int>(ms / 3'600'000), static_cast<int>(ms / 60'000 % 60),
                           static_cast<int>(ms / 1000 % 60));
  std::string out(buffer.data(), static_cast<std::size_t>(size));
  if (ms % 1000 != 0) {
    size = std::snprintf(buffer.data(), buffer.size(), ".%03d", static_cast<int>(ms % 1000));
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return out + "Z";
}

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
  if (const auto comma = text.find(','); comma == std::string_view::npos) return read_asctime(text);
  else if (comma == 3) return read_imf_fixdate(text);
  return read_rfc850(text, now);
}

std::optional<Duration> parse_duration(std::string_view text) {
  constexpr Duration kLongest = days(36'500);
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    return parse_duration(std::string(text) + "s");
  }
  if (text.empty()) return std::nullopt;
  Duration total{0};
  while (!text.empty()) {
    std::int64_t amount = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (ec != std::errc() || amount < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto unit_size = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const auto unit = unit_named(text.substr(0, unit_size));
    text.remove_prefix(unit_size);
    if (!unit || amount > (kLongest - total) / *unit) return std::nullopt;
    total += amount * *unit;
  }
  return total;
}

std::string format_duration(Duration d) {
  const auto ms = std::chrono::duration_cast<milliseconds>(d).count();
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  const auto s = ms / 1000;
  if (s != 0 && s % 86'400 == 0) return std::to_string(s / 86'400) + "d";
  if (s != 0 && s % 3600 == 0) return std::to_string(s / 3600) + "h";
  if (s != 0 && s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

}  // namespace limehook
