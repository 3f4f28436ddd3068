#include <algorithm>
#include <ranges>

#include "base/limits_more.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::store {
namespace {

bool has_term(const std::vector<std::string>& terms, const std::string& wanted) {
  return std::ranges::any_of(terms, [&](const std::string& term) { return term == wanted || term == "+" + wanted; });
}

template <class Query>
bool in_range(const Query& query, std::int64_t id) {
  return (query.before == 0 || id < query.before) && (!query.since || id >= first_id_at(*query.since)) &&
         (!query.until || id < first_id_at(*query.until));
}

std::size_t payload_bytes(const DeliveryRow&) { return 0; }
std::size_t payload_bytes(const Event& event) { return event.payload.size(); }

// The page of the rows that `read` finds for the entries of `map`, from the last one back.
template <class Row, class Query, class Map, class Read>
Page<Row> collect(const Query& query, const Map& map, std::size_t rows_examined_max, Read read) {
  Page<Row> page;
  std::size_t bytes = 0;
  std::size_t examined = 0;
  std::int64_t last_examined = 0;
  for (const auto& [id, stored] : std::views::reverse(map)) {
    if (!in_range(query, id.value)) continue;
    if (examined++ == rows_examined_max) {
      page.next = last_examined;
      return page;
    }
    last_examined = id.value;
    std::optional<Row> row = read(stored);
    if (!row) continue;
    const std::size_t size = payload_bytes(*row);
    if (page.rows.size() == query.limit || (!page.rows.empty() && bytes + size > limits::kPageBytesMax)) return page;
    bytes += size;
    page.rows.push_back(std::move(*row));
    page.next = id.value;
  }
  page.next = 0;
  return page;
}

}  // namespace

std::vector<OpenDelivery> MemoryStore::list_open(DeliveryId after, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<OpenDelivery> open;
  for (auto at = deliveries_.upper_bound(after); at != deliveries_.end() && open.size() < limit; ++at) {
    if (is_open(at->second.delivery.status)) open.push_back(open_delivery_of(at->second.delivery, at->second.type));
  }
  return open;
}

std::vector<Body> MemoryStore::load_bodies(std::span<const DeliveryId> ids) const {
  const std::lock_guard lock(mutex_);
  std::vector<Body> bodies;
  for (const DeliveryId id : ids) {
    const auto found = deliveries_.find(id);
    if (found == deliveries_.end()) continue;
    const Delivery& delivery = found->second.delivery;
    bodies.push_back({id, delivery.body ? *delivery.body : events_.at(delivery.event).event.payload});
  }
  return bodies;
}

Delivery MemoryStore::shown(const Delivery& delivery) const {
  Delivery out = delivery;
  out.body.reset();
  const bool by_webhook = out.reason == EndReason::WebhookDeleted || out.reason == EndReason::WebhookDisabled ||
                          out.reason == EndReason::WebhookPolled;
  const auto ends = ends_.find(out.webhook);
  if (!by_webhook || ends == ends_.end()) return out;
  auto end = ends->second.upper_bound(out.updated_at);
  if (end != ends->second.begin()) --end;
  if (end->second.by.kind != ActorKind::Nobody) out.ended_by = std::make_shared<const Actor>(end->second.by);
  out.ended_because = end->second.because;
  return out;
}

Page<DeliveryRow> MemoryStore::list_deliveries(const DeliveryQuery& query) const {
  const std::lock_guard lock(mutex_);
  return collect<DeliveryRow>(
      query, deliveries_, rows_examined_max_, [&](const StoredDelivery& stored) -> std::optional<DeliveryRow> {
        const Delivery& delivery = stored.delivery;
        const StoredEvent& event = events_.at(delivery.event);
        if ((query.team_id && event.event.team_id != *query.team_id) ||
            (query.webhook && delivery.webhook != *query.webhook) ||
            (query.status && delivery.status != *query.status) || (query.type && event.event.type != *query.type) ||
            (!query.term.empty() && !has_term(event.terms, query.term))) {
          return std::nullopt;
        }
        return DeliveryRow{shown(delivery), event.event.type, event.event.team_id, search_terms(event.event.payload)};
      });
}

std::optional<DeliveryDetail> MemoryStore::get_delivery(DeliveryId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = deliveries_.find(id);
  if (found == deliveries_.end()) return std::nullopt;
  const StoredDelivery& stored = found->second;
  DeliveryDetail detail{shown(stored.delivery), events_.at(stored.delivery.event).event, {}, {}};
  detail.delivery.body = stored.delivery.body;
  const auto shown_count = std::min(stored.attempts.size(), limits::kAttemptsShownMax);
  detail.attempts.assign(stored.attempts.end() - static_cast<std::ptrdiff_t>(shown_count), stored.attempts.end());
  for (const auto& [version, target] : targets_) {
    if (version.first == stored.delivery.webhook &&
        std::ranges::find(stored.attempts, version.second, &Attempt::webhook_version) != stored.attempts.end()) {
      detail.targets.push_back(target);
    }
  }
  return detail;
}

Page<Event> MemoryStore::list_events(const EventQuery& query) const {
  const std::lock_guard lock(mutex_);
  return collect<Event>(query, events_, rows_examined_max_, [&](const StoredEvent& stored) -> std::optional<Event> {
    const Event& event = stored.event;
    if ((query.team_id && event.team_id != *query.team_id) || (query.type && event.type != *query.type) ||
        (!query.term.empty() && !has_term(stored.terms, query.term))) {
      return std::nullopt;
    }
    return event;
  });
}

EventsAfter MemoryStore::list_events_after(const EventsAfterQuery& query) const {
  const std::lock_guard lock(mutex_);
  EventsAfter page{.position = query.after};
  std::size_t bytes = 0;
  std::size_t examined = 0;
  for (auto it = events_.upper_bound(EventId{query.after}); it != events_.end(); ++it) {
    if (examined++ == rows_examined_max_) return page;
    const Event& event = it->second.event;
    const bool passes = !event.test && query.types.test(static_cast<std::size_t>(event.type)) &&
                        (!query.team_id || event.team_id == *query.team_id);
    if (passes) {
      bytes += event.payload.size();
      const bool full = page.events.size() == query.limit || (!page.events.empty() && bytes > limits::kPageBytesMax);
      if (full) return page;
      page.events.push_back(event);
    }
    page.position = event.id.value;
  }
  page.done = true;
  return page;
}

std::optional<EventDetail> MemoryStore::get_event(EventId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = events_.find(id);
  if (found == events_.end()) return std::nullopt;
  EventDetail detail{found->second.event, {}};
  for (const DeliveryId delivery : found->second.deliveries) {
    detail.deliveries.push_back(shown(deliveries_.at(delivery).delivery));
  }
  std::ranges::sort(detail.deliveries, {}, &Delivery::id);
  return detail;
}

RecoveryStep MemoryStore::next_recovery_step(const Recovery& recovery, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  return recovery.kind == Recovery::Kind::Failed ? failed_step(recovery, limit) : missing_step(recovery, limit);
}

bool MemoryStore::passes(const Recovery& recovery, const StoredDelivery& stored) const {
  const Delivery& delivery = stored.delivery;
  const auto& terms = events_.at(delivery.event).terms;
  return delivery.webhook == recovery.webhook && !delivery.test && recovery.takes(stored.type) &&
         recovery.takes(delivery.attempts, delivery.http_status, delivery.last_outcome) &&
         recovery.takes(delivery.reason) && (recovery.term.empty() || has_term(terms, recovery.term));
}

RecoveryStep MemoryStore::failed_step(const Recovery& recovery, std::size_t limit) const {
  RecoveryStep step;
  step.position = recovery.position;
  for (const auto& [id, stored] : deliveries_) {
    const Delivery& delivery = stored.delivery;
    const bool closed_badly = delivery.status == DeliveryStatus::Failed || delivery.status == DeliveryStatus::Canceled;
    if (id.value <= recovery.position || id.value < first_id_at(recovery.since) ||
        id.value >= first_id_at(recovery.until) || !closed_badly) {
      continue;
    }
    if (step.examined == limit) return step;
    ++step.examined;
    step.position = id.value;
    if (passes(recovery, stored)) step.deliveries.push_back(open_delivery_of(stored.delivery, stored.type));
  }
  step.done = true;
  return step;
}

RecoveryStep MemoryStore::missing_step(const Recovery& recovery, std::size_t limit) const {
  RecoveryStep step;
  step.position = recovery.position;
  std::size_t bytes = 0;
  for (const auto& [id, stored] : events_) {
    if (id.value <= recovery.position || id.value < first_id_at(recovery.since) ||
        id.value >= first_id_at(recovery.until)) {
      continue;
    }
    if (step.examined == limit) return step;
    const bool wanted = !stored.event.test && recovery.takes(stored.event.type) &&
                        (recovery.term.empty() || has_term(stored.terms, recovery.term));
    if (wanted && !has_delivery_to(stored, recovery.webhook)) {
      bytes += stored.event.payload.size();
      if (!step.events.empty() && bytes > limits::kPageBytesMax) return step;
      step.events.push_back(stored.event);
    }
    ++step.examined;
    step.position = id.value;
    if (!wanted) continue;
    for (const DeliveryId delivery_id : stored.deliveries) {
      const StoredDelivery& to = deliveries_.at(delivery_id);
      if (to.delivery.status == DeliveryStatus::Canceled && passes(recovery, to)) {
        step.deliveries.push_back(open_delivery_of(to.delivery, to.type));
      }
    }
  }
  step.done = true;
  return step;
}

bool MemoryStore::has_delivery_to(const StoredEvent& event, WebhookId webhook) const {
  return std::ranges::any_of(event.deliveries,
                             [&](DeliveryId id) { return deliveries_.at(id).delivery.webhook == webhook; });
}

std::optional<Recovery> MemoryStore::get_recovery(RecoveryId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = recoveries_.find(id);
  return found == recoveries_.end() ? std::nullopt : std::optional(found->second);
}

Page<Recovery> MemoryStore::list_recoveries(WebhookId webhook, std::int64_t before, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  Page<Recovery> page;
  for (const Recovery& recovery : std::views::reverse(std::views::values(recoveries_))) {
    if (recovery.webhook != webhook || (before != 0 && recovery.id.value >= before)) continue;
    if (page.rows.size() == limit) {
      page.next = page.rows.back().id.value;
      break;
    }
    page.rows.push_back(recovery);
  }
  return page;
}

StatsSeries MemoryStore::list_stats(std::span<const WebhookId> webhooks, Duration width, WallTime since,
                                    WallTime until) const {
  const std::lock_guard lock(mutex_);
  StatsSeries series;
  for (const auto& [key, counts] : stats_) {
    const auto& [webhook, bucket_width, start] = key;
    const bool wanted = webhooks.empty() ? !webhook : std::ranges::find(webhooks, webhook) != webhooks.end();
    if (wanted && bucket_width == width && start >= since && start < until) series[start].merge(counts);
  }
  return series;
}

SizeInfo MemoryStore::size() const {
  const std::lock_guard lock(mutex_);
  SizeInfo size;
  for (const StoredEvent& event : std::views::values(events_)) size.bytes_used += event.event.payload.size();
  for (const StoredDelivery& stored : std::views::values(deliveries_)) {
    size.bytes_used += sizeof stored;
    for (const Attempt& attempt : stored.attempts) {
      size.bytes_used += sizeof attempt + attempt.response_head.size() + attempt.response_body.size();
    }
  }
  size.bytes_file = size.bytes_used;
  return size;
}

}  // namespace limehook::store
