#include "runtime/stats_recorder.hpp"

#include <algorithm>

namespace limehook::runtime {
namespace {

WallTime start_of(WallTime at, Duration width) { return WallTime(at.time_since_epoch() / width * width); }

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
  const WallTime at = observed.attempt.started_at;
  count(buckets_[{observed.webhook->id, start_of(at, std::chrono::hours(1))}], observed);
  count(buckets_[{WebhookId{}, start_of(at, std::chrono::minutes(1))}], observed);
}

void StatsRecorder::add_failed(WebhookId webhook, WallTime at) {
  ++buckets_[{webhook, start_of(at, std::chrono::hours(1))}].failed;
  ++buckets_[{WebhookId{}, start_of(at, std::chrono::minutes(1))}].failed;
}

std::vector<StatsBucket> StatsRecorder::take() {
  std::vector<StatsBucket> taken;
  taken.reserve(buckets_.size());
  for (const auto& [key, counts] : buckets_) taken.push_back({key.first, key.second, counts});
  buckets_.clear();
  return taken;
}

void StatsRecorder::merge_into(std::vector<StatsBucket>& buckets, std::span<const WebhookId> webhooks, WallTime since,
                               WallTime until) const {
  for (const auto& [key, counts] : buckets_) {
    const auto& [webhook, start] = key;
    const bool wanted = webhooks.empty() ? !webhook : std::ranges::find(webhooks, webhook) != webhooks.end();
    if (!wanted || start < since || start >= until) continue;
    const auto same =
        std::ranges::find_if(buckets, [&](const StatsBucket& b) { return b.webhook == webhook && b.start == start; });
    if (same != buckets.end()) same->counts.merge(counts);
    else buckets.push_back({webhook, start, counts});
  }
  std::ranges::sort(buckets, {}, &StatsBucket::start);
}

}  // namespace limehook::runtime
