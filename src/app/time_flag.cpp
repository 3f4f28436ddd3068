#include "app/time_flag.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace limehook::app {
namespace {

std::tm local_calendar(WallTime at) {
  const auto seconds = static_cast<std::time_t>(to_us(at) / 1'000'000);
  std::tm calendar{};
  localtime_r(&seconds, &calendar);
  return calendar;
}

}  // namespace

WallTime wall_now() {
  return from_us(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count());
}

std::expected<std::string, std::string> read_time_flag(const std::string& flag, const std::string& text, WallTime now) {
  if (const auto at = parse_rfc3339(text)) return format_rfc3339(*at);
  if (const auto ago = parse_duration(text)) return format_rfc3339(now - *ago);
  return std::unexpected(
      fmt::format("{}: \"{}\" is not a time; expected one such as 2025-01-30T15:00:00Z, or 2h for two "
                  "hours ago",
                  flag, text));
}

std::expected<std::string, std::string> read_expiry_flag(const std::string& flag, const std::string& text,
                                                         WallTime now) {
  if (const auto at = parse_rfc3339(text)) return format_rfc3339(*at);
  if (const auto ahead = parse_duration(text)) return format_rfc3339(now + *ahead);
  return std::unexpected(fmt::format(
      "{}: \"{}\" is not a time; expected one such as 2026-01-30T15:00:00Z, or 90d for in 90 days", flag, text));
}

std::string local_time(const std::string& rfc3339, WallTime now) {
  const auto at = parse_rfc3339(rfc3339);
  if (!at) return rfc3339;
  const auto calendar = local_calendar(*at);
  const auto today = local_calendar(now);
  const bool same_day = calendar.tm_year == today.tm_year && calendar.tm_yday == today.tm_yday;
  return same_day ? fmt::format("{:%H:%M:%S}", calendar) : fmt::format("{:%Y-%m-%d %H:%M:%S}", calendar);
}

std::string local_clock(WallTime at) {
  return fmt::format("{:%H:%M:%S}.{:03}", local_calendar(at), to_us(at) / 1000 % 1000);
}

}  // namespace limehook::app
