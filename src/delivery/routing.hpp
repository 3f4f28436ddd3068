#pragma once
// Which webhooks get an event. Looked up for every accepted event, so webhooks are kept by team and event type.

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/event.hpp"
#include "model/webhook.hpp"

namespace limehook::delivery {

// Everything a webhook asks of an event but its team: enabled, event type, numbers, filter.
bool matches(const Webhook& webhook, const EventDraft& event);
// The same with the team: a webhook without one takes every team's events.
bool matches_with_team(const Webhook& webhook, const EventDraft& event);

class RoutingTable {
 public:
  // Adds or replaces. Disabled webhooks may be put; they match nothing.
  void put(const WebhookPtr& webhook);
  // False when it was not there.
  bool remove(WebhookId id);
  // Appends the matching webhooks: the team's in the order of their ids, then those for every team likewise.
  void match(const EventDraft& event, std::vector<WebhookPtr>& out) const;
  // May a webhook match events of this team and type? What match() looks at first.
  bool concerns(const std::string& team_id, EventType type) const;

 private:
  using ByType = std::array<std::vector<WebhookPtr>, kEventTypeCount>;
  void erase(const Webhook& webhook);

  std::unordered_map<std::string, ByType> by_team_;  // key "": webhooks for every team
  std::unordered_map<WebhookId, WebhookPtr> by_id_;
};

}  // namespace limehook::delivery
