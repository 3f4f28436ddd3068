#pragma once
// The audit log's table. It has nothing to do with the log of deliveries, and a retention of its own.

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

namespace limehook::store::sqlite {

void insert(Database& db, const AuditEntry& entry);
Page<AuditEntry> list_audit(Database& db, const AuditQuery& query, std::size_t rows_examined_max);
PruneResult prune_audit(Database& db, WallTime older_than, std::size_t rows_max);

}  // namespace limehook::store::sqlite
