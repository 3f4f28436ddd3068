// One delivery, one event, with what belongs to them.

#include <algorithm>

#include "base/limits_more.hpp"
#include "store/sqlite/attempt_block.hpp"
#include "store/sqlite/delivery_state.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/rows.hpp"

namespace limehook::store::sqlite {
namespace {

// The attempts form a chain from the newest back (docs/data_model.md).
std::vector<Attempt> read_attempts(Database& db, AttemptRef last) {
  std::vector<Attempt> attempts;
  AttemptReader reader(db);
  while (attempts.size() < limits::kAttemptsShownMax) {
    auto stored = reader.read(last);
    if (!stored) break;
    attempts.push_back(std::move(stored->attempt));
    last = stored->previous;
  }
  std::ranges::reverse(attempts);
  return attempts;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::vector<WebhookTarget> read_targets(Database& db, WebhookId webhook, const std::vector<Attempt>& attempts) {
  std::vector<int> versions;
  for (const Attempt& attempt : attempts) versions.push_back(attempt.webhook_version);
  std::ranges::sort(versions);
  versions.erase(std::ranges::unique(versions).begin(), versions.end());
  std::vector<WebhookTarget> targets;
  for (const int version : versions) {
    Rows rows = db.query(
        "SELECT url,fallback_url,signature_header,header_names FROM webhook_versions WHERE webhook=? AND version=?",
        webhook, version);
    if (!rows.next()) continue;
    targets.push_back({version, rows->text(0), rows->text(1), rows->text(2), lines_of(rows->bytes(3))});
  }
  return targets;
}

std::optional<Event> read_event_by_id(Database& db, EventId id) {
  Rows rows = db.query("SELECT " LIMEHOOK_EVENT_COLUMNS " FROM events e WHERE e.id=?", id);
  return rows.next() ? std::optional(read_event(*rows)) : std::nullopt;
}

}  // namespace

std::optional<DeliveryDetail> get_delivery(Database& db, DeliveryId id) {
  Rows rows = db.query("SELECT " LIMEHOOK_DELIVERY_COLUMNS ",d.body,d.note FROM deliveries d WHERE d.id=?", id);
  if (!rows.next()) return std::nullopt;
  DeliveryDetail detail;
  detail.delivery = read_delivery(*rows);
  read_who_ended(db, detail.delivery);
  if (!rows->is_null(kDeliveryColumnCount)) detail.delivery.body = rows->text(kDeliveryColumnCount);
  if (!rows->is_null(kDeliveryColumnCount + 1)) detail.delivery.note = rows->text(kDeliveryColumnCount + 1);
  detail.attempts = read_attempts(db, state_from(rows->bytes(kDeliveryColumnCount - 1)).last_attempt);
  detail.targets = read_targets(db, detail.delivery.webhook, detail.attempts);
  if (auto event = read_event_by_id(db, detail.delivery.event)) detail.event = std::move(*event);
  return detail;
}

std::optional<EventDetail> get_event(Database& db, EventId id) {
  auto event = read_event_by_id(db, id);
  if (!event) return std::nullopt;
  EventDetail detail{std::move(*event), {}};
  for (Rows rows = db.query("SELECT " LIMEHOOK_DELIVERY_COLUMNS
                            " FROM events e CROSS JOIN deliveries d ON d.id>=e.first_delivery AND "
                            "d.id<=e.last_delivery AND d.event=e.id WHERE e.id=? ORDER BY d.id",
                            id);
       rows.next();) {
    detail.deliveries.push_back(read_delivery(*rows));
  }
  for (Rows rows = db.query("SELECT " LIMEHOOK_DELIVERY_COLUMNS
                            " FROM redeliveries r CROSS JOIN deliveries d ON d.id=r.delivery WHERE r.event=? "
                            "ORDER BY r.delivery",
                            id);
       rows.next();) {
    detail.deliveries.push_back(read_delivery(*rows));
  }
  for (Delivery& delivery : detail.deliveries) read_who_ended(db, delivery);
  std::ranges::sort(detail.deliveries, {}, &Delivery::id);
  return detail;
}

}  // namespace limehook::store::sqlite
