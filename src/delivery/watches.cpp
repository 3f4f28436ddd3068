// The part of the scheduler that is for polling. No deliveries are made for a webhook that is only polled. Who waits
// for a webhook's events is told that there is one. Events are matched for that once they are durable: a watch that
// begins while an event is being stored must not miss it.

#include "delivery/scheduler.hpp"

namespace limehook::delivery {

void Scheduler::route(const WebhookPtr& webhook) {
  if (webhook->mode == WebhookMode::Push) routing_.put(webhook);
  else routing_.remove(webhook->id);
}

void Scheduler::watch(WebhookId webhook) {
  if (const WebhookPtr found = find_webhook(webhook)) watched_.put(found);
}

void Scheduler::end_watch(WebhookId webhook) {
  if (watched_.remove(webhook)) outputs_.push_back(WatchEnded{webhook});
}

void Scheduler::end_watches(const Event& event) {
  if (!watched_.concerns(event.team_id, event.type)) return;
  auto draft = parse_event(event.payload, kAllEventTypes);
  if (!draft) return;
  draft->team_id = event.team_id;
  matched_.clear();
  watched_.match(*draft, matched_);
  for (const WebhookPtr& webhook : matched_) end_watch(webhook->id);
}

}  // namespace limehook::delivery
