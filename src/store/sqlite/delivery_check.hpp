#pragma once
// The part of the check that looks at each delivery's state and attempts.

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Within a read transaction. Appends sentences.
void check_deliveries(Database& db, std::vector<std::string>& problems);

}  // namespace limehook::store::sqlite
