#include "delivery/routing.hpp"

#include <algorithm>

namespace limehook::delivery {

bool matches(const Webhook& webhook, const EventDraft& event) {
  if (!webhook.enabled || !webhook.events.test(static_cast<std::size_t>(event.type))) return false;
  if (!webhook.numbers.empty()) {
    const auto listed = [&](const std::string& number) {
      return std::find(webhook.numbers.begin(), webhook.numbers.end(), number) != webhook.numbers.end();
    };
    if (std::none_of(event.numbers.begin(), event.numbers.end(), listed)) return false;
  }
  return !webhook.filter || passes(*webhook.filter, event.payload);
}

bool matches_with_team(const Webhook& webhook, const EventDraft& event) {
  return (webhook.team_id.empty() || webhook.team_id == event.team_id) && matches(webhook, event);
}

void RoutingTable::put(const WebhookPtr& webhook) {
  remove(webhook->id);
  by_id_[webhook->id] = webhook;
  ByType& types = by_team_[webhook->team_id];
  for (std::size_t type = 0; type < kEventTypeCount; ++type) {
    if (!webhook->events.test(type)) continue;
    auto& list = types[type];
    const auto at = std::upper_bound(list.begin(), list.end(), webhook->id,
                                     [](WebhookId id, const WebhookPtr& other) { return id < other->id; });
    list.insert(at, webhook);
  }
}

bool RoutingTable::remove(WebhookId id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return false;
  erase(*found->second);
  by_id_.erase(found);
  return true;
}

void RoutingTable::erase(const Webhook& webhook) {
  const auto team = by_team_.find(webhook.team_id);
  if (team == by_team_.end()) return;
  bool empty = true;
  for (auto& list : team->second) {
    std::erase_if(list, [&](const WebhookPtr& other) { return other->id == webhook.id; });
    empty = empty && list.empty();
  }
  if (empty) by_team_.erase(team);
}

void RoutingTable::match(const EventDraft& event, std::vector<WebhookPtr>& out) const {
  const auto collect = [&](const std::string& team_id) {
    const auto team = by_team_.find(team_id);
    if (team == by_team_.end()) return;
    for (const WebhookPtr& webhook : team->second[static_cast<std::size_t>(event.type)]) {
      if (matches(*webhook, event)) out.push_back(webhook);
    }
  };
  if (!event.team_id.empty()) collect(event.team_id);
  collect("");
}

bool RoutingTable::concerns(const std::string& team_id, EventType type) const {
  const auto has = [&](const std::string& id) {
    const auto team = by_team_.find(id);
    return team != by_team_.end() && !team->second[static_cast<std::size_t>(type)].empty();
  };
  return !by_id_.empty() && (has("") || has(team_id));
}

}  // namespace limehook::delivery
