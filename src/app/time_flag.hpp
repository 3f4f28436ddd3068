#pragma once

#include <expected>
#include <string>

#include "base/time.hpp"

namespace limehook::app {

// The system's clock. Commands are the outermost shell, so they may read it.
WallTime wall_now();

// A point in time as a flag takes it: an RFC 3339 time, or a duration such as "2h" for so long before `now`. Answers
// it in RFC 3339, or a sentence about what is wrong with it.
std::expected<std::string, std::string> read_time_flag(const std::string& flag, const std::string& text, WallTime now);

// The same for what lies ahead: a duration is so long after `now`.
std::expected<std::string, std::string> read_expiry_flag(const std::string& flag, const std::string& text,
                                                         WallTime now);

// The local time of day of an RFC 3339 time, to the second ("15:04:05"), or to the day when it is not of today.
std::string local_time(const std::string& rfc3339, WallTime now);

// The local time of day to the millisecond.
std::string local_clock(WallTime at);

}  // namespace limehook::app
