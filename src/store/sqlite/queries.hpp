#pragma once
// The reads that are more than one statement. All run inside the caller's read transaction.

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

Page<DeliveryRow> list_deliveries(Database& db, const DeliveryQuery& query, std::size_t rows_examined_max);
Page<Event> list_events(Database& db, const EventQuery& query, std::size_t rows_examined_max);

std::optional<DeliveryDetail> get_delivery(Database& db, DeliveryId id);
std::optional<EventDetail> get_event(Database& db, EventId id);

RecoveryStep next_recovery_step(Database& db, const Recovery& recovery, std::size_t limit);

}  // namespace limehook::store::sqlite
