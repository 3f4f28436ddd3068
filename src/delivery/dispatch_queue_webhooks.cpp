// What becomes of a queue when webhooks come, change and go.

#include <algorithm>

#include "delivery/dispatch_queue.hpp"

namespace limehook::delivery {

WebhookSlot& DispatchQueue::put_webhook(WebhookPtr webhook, Duration hold_max) {
  auto& slot = slots_[webhook->id];
  const bool added = !slot;
  if (added) slot = std::make_unique<WebhookSlot>();
  const bool reordered = added || slot->webhook->ordered != webhook->ordered;
  // Another receiver than the one that failed, or somebody says that it works again.
  const bool afresh = !added && !slot->webhook->pushes() && webhook->pushes();
  if (afresh || (!added && slot->webhook->url != webhook->url)) slot->main.breaker = {};
  if (slot->fallback && (afresh || slot->webhook->fallback_url != webhook->fallback_url)) slot->fallback->breaker = {};
  slot->webhook = std::move(webhook);
  slot->hold_max = hold_max;
  slot->deleted = false;
  if (added) {
    slot->team = &teams_[slot->webhook->team_id];
    ++slot->team->webhooks;
  }
  slot->main.configure();
  if (slot->fallback) slot->fallback->configure();
  const bool no_fallback = slot->fallback && slot->webhook->fallback_url.empty();
  if (no_fallback) bring_back(*slot);
  if (reordered || no_fallback) fill_lanes(*slot);
  arrange(slot->main);  // its concurrency may have grown
  if (slot->fallback) arrange(*slot->fallback);
  return *slot;
}

void DispatchQueue::delete_webhook(WebhookId id) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return;
  found->second->deleted = true;
  release_slot(*found->second);
}

// A deleted webhook's slot lives until nothing refers to it.
void DispatchQueue::release_slot(WebhookSlot& slot) {
  const bool queued = slot.main.queued || (slot.fallback && slot.fallback->queued);
  if (!slot.deleted || slot.open > 0 || queued) return;
  TeamSlot& team = *slot.team;
  slots_.erase(slot.webhook->id);
  --team.webhooks;
  release_team(team);
}

void DispatchQueue::release_team(TeamSlot& team) {
  if (team.webhooks > 0 || team.queued) return;
  std::erase_if(teams_, [&](const auto& entry) { return &entry.second == &team; });
}

WebhookSlot* DispatchQueue::find_webhook(WebhookId id) const {
  const auto found = slots_.find(id);
  return found == slots_.end() || found->second->deleted ? nullptr : found->second.get();
}

// Puts everything that is open into the lanes that the webhook asks for now.
void DispatchQueue::fill_lanes(WebhookSlot& slot) {
  if (slot.open == 0) return;
  for (Target* target : {&slot.main, slot.fallback.get()}) {
    if (!target) continue;
    target->ready.clear();
    if (target->lanes) *target->lanes = {};
  }
  std::vector<DeliveryId> due;
  for (auto& [id, entry] : entries_) {
    if (entry.slot != &slot) continue;
    Lanes* lanes = lanes_of(entry);
    if (entry.state == DeliveryState::Ready || entry.state == DeliveryState::Blocked) due.push_back(id);
    else if (lanes && entry.state == DeliveryState::Waiting) lanes->enter(lane_key(entry), id);
    else if (lanes && runs(entry.state)) lanes->start(lane_key(entry), id);
  }
  std::sort(due.begin(), due.end());
  for (const DeliveryId id : due) make_ready(id, *find(id));
}

// What waits at a fallback that is no more goes to the webhook's own URL again. To be followed by fill_lanes().
void DispatchQueue::bring_back(WebhookSlot& slot) {
  for (auto& [id, entry] : entries_) {
    if (entry.slot == &slot && !runs(entry.state)) entry.fallback = false;
  }
}

std::vector<DeliveryId> DispatchQueue::cancel_waiting(WebhookSlot& slot) {
  std::vector<DeliveryId> canceled;
  if (slot.open == 0) return canceled;
  for (auto& [id, entry] : entries_) {
    if (entry.slot != &slot || !is_waiting(entry.state)) continue;
    stop_waiting(entry, DeliveryState::Canceling);
    if (Lanes* lanes = lanes_of(entry)) lanes->leave(lane_key(entry), id);
    drop_body(entry);
    canceled.push_back(id);
  }
  slot.main.ready.clear();
  if (slot.fallback) slot.fallback->ready.clear();
  std::sort(canceled.begin(), canceled.end());
  return canceled;
}

}  // namespace limehook::delivery
