#pragma once
// What is small and read whole at start: everything in the store but the journal (docs/data_model.md).

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"
#include "vault/vault.hpp"

namespace limehook::store::sqlite {

// Throws StoreError when secrets cannot be opened.
Catalog load_catalog(Database& db, const vault::Vault& vault);
// Within the caller's transaction.
void apply(Database& db, const vault::Vault& vault, const CatalogChange& change);

}  // namespace limehook::store::sqlite
