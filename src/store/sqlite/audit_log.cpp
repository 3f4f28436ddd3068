#include "store/sqlite/audit_log.hpp"

#include <limits>

namespace limehook::store::sqlite {
namespace {

#define LIMEHOOK_AUDIT_COLUMNS \
  "id,actor_kind,actor,actor_name,client_address,team,action,target,target_name,before,after"

AuditEntry read_entry(const Statement& row) {
  AuditEntry entry;
  entry.id = AuditId{row.integer(0)};
  entry.actor_kind = static_cast<ActorKind>(row.small(1));
  entry.actor_id = row.text(2);
  entry.actor_name = row.text(3);
  entry.client_address = row.text(4);
  entry.team_id = row.text(5);
  entry.action = row.text(6);
  entry.target = row.text(7);
  entry.target_name = row.text(8);
  entry.before = row.text(9);
  entry.after = row.text(10);
  return entry;
}

bool passes(const AuditQuery& query, const Statement& row) {
  const std::string_view action = row.bytes(6);
  const bool action_fits =
      query.action.empty() || (query.action.ends_with('.') ? action.starts_with(query.action) : action == query.action);
  return action_fits && (query.actor_id.empty() || row.bytes(2) == query.actor_id) &&
         (query.target.empty() || row.bytes(7) == query.target);
}

}  // namespace

void insert(Database& db, const AuditEntry& e) {
  db.run("INSERT INTO audits(" LIMEHOOK_AUDIT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?)", e.id, e.actor_kind,
         std::string_view(e.actor_id), std::string_view(e.actor_name), std::string_view(e.client_address),
         std::string_view(e.team_id), std::string_view(e.action), std::string_view(e.target),
         std::string_view(e.target_name), std::string_view(e.before), std::string_view(e.after));
}

Page<AuditEntry> list_audit(Database& db, const AuditQuery& query, std::size_t rows_examined_max) {
  const std::int64_t since = query.since ? first_id_at(*query.since) : 0;
  std::int64_t below = query.until ? first_id_at(*query.until) : std::numeric_limits<std::int64_t>::max();
  if (query.before != 0) below = std::min(below, query.before);
  Rows rows =
      query.team_id
          ? db.query("SELECT " LIMEHOOK_AUDIT_COLUMNS " FROM audits WHERE team=? AND id>=? AND id<? ORDER BY id DESC",
                     std::string_view(*query.team_id), since, below)
          : db.query("SELECT " LIMEHOOK_AUDIT_COLUMNS " FROM audits WHERE id>=? AND id<? ORDER BY id DESC", since,
                     below);
  Page<AuditEntry> page;
  std::int64_t last_examined = 0;
  std::size_t bytes = 0;
  for (std::size_t examined = 0; rows.next(); ++examined) {
    const bool wanted = passes(query, *rows);
    if (wanted) bytes += rows->bytes(9).size() + rows->bytes(10).size();
    const bool heavy = bytes > limits::kPageBytesMax && !page.rows.empty();
    if (examined == rows_examined_max || page.rows.size() == query.limit || heavy) {
      page.next = last_examined;
      break;
    }
    last_examined = rows->integer(0);
    if (wanted) page.rows.push_back(read_entry(*rows));
  }
  return page;
}

PruneResult prune_audit(Database& db, WallTime older_than, std::size_t rows_max) {
  Transaction transaction(db, Transaction::Kind::Write);
  db.run("DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE id<? ORDER BY id LIMIT ?)",
         first_id_at(older_than), rows_max);
  const auto removed = static_cast<std::size_t>(db.changes());
  transaction.commit();
  return {removed, removed < rows_max};
}

}  // namespace limehook::store::sqlite
