#pragma once
// The reads that are more than one statement. Those of a database run inside the caller's read transaction.

#include <cstdint>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/tail_index.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

// What `tail` has for a query, for the pages below; to be taken before their read transaction begins.
std::vector<std::int64_t> find_in_tail(const TailIndex& tail, const DeliveryQuery& query);
std::vector<std::int64_t> find_in_tail(const TailIndex& tail, const EventQuery& query);
Page<DeliveryRow> list_deliveries(Database& db, const DeliveryQuery& query, std::vector<std::int64_t> tail,
                                  std::size_t rows_examined_max);
Page<Event> list_events(Database& db, const EventQuery& query, std::vector<std::int64_t> tail,
                        std::size_t rows_examined_max);
EventsAfter list_events_after(Database& db, const EventsAfterQuery& query, std::size_t rows_examined_max);

std::optional<DeliveryDetail> get_delivery(Database& db, DeliveryId id);
std::optional<EventDetail> get_event(Database& db, EventId id);

RecoveryStep next_recovery_step(Database& db, const Recovery& recovery, std::size_t limit);

}  // namespace limehook::store::sqlite
