// Pages of the log. A source yields ids from the newest down, chosen so that few of them are in vain; every filter is
// then checked on the row itself.

#include <algorithm>
#include <limits>
#include <utility>

#include "base/limits.hpp"
#include "model/event.hpp"
#include "store/sqlite/id_source.hpp"
#include "store/sqlite/queries.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

template <class Query>
IdRange range_of(const Query& query) {
  IdRange range{1, std::numeric_limits<std::int64_t>::max()};
  if (query.since) range.low = std::max(range.low, first_id_at(*query.since));
  if (query.until) range.high = std::min(range.high, first_id_at(*query.until));
  if (query.before > 0) range.high = std::min(range.high, query.before);
  return range;
}

// The rarest property of term, webhook and team.
std::optional<LogKey> log_key(const DeliveryQuery& query) {
  if (!query.term.empty()) return LogKey{LogKind::DeliveryTerm, term_key(term_code(query.term))};
  if (query.webhook) return LogKey{LogKind::DeliveryWebhook, hash_number(query.webhook->value)};
  if (query.team_id) return LogKey{LogKind::DeliveryTeam, hash_text(*query.team_id)};
  return std::nullopt;
}

std::optional<LogKey> log_key(const EventQuery& query) {
  if (!query.term.empty()) return LogKey{LogKind::EventTerm, term_key(term_code(query.term))};
  if (query.team_id) return LogKey{LogKind::EventTeam, hash_text(*query.team_id)};
  return std::nullopt;
}

std::int64_t newest_listed(Database& db, IdRange r, DeliveryStatus status) {
  return db.number(
      "SELECT delivery FROM undelivered WHERE status=? AND delivery>=? AND delivery<? ORDER BY delivery DESC LIMIT 1",
      status, r.low, r.high);
}

// Pending deliveries: those that are listed, below the newest rows (delivery_state.hpp).
void narrow_to_pending(Database& db, Access& access) {
  access.walk = [&db](IdRange r) {
    return db.query(
        "SELECT id,1 FROM deliveries WHERE id>=?1 AND id<?2 AND id>(SELECT through FROM pending_index) AND "
        "substr(state,1,1) IN (x'00',x'80') UNION ALL SELECT delivery,1 FROM undelivered WHERE status=0 AND "
        "delivery>=?1 AND "
        "delivery<?2 ORDER BY 1 DESC",
        r.low, r.high);
  };
  access.newest_in = [&db](IdRange r) {
    const auto newest = db.number(
        "SELECT id FROM deliveries WHERE id>=? AND id<? AND id>(SELECT through FROM pending_index) AND "
        "substr(state,1,1) IN (x'00',x'80') ORDER BY id DESC LIMIT 1",
        r.low, r.high);
    return newest != 0 ? newest : newest_listed(db, r, DeliveryStatus::Pending);
  };
}

// The list `undelivered` has the rows by status, all but the delivered ones.
void narrow_by_status(Database& db, DeliveryStatus status, Access& access) {
  if (status == DeliveryStatus::Delivered) return;
  if (!access.key) access.type.reset();
  if (status == DeliveryStatus::Pending) {
    narrow_to_pending(db, access);
  } else {
    access.walk = [&db, status](IdRange r) {
      return db.query(
          "SELECT delivery,1 FROM undelivered WHERE status=? AND delivery>=? AND delivery<? ORDER BY delivery DESC",
          status, r.low, r.high);
    };
    access.newest_in = [&db, status](IdRange r) { return newest_listed(db, r, status); };
  }
  if (!access.key) access.newest_in = nullptr;
}

// Everything captured outlives the access.
Access access_for(Database& db, const DeliveryQuery& query) {
  Access access;
  access.key = log_key(query);
  access.type = query.type;
  access.types = &LogSegment::delivery_types;
  access.walk = [&](IdRange r) {
    return db.query("SELECT id,?3 IS NULL OR type=?3 FROM deliveries WHERE id>=?1 AND id<?2 ORDER BY id DESC", r.low,
                    r.high, query.type);
  };
  if (query.status) narrow_by_status(db, *query.status, access);
  return access;
}

Access access_for(Database& db, const EventQuery& query) {
  Access access;
  access.key = log_key(query);
  access.type = query.type;
  access.types = &LogSegment::event_types;
  access.walk = [&](IdRange r) {
    return db.query("SELECT id,?3 IS NULL OR type=?3 FROM events WHERE id>=?1 AND id<?2 ORDER BY id DESC", r.low,
                    r.high, query.type);
  };
  return access;
}

std::size_t payload_bytes(const DeliveryRow&) { return 0; }
std::size_t payload_bytes(const Event& event) { return event.payload.size(); }

// Fills a page from `source`; `read` answers the row of an id if it passes.
template <class Row, class Read>
Page<Row> collect(IdSource source, std::size_t limit, Read read) {
  Page<Row> page;
  std::size_t bytes = 0;
  while (const auto id = source.next()) {
    std::optional<Row> row = read(*id);
    if (!row) continue;
    const std::size_t size = payload_bytes(*row);
    if (page.rows.size() == limit || (!page.rows.empty() && bytes + size > limits::kPageBytesMax)) return page;
    bytes += size;
    page.rows.push_back(std::move(*row));
    page.next = *id;
  }
  page.next = source.position();
  return page;
}

constexpr int kAfterDelivery = kDeliveryColumnCount;

std::optional<DeliveryRow> read_delivery_row(Database& db, std::int64_t id, const DeliveryQuery& query,
                                             std::uint64_t term) {
  Rows rows = db.query("SELECT " LIMEHOOK_DELIVERY_COLUMNS
                       ",d.type,e.team,e.terms,e.payload FROM deliveries d CROSS JOIN events e ON e.id=d.event "
                       "WHERE d.id=?",
                       id);
  if (!rows.next()) return std::nullopt;
  DeliveryRow row;
  row.delivery = read_delivery(*rows);
  row.type = static_cast<EventType>(rows->small(kAfterDelivery));
  if (query.webhook && row.delivery.webhook != *query.webhook) return std::nullopt;
  if (query.status && row.delivery.status != *query.status) return std::nullopt;
  if (query.type && row.type != *query.type) return std::nullopt;
  if (query.team_id && rows->bytes(kAfterDelivery + 1) != *query.team_id) return std::nullopt;
  if (!query.term.empty() && !has_term(rows->bytes(kAfterDelivery + 2), term)) return std::nullopt;
  read_who_ended(db, row.delivery);
  row.team_id = rows->text(kAfterDelivery + 1);
  row.terms = search_terms(rows->bytes(kAfterDelivery + 3));
  return row;
}

std::optional<Event> read_event_row(Database& db, std::int64_t id, const EventQuery& query, std::uint64_t term) {
  Rows rows = db.query("SELECT " LIMEHOOK_EVENT_COLUMNS ",e.terms FROM events e WHERE e.id=?", id);
  if (!rows.next()) return std::nullopt;
  if (query.type && static_cast<EventType>(rows->small(1)) != *query.type) return std::nullopt;
  if (query.team_id && rows->bytes(4) != *query.team_id) return std::nullopt;
  if (!query.term.empty() && !has_term(rows->bytes(kEventColumnCount), term)) return std::nullopt;
  return read_event(*rows);
}

}  // namespace

std::vector<std::int64_t> find_in_tail(const TailIndex& tail, const DeliveryQuery& query) {
  const auto key = log_key(query);
  return key ? tail.find(*key, range_of(query)) : std::vector<std::int64_t>{};
}

std::vector<std::int64_t> find_in_tail(const TailIndex& tail, const EventQuery& query) {
  const auto key = log_key(query);
  return key ? tail.find(*key, range_of(query)) : std::vector<std::int64_t>{};
}

Page<DeliveryRow> list_deliveries(Database& db, const DeliveryQuery& query, std::vector<std::int64_t> tail,
                                  std::size_t rows_examined_max) {
  const std::uint64_t term = term_code(query.term);
  return collect<DeliveryRow>(IdSource(db, access_for(db, query), std::move(tail), range_of(query), rows_examined_max),
                              query.limit, [&](std::int64_t id) { return read_delivery_row(db, id, query, term); });
}

Page<Event> list_events(Database& db, const EventQuery& query, std::vector<std::int64_t> tail,
                        std::size_t rows_examined_max) {
  const std::uint64_t term = term_code(query.term);
  return collect<Event>(IdSource(db, access_for(db, query), std::move(tail), range_of(query), rows_examined_max),
                        query.limit, [&](std::int64_t id) { return read_event_row(db, id, query, term); });
}

// Walks the rows themselves: whoever polls goes on from where it was, so that only what has come since is walked.
EventsAfter list_events_after(Database& db, const EventsAfterQuery& query, std::size_t rows_examined_max) {
  EventsAfter page{.position = query.after};
  std::size_t bytes = 0;
  std::size_t examined = 0;
  for (Rows rows = db.query("SELECT " LIMEHOOK_EVENT_COLUMNS " FROM events e WHERE e.id>? ORDER BY e.id", query.after);
       rows.next();) {
    if (examined++ == rows_examined_max) return page;
    const bool passes = rows->small(2) == 0 && query.types.test(static_cast<std::size_t>(rows->small(1))) &&
                        (!query.team_id || rows->bytes(4) == *query.team_id);
    if (passes) {
      bytes += rows->bytes(5).size();
      const bool full = page.events.size() == query.limit || (!page.events.empty() && bytes > limits::kPageBytesMax);
      if (full) return page;
      page.events.push_back(read_event(*rows));
    }
    page.position = rows->integer(0);
  }
  page.done = true;
  return page;
}

}  // namespace limehook::store::sqlite
