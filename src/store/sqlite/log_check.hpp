#pragma once
// Does the log index say what the rows say? Whoever searches a damaged one would miss rows without a word.

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// Compares each segment whole with the rows it is about. Entries of rows that have been pruned are no problem: a
// segment goes when its last row does. Runs inside the caller's read transaction.
void check_log_index(Database& db, std::vector<std::string>& problems);

}  // namespace limehook::store::sqlite
