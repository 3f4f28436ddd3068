#include "runtime/stats_recorder.hpp"

#include <algorithm>

namespace limehook::runtime {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kHour = std::chrono::hours(1);

void count(StatsCounts& counts, const delivery::AttemptObserved& observed) {
  ++counts.attempts;
  if (observed.attempt.acknowledged()) counts.latency.add(observed.attempt.duration);
  else ++counts.attempts_failed;
  if (observed.status == DeliveryStatus::Delivered) ++counts.delivered;
  if (observed.status == DeliveryStatus::Failed) ++counts.failed;
}

}  // namespace

void StatsRecorder::add(const delivery::AttemptObserved& observed) {
  if (observed.test) return;
  count(minutes_[{observed.webhook->id, bucket_start(observed.attempt.started_at, kMinute)}], observed);
}

void StatsRecorder::add_failed(WebhookId webhook, WallTime at) {
  ++minutes_[{webhook, bucket_start(at, kMinute)}].failed;
}

std::vector<StatsBucket> StatsRecorder::take() {
  std::vector<StatsBucket> taken;
  taken.reserve(2 * minutes_.size() + 2);
  StatsSeries installation;
  for (const auto& [key, counts] : minutes_) {
    const auto& [webhook, start] = key;
    const StatsBucket hour{webhook, kHour, bucket_start(start, kHour), counts};
    // A webhook's minutes follow one another.
    if (!taken.empty() && taken.back().webhook == webhook && taken.back().start == hour.start) {
      taken.back().counts.merge(counts);
    } else {
      taken.push_back(hour);
    }
    installation[start].merge(counts);
  }
  for (const auto& [key, counts] : minutes_) taken.push_back({key.first, kMinute, key.second, counts});
  for (const auto& [start, counts] : installation) taken.push_back({{}, kMinute, start, counts});
  minutes_.clear();
  return taken;
}

void StatsRecorder::merge_into(StatsSeries& series, std::span<const WebhookId> webhooks, Duration width, WallTime since,
                               WallTime until) const {
  for (const auto& [key, counts] : minutes_) {
    const auto& [webhook, minute] = key;
    const WallTime start = bucket_start(minute, width);
    const bool wanted = webhooks.empty() || std::ranges::binary_search(webhooks, webhook);
    if (wanted && start >= since && start < until) series[start].merge(counts);
  }
}

}  // namespace limehook::runtime
