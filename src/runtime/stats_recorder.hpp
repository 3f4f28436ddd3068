#pragma once
// Counts attempts into the buckets of model/stats.hpp until they are stored. One thread.

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "delivery/messages.hpp"
#include "model/stats.hpp"

namespace limehook::runtime {

class StatsRecorder {
 public:
  void add(const delivery::AttemptObserved& observed);
  // A delivery failed at `at` without a further attempt.
  void add_failed(WebhookId webhook, WallTime at);
  // Everything counted since the last call.
  std::vector<StatsBucket> take();
  // Merges what is not stored yet into `buckets` (ascending by start) where it belongs.
  void merge_into(std::vector<StatsBucket>& buckets, std::span<const WebhookId> webhooks, WallTime since,
                  WallTime until) const;

 private:
  std::map<std::pair<WebhookId, WallTime>, StatsCounts> buckets_;
};

}  // namespace limehook::runtime
