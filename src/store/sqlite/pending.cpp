#include "store/sqlite/pending.hpp"

#include <vector>

namespace limehook::store::sqlite {
namespace {

constexpr auto kIndexedAfter = std::chrono::seconds(2);
constexpr int kSliceRows = 4096;

}  // namespace

PendingIndexer::PendingIndexer(Database& db) : db_(db), through_(db.number("SELECT through FROM pending_index")) {}

bool PendingIndexer::work(WallTime now) {
  std::vector<std::int64_t> pending;
  std::int64_t through = through_;
  int rows = 0;
  for (Rows found = db_.query("SELECT id,status FROM deliveries WHERE id>? AND id<? ORDER BY id LIMIT ?", through_,
                              first_id_at(now - kIndexedAfter), kSliceRows);
       found.next(); ++rows) {
    through = found->integer(0);
    if (found->small(1) == static_cast<int>(DeliveryStatus::Pending)) pending.push_back(through);
  }
  if (rows == 0) return false;
  Transaction transaction(db_, Transaction::Kind::Write);
  for (const std::int64_t id : pending) {
    db_.run("UPDATE deliveries SET status=? WHERE id=?", kStoredPendingIndexed, id);
  }
  db_.run("UPDATE pending_index SET through=?", through);
  transaction.commit();
  through_ = through;
  return rows == kSliceRows;
}

}  // namespace limehook::store::sqlite
