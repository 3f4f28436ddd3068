#pragma once
// Rows that were good when they were written: can they still be read?

#include <string>
#include <vector>

#include "store/sqlite/database.hpp"
#include "vault/vault.hpp"

namespace limehook::store::sqlite {

// Adds what is wrong. Without a vault (null) nothing is said of sealed values. Throws SqliteError.
void check_rows(Database& db, const vault::Vault* vault, std::vector<std::string>& problems);

}  // namespace limehook::store::sqlite
