// Pages of the log. A source yields ids from the newest down, chosen so that few of them are in vain; every filter is
// then checked on the row itself.

#include <algorithm>
#include <limits>
#include <utility>

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

// A search term in the forms in which events.terms may hold it.
struct TermBytes {
  explicit TermBytes(std::string_view term) : code(term_code(term)) {
    exact.assign(reinterpret_cast<const char*>(&code), sizeof code);
    const std::uint64_t plus_code = code | 1U;
    with_plus.assign(reinterpret_cast<const char*>(&plus_code), sizeof plus_code);
  }
  std::uint64_t code;
  std::string exact;
  std::string with_plus;
};

// From the rarest property to the most common one. Everything captured outlives the access.
Access access_for(Database& db, const DeliveryQuery& query, const TermBytes& term) {
  Access access;
  access.type = query.type;
  access.types = &LogSegment::delivery_types;
  if (!query.term.empty()) {
    access.kind = LogKind::DeliveryTerm;
    access.key = term_key(term.code);
    access.walk = [&](IdRange r) {
      return db.query(
          "SELECT d.id FROM deliveries d CROSS JOIN events e ON e.id=d.event WHERE d.id>=? AND d.id<? "
          "AND (instr(e.terms,?)>0 OR instr(e.terms,?)>0) ORDER BY d.id DESC",
          r.low, r.high, Blob{term.exact}, Blob{term.with_plus});
    };
  } else if (query.status && *query.status != DeliveryStatus::Delivered) {
    access.type.reset();
    access.walk = [&](IdRange r) {
      return db.query(
          "SELECT id FROM deliveries INDEXED BY deliveries_not_delivered WHERE id>=? AND id<? "
          "AND status=? AND status<>2 ORDER BY id DESC",
          r.low, r.high, *query.status);
    };
  } else if (query.webhook) {
    access.kind = LogKind::DeliveryWebhook;
    access.key = hash_number(query.webhook->value);
    access.walk = [&](IdRange r) {
      return db.query("SELECT id FROM deliveries WHERE id>=? AND id<? AND webhook=? ORDER BY id DESC", r.low, r.high,
                      *query.webhook);
    };
  } else if (query.team_id) {
    access.kind = LogKind::DeliveryTeam;
    access.key = hash_text(*query.team_id);
    access.walk = [&](IdRange r) {
      return db.query(
          "SELECT d.id FROM deliveries d CROSS JOIN events e ON e.id=d.event WHERE d.id>=? AND d.id<? "
          "AND e.team=? ORDER BY d.id DESC",
          r.low, r.high, std::string_view(*query.team_id));
    };
  } else {
    access.walk = [&](IdRange r) {
      return db.query("SELECT id FROM deliveries WHERE id>=?1 AND id<?2 AND (?3 IS NULL OR type=?3) ORDER BY id DESC",
                      r.low, r.high, query.type);
    };
  }
  return access;
}

Access access_for(Database& db, const EventQuery& query, const TermBytes& term) {
  Access access;
  access.type = query.type;
  access.types = &LogSegment::event_types;
  if (!query.term.empty()) {
    access.kind = LogKind::EventTerm;
    access.key = term_key(term.code);
    access.walk = [&](IdRange r) {
      return db.query(
          "SELECT id FROM events WHERE id>=? AND id<? AND (instr(terms,?)>0 OR instr(terms,?)>0) "
          "ORDER BY id DESC",
          r.low, r.high, Blob{term.exact}, Blob{term.with_plus});
    };
  } else if (query.team_id) {
    access.kind = LogKind::EventTeam;
    access.key = hash_text(*query.team_id);
    access.walk = [&](IdRange r) {
      return db.query("SELECT id FROM events WHERE id>=? AND id<? AND team=? ORDER BY id DESC", r.low, r.high,
                      std::string_view(*query.team_id));
    };
  } else {
    access.walk = [&](IdRange r) {
      return db.query("SELECT id FROM events WHERE id>=?1 AND id<?2 AND (?3 IS NULL OR type=?3) ORDER BY id DESC",
                      r.low, r.high, query.type);
    };
  }
  return access;
}

// Fills a page from `source`; `read` answers the row of an id if it passes.
template <class Row, class Read>
Page<Row> collect(IdSource source, std::size_t limit, Read read) {
  Page<Row> page;
  while (const auto id = source.next()) {
    std::optional<Row> row = read(*id);
    if (!row) continue;
    if (page.rows.size() == limit) return page;
    page.rows.push_back(std::move(*row));
    page.next = *id;
  }
  page.next = 0;
  return page;
}

constexpr int kAfterDelivery = kDeliveryColumnCount;

std::optional<DeliveryRow> read_delivery_row(Database& db, std::int64_t id, const DeliveryQuery& query,
                                             const TermBytes& term) {
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
  if (!query.term.empty() && !has_term(rows->bytes(kAfterDelivery + 2), term.code)) return std::nullopt;
  row.team_id = rows->text(kAfterDelivery + 1);
  row.payload = rows->text(kAfterDelivery + 3);
  return row;
}

std::optional<Event> read_event_row(Database& db, std::int64_t id, const EventQuery& query, const TermBytes& term) {
  Rows rows = db.query("SELECT " LIMEHOOK_EVENT_COLUMNS ",e.terms FROM events e WHERE e.id=?", id);
  if (!rows.next()) return std::nullopt;
  if (query.type && static_cast<EventType>(rows->small(1)) != *query.type) return std::nullopt;
  if (query.team_id && rows->bytes(4) != *query.team_id) return std::nullopt;
  if (!query.term.empty() && !has_term(rows->bytes(kEventColumnCount), term.code)) return std::nullopt;
  return read_event(*rows);
}

}  // namespace

Page<DeliveryRow> list_deliveries(Database& db, const DeliveryQuery& query) {
  const TermBytes term(query.term);
  return collect<DeliveryRow>(IdSource(db, access_for(db, query, term), range_of(query)), query.limit,
                              [&](std::int64_t id) { return read_delivery_row(db, id, query, term); });
}

Page<Event> list_events(Database& db, const EventQuery& query) {
  const TermBytes term(query.term);
  return collect<Event>(IdSource(db, access_for(db, query, term), range_of(query)), query.limit,
                        [&](std::int64_t id) { return read_event_row(db, id, query, term); });
}

}  // namespace limehook::store::sqlite
