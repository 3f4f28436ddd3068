// What a bulk redelivery takes up next (store.hpp, RecoveryStep).

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

std::int64_t start_of(const Recovery& recovery) { return std::max(recovery.position, first_id_at(recovery.since) - 1); }

void append_closed(Database& db, const char* sql, const Recovery& recovery, std::size_t limit,
                   std::vector<OpenDelivery>& out) {
  for (Rows rows = db.query(sql, start_of(recovery), first_id_at(recovery.until), limit); rows.next();) {
    out.push_back(read_open_delivery(*rows));
  }
}

bool passes(const Recovery& recovery, const OpenDelivery& delivery) {
  return delivery.webhook == recovery.webhook && !delivery.test && recovery.takes(delivery.type) &&
         recovery.takes(delivery.reason) &&
         recovery.takes(delivery.attempts, delivery.http_status, delivery.last_outcome);
}

bool event_has_term(Database& db, EventId event, std::uint64_t term) {
  Rows rows = db.query("SELECT terms FROM events WHERE id=?", event);
  return rows.next() && has_term(rows->bytes(0), term);
}

RecoveryStep failed_step(Database& db, const Recovery& recovery, std::size_t limit) {
  std::vector<OpenDelivery> closed;
  append_closed(db,
                "SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                " FROM undelivered u CROSS JOIN deliveries d ON d.id=u.delivery "
                "WHERE u.status=3 AND u.delivery>? AND u.delivery<? ORDER BY u.delivery LIMIT ?",
                recovery, limit, closed);
  append_closed(db,
                "SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                " FROM undelivered u CROSS JOIN deliveries d ON d.id=u.delivery "
                "WHERE u.status=4 AND u.delivery>? AND u.delivery<? ORDER BY u.delivery LIMIT ?",
                recovery, limit, closed);
  std::ranges::sort(closed, {}, &OpenDelivery::id);
  RecoveryStep step;
  step.done = closed.size() < limit;
  closed.resize(std::min(closed.size(), limit));
  step.examined = closed.size();
  step.position = closed.empty() ? recovery.position : closed.back().id.value;
  const std::uint64_t term = term_code(recovery.term);
  for (const OpenDelivery& delivery : closed) {
    if (!passes(recovery, delivery)) continue;
    if (recovery.term.empty() || event_has_term(db, delivery.event, term)) step.deliveries.push_back(delivery);
  }
  return step;
}

// The event's deliveries to the webhook, made on acceptance or by a recovery.
std::vector<OpenDelivery> deliveries_to(Database& db, WebhookId webhook, const Statement& event_row) {
  std::vector<OpenDelivery> out;
  const std::int64_t event = event_row.integer(0);
  for (Rows rows =
           db.query("SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                    " FROM deliveries d WHERE d.id>=? AND d.id<=? AND d.event=? AND d.webhook=?",
                    event_row.integer(kEventColumnCount), event_row.integer(kEventColumnCount + 1), event, webhook);
       rows.next();) {
    out.push_back(read_open_delivery(*rows));
  }
  for (Rows rows = db.query("SELECT " LIMEHOOK_OPEN_DELIVERY_COLUMNS
                            " FROM redeliveries r CROSS JOIN deliveries d ON d.id=r.delivery "
                            "WHERE r.event=? AND d.webhook=?",
                            event, webhook);
       rows.next();) {
    out.push_back(read_open_delivery(*rows));
  }
  return out;
}

RecoveryStep missing_step(Database& db, const Recovery& recovery, std::size_t limit) {
  RecoveryStep step;
  step.position = recovery.position;
  std::size_t bytes = 0;
  const std::uint64_t term = term_code(recovery.term);
  for (Rows rows =
           db.query("SELECT " LIMEHOOK_EVENT_COLUMNS
                    ",e.first_delivery,e.last_delivery,e.terms FROM events e WHERE e.id>? AND e.id<? ORDER BY e.id "
                    "LIMIT ?",
                    start_of(recovery), first_id_at(recovery.until), limit);
       rows.next();) {
    const bool test = rows->small(2) != 0;
    const bool wanted = recovery.takes(static_cast<EventType>(rows->small(1))) &&
                        (recovery.term.empty() || has_term(rows->bytes(kEventColumnCount + 2), term));
    if (!test && wanted) {
      const auto deliveries = deliveries_to(db, recovery.webhook, *rows);
      if (deliveries.empty()) {
        Event event = read_event(*rows);
        bytes += event.payload.size();
        if (!step.events.empty() && bytes > limits::kPageBytesMax) return step;
        step.events.push_back(std::move(event));
      }
      for (const OpenDelivery& delivery : deliveries) {
        if (delivery.status == DeliveryStatus::Canceled && passes(recovery, delivery))
          step.deliveries.push_back(delivery);
      }
    }
    ++step.examined;
    step.position = rows->integer(0);
  }
  step.done = step.examined < limit;
  return step;
}

}  // namespace

RecoveryStep next_recovery_step(Database& db, const Recovery& recovery, std::size_t limit) {
  return recovery.kind == Recovery::Kind::Failed ? failed_step(db, recovery, limit) : missing_step(db, recovery, limit);
}

}  // namespace limehook::store::sqlite
