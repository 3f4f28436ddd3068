#pragma once
// What is small and read whole at start: everything in the store but the journal (docs/data_model.md).

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

Catalog load_catalog(Database& db);
// Within the caller's transaction.
void apply(Database& db, const CatalogChange& change);

}  // namespace limehook::store::sqlite
