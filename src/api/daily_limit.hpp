#pragma once
// How many things of a kind somebody may order in a day: e-mails of a team, for instance. In memory only: a restart
// begins anew. Not thread-safe.

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.hpp"

namespace limehook::api {

class DailyLimit {
 public:
  // `keys_max`: for so many keys it counts at once; others are refused meanwhile.
  explicit DailyLimit(int most, std::size_t keys_max = 100'000);

  // Counts one more for `key`; false when it has had all of its day, which begins with the first.
  bool take(std::string_view key, MonotonicTime now);
  // Has `key` anything left? Counts nothing.
  bool has_left(std::string_view key, MonotonicTime now) const;

 private:
  struct Day {
    MonotonicTime since{};
    int taken = 0;
  };
  void forget_ended(MonotonicTime now);

  int most_;
  std::size_t keys_max_;
  std::unordered_map<std::string, Day> days_;
};

}  // namespace limehook::api
