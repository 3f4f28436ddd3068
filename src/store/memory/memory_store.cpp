#include "store/memory/memory_store.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "store/idempotency.hpp"

namespace limehook::store {

CommitResult MemoryStore::commit(const WriteBatch& batch) {
  const std::lock_guard lock(mutex_);
  CommitResult result;
  for (const Webhook& webhook : batch.webhooks) put_webhook(webhook);
  for (const WebhookHealth& health : batch.healths) {
    if (health.is_well()) healths_.erase(health.webhook);
    else healths_[health.webhook] = health;
  }
  for (const DeletedWebhook& deleted : batch.deleted_webhooks) delete_webhook(deleted);
  for (const WebhookEnd& end : batch.webhook_ends) ends_[end.webhook][end.at] = end;
  for (const CatalogChange& change : batch.catalog) apply(change);
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (auto duplicate = claim_key(i, batch.events[i])) {
      result.duplicates.push_back(*duplicate);
    } else {
      put_event(batch.events[i]);
    }
  }
  for (const Delivery& delivery : batch.deliveries) put_delivery(delivery);
  for (const NewAttempt& added : batch.attempts) {
    const auto found = deliveries_.find(added.delivery);
    if (found != deliveries_.end()) found->second.attempts.push_back(added.attempt);
  }
  for (const DeliveryUpdate& update : batch.updates) update_delivery(update);
  for (const Recovery& recovery : batch.recoveries) {
    recoveries_[recovery.id] = recovery;
    last_id_ = std::max(last_id_, recovery.id.value);
  }
  return result;
}

void MemoryStore::put_webhook(const Webhook& webhook) {
  webhooks_[webhook.id] = webhook;
  WebhookTarget target{webhook.version, webhook.url, webhook.fallback_url, webhook.signature_header, {}};
  for (const Header& header : webhook.headers) target.header_names.push_back(header.name);
  targets_[{webhook.id, webhook.version}] = std::move(target);
  last_id_ = std::max(last_id_, webhook.id.value);
}

void MemoryStore::delete_webhook(const DeletedWebhook& deleted) {
  const auto found = webhooks_.find(deleted.id);
  if (found == webhooks_.end()) return;
  deleted_webhooks_[deleted.id] = {found->second.team_id, deleted.at};
  webhooks_.erase(found);
  healths_.erase(deleted.id);
}

std::optional<DuplicateEvent> MemoryStore::claim_key(std::size_t index, const NewEvent& event) {
  if (event.idempotency_key.empty()) return std::nullopt;
  const std::pair key(event.event.team_id, event.idempotency_key);
  const auto found = used_keys_.find(key);
  if (found != used_keys_.end() && event.event.received_at < found->second.created_at + limits::kIdempotencyWindow) {
    const UsedKey& used = found->second;
    return DuplicateEvent{index, used.event, used.deliveries, is_other(used.fingerprint, event.fingerprint)};
  }
  used_keys_[key] = {event.event.id, event.told(), event.event.received_at, event.fingerprint};
  return std::nullopt;
}

void MemoryStore::put_event(const NewEvent& event) {
  events_[event.event.id] = {event.event, event.terms, {}};
  last_id_ = std::max(last_id_, event.event.id.value);
  for (const Delivery& delivery : event.deliveries) put_delivery(delivery);
}

void MemoryStore::put_delivery(const Delivery& delivery) {
  const auto event = events_.find(delivery.event);
  if (event == events_.end()) return;  // pruned since the recovery read it
  event->second.deliveries.push_back(delivery.id);
  deliveries_[delivery.id] = {delivery, event->second.event.type, {}};
  last_id_ = std::max(last_id_, delivery.id.value);
}

void MemoryStore::update_delivery(const DeliveryUpdate& update) {
  const auto found = deliveries_.find(update.id);
  if (found == deliveries_.end()) return;
  Delivery& delivery = found->second.delivery;
  delivery.status = update.status;
  delivery.attempts = update.attempts;
  delivery.round_start = update.round_start;
  delivery.next_attempt_at = update.next_attempt_at;
  delivery.http_status = update.http_status;
  delivery.last_outcome = update.last_outcome;
  delivery.fallback = update.fallback;
  delivery.updated_at = update.updated_at;
  delivery.reason = update.reason;
  delivery.ended_by = update.reason == EndReason::Skipped ? update.by : nullptr;
}

bool MemoryStore::has_open_delivery(const StoredEvent& event) const {
  return std::ranges::any_of(event.deliveries,
                             [&](DeliveryId id) { return is_open(deliveries_.at(id).delivery.status); });
}

PruneResult MemoryStore::prune(WallTime older_than, std::size_t rows_max) {
  const std::lock_guard lock(mutex_);
  PruneResult result;
  for (auto event = events_.begin(); event != events_.end() && event->first.value < first_id_at(older_than);) {
    if (has_open_delivery(event->second)) {
      ++event;
      continue;
    }
    if (result.rows >= rows_max) return {result.rows, false};
    for (const DeliveryId id : event->second.deliveries) {
      result.rows += 1 + deliveries_.at(id).attempts.size();
      deliveries_.erase(id);
    }
    ++result.rows;
    event = events_.erase(event);
  }
  const WallTime oldest = events_.empty() ? older_than : id_time(events_.begin()->first.value);
  for (auto webhook = deleted_webhooks_.begin(); webhook != deleted_webhooks_.end();) {
    const auto [id, team_and_time] = *webhook++;
    if (team_and_time.second >= std::min(older_than, oldest)) continue;
    result.rows += std::erase_if(targets_, [&](const auto& entry) { return entry.first.first == id; });
    ends_.erase(id);
    result.rows += deleted_webhooks_.erase(id);
  }
  result.rows += std::erase_if(stats_, [&](const auto& entry) { return std::get<WallTime>(entry.first) < older_than; });
  return result;
}

bool MemoryStore::maintain(WallTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(used_keys_,
                [&](const auto& entry) { return entry.second.created_at + limits::kIdempotencyWindow <= now; });
  std::erase_if(stats_, [&](const auto& entry) {
    const auto& [webhook, width, start] = entry.first;
    return webhook && width == std::chrono::minutes(1) && start + limits::kStatsMinutesKept < now;
  });
  return false;
}

}  // namespace limehook::store
