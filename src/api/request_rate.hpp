#pragma once
// How many requests per second a caller may make (GCRA, the virtual scheduling form of ITU-T I.371), for any number of
// callers in bounded memory. Pure: time is passed in; one thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace limehook::api {

class RequestRate {
 public:
  // `per_second` above 0, `burst` at least 1: so many at once, which are then made up for.
  RequestRate(double per_second, int burst);

  // Counts one request of `caller`. Answers how long to wait instead when there were too many; that one is not counted.
  std::optional<Duration> count(std::string_view caller, MonotonicTime now);
  // Would count() refuse?
  bool exhausted(std::string_view caller, MonotonicTime now) const;

 private:
  // A caller is remembered in one of the places of its set, by hash, until his account is even again. When a set is
  // full, the one who is nearest to that is forgotten: too many callers make the limit softer, never harder.
  struct Account {
    std::size_t hash = 0;
    MonotonicTime even_at = MonotonicTime::min();
  };
  static constexpr std::size_t kSets = 2048;  // 128 KiB in all
  using Set = std::array<Account, 4>;

  std::optional<Duration> wait_of(MonotonicTime even_at, MonotonicTime now) const;

  Duration interval_;
  Duration tolerance_;
  std::vector<Set> sets_{kSets};
};

}  // namespace limehook::api
