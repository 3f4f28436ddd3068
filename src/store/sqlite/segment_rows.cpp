#include "store/sqlite/segment_rows.hpp"

#include <algorithm>
#include <vector>

namespace limehook::store::sqlite {

std::optional<EventKeys> keys_of_event(Database& db, EventId event) {
  Rows rows = db.query("SELECT id,type,team,terms FROM events WHERE id=?", event);
  return rows.next() ? std::optional(read_event_keys(*rows)) : std::nullopt;
}

LogEntries entries_of_rows(Database& db, std::int64_t first_id, std::int64_t last_id) {
  LogEntries entries;
  std::vector<EventKeys> events;
  EventKeys older;
  for (Rows rows =
           db.query("SELECT id,type,team,terms FROM events WHERE id>=? AND id<=? ORDER BY id", first_id, last_id);
       rows.next();) {
    events.push_back(read_event_keys(*rows));
    entries.add_event(events.back());
  }
  for (Rows rows =
           db.query("SELECT id,event,webhook FROM deliveries WHERE id>=? AND id<=? ORDER BY id", first_id, last_id);
       rows.next();) {
    const std::int64_t event = rows->integer(1);
    const auto found = std::ranges::lower_bound(events, event, {}, &EventKeys::id);
    const bool known = found != events.end() && found->id == event;  // not that of a redelivery
    if (!known) older = keys_of_event(db, EventId{event}).value_or(EventKeys{});
    entries.add_delivery(rows->integer(0), WebhookId{rows->integer(2)}, known ? *found : older);
  }
  return entries;
}

}  // namespace limehook::store::sqlite
