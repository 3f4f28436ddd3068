#pragma once
// Counts attempts until they are stored: into minutes of webhooks only, of which the other buckets of model/stats.hpp
// are made when they are taken or asked for. One thread.

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
  // Everything counted since the last call: minutes and hours of webhooks, minutes of the installation.
  std::vector<StatsBucket> take();
  // Adds what has not been taken yet to what Store::list_stats() has answered to the same question. `webhooks`:
  // ascending.
  void merge_into(StatsSeries& series, std::span<const WebhookId> webhooks, Duration width, WallTime since,
                  WallTime until) const;

 private:
  std::map<std::pair<WebhookId, WallTime>, StatsCounts> minutes_;
};

}  // namespace limehook::runtime
