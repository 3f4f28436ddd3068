#pragma once
// The only place outside the sockets where the product reads a clock.

#include <chrono>

#include "base/time.hpp"

namespace limehook::runtime {

inline Now now() {
  return {MonotonicTime(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())),
          WallTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()))};
}

}  // namespace limehook::runtime
