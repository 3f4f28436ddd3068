#pragma once
// What a migration needs to bring idempotency keys of older versions into today's form (store/idempotency.hpp).

#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Gives the connection two SQL functions: key_of_event(key, team), the key under the event's team; and
// key_of_item(key, team, payload), the key by the item's content, null for a key that names no place in a batch, or an
// event that is gone.
void add_key_functions(Database& db);

}  // namespace limehook::store::sqlite
