#pragma once
// What the log index has to say about rows, read from the rows themselves.

#include <cstdint>
#include <optional>

#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"

namespace limehook::store::sqlite {

// Nothing when there is no such event.
std::optional<EventKeys> keys_of_event(Database& db, EventId event);
// The entries of the events and deliveries whose ids are in [first_id, last_id], in ascending order of id.
LogEntries entries_of_rows(Database& db, std::int64_t first_id, std::int64_t last_id);

}  // namespace limehook::store::sqlite
