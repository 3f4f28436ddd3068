#pragma once
// The clocks of this folder.

#include "base/time.hpp"

namespace limehook::http_client {

inline MonotonicTime monotonic_now() {
  return MonotonicTime(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}
inline WallTime wall_now() {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

}  // namespace limehook::http_client
