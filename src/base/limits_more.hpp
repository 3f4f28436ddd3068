#pragma once

#include "base/limits.hpp"

namespace limehook::limits {

// Whoever waits for something must still be allowed to: looked at so often, and before each answer.
inline constexpr auto kAccessCheckInterval = 1s;
inline constexpr std::size_t kPortalsPerTeamMax = 1000;  // open ones; one more ends the oldest
inline constexpr std::size_t kAttemptsShownMax = 200;    // of one delivery, the newest
// Of answers that wait to be taken. One team or address may hold as much as is free beside it, so at most half.
inline constexpr std::size_t kAnswerBytesMax = std::size_t{128} << 20;
inline constexpr std::size_t kSmallAnswerBytes = 16 * 1024;  // an answer up to here is not counted

}  // namespace limehook::limits
