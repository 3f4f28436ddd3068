#include "api/daily_limit.hpp"

namespace limehook::api {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

}  // namespace

DailyLimit::DailyLimit(int most, std::size_t keys_max) : most_(most), keys_max_(keys_max) {}

bool DailyLimit::take(std::string_view key, MonotonicTime now) {
  if (!has_left(key, now)) return false;
  if (days_.size() >= keys_max_ && !days_.contains(std::string(key))) {
    forget_ended(now);
    if (days_.size() >= keys_max_) return false;
  }
  Day& day = days_[std::string(key)];
  if (day.taken == 0 || now - day.since >= kDay) day = {now, 0};
  ++day.taken;
  return true;
}

bool DailyLimit::has_left(std::string_view key, MonotonicTime now) const {
  const auto found = days_.find(std::string(key));
  return found == days_.end() || now - found->second.since >= kDay || found->second.taken < most_;
}

void DailyLimit::forget_ended(MonotonicTime now) {
  std::erase_if(days_, [&](const auto& entry) { return now - entry.second.since >= kDay; });
}

}  // namespace limehook::api
