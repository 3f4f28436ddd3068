#include "api/request_rate.hpp"

#include <algorithm>
#include <functional>

namespace limehook::api {

RequestRate::RequestRate(double per_second, int burst)
    : interval_(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / per_second))),
      tolerance_(interval_ * (burst - 1)) {}

std::optional<Duration> RequestRate::wait_of(MonotonicTime even_at, MonotonicTime now) const {
  if (even_at <= now + tolerance_) return std::nullopt;
  return even_at - tolerance_ - now;
}

std::optional<Duration> RequestRate::count(std::string_view caller, MonotonicTime now) {
  const std::size_t hash = std::hash<std::string_view>{}(caller);
  Set& set = sets_[hash % kSets];
  auto account = std::ranges::find(set, hash, &Account::hash);
  if (account == set.end()) {
    account = std::ranges::min_element(set, {}, &Account::even_at);
    *account = {hash, now};
  }
  if (const auto wait = wait_of(account->even_at, now)) return wait;
  account->even_at = std::max(account->even_at, now) + interval_;
  return std::nullopt;
}

bool RequestRate::exhausted(std::string_view caller, MonotonicTime now) const {
  const std::size_t hash = std::hash<std::string_view>{}(caller);
  const Set& set = sets_[hash % kSets];
  const auto account = std::ranges::find(set, hash, &Account::hash);
  return account != set.end() && wait_of(account->even_at, now).has_value();
}

}  // namespace limehook::api
