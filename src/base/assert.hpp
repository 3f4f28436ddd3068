#pragma once
// Assertions stay on in release builds: a broken invariant ends the process, and restart is the recovery path.
// They never judge outside input.

#include <cstdio>
#include <cstdlib>

namespace limehook {

[[noreturn]] inline void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "limehook: broken invariant: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace limehook

#define LIMEHOOK_ASSERT(expression) \
  ((expression) ? void(0) : ::limehook::assertion_failed(#expression, __FILE__, __LINE__))
