#pragma once
// Keeps the log index: what commits add goes into the tail at once, and full parts of the tail become segments behind
// the writer, a slice at a time. Lives on the writer's thread.

#include <optional>
#include <span>
#include <vector>

#include "store/records.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"
#include "store/sqlite/tail_index.hpp"

namespace limehook::store::sqlite {

class Indexer {
 public:
  // `segment_rows`: a segment is made of about so many events and deliveries. Reads the rows that no segment has.
  Indexer(Database& db, std::size_t segment_rows);

  // Any thread may search it.
  const TailIndex& tail() const { return tail_; }
  // Rows with ids up to this one can no longer be added: they would be missing from the index.
  std::int64_t sealed_through() const { return tail_.sealed_through(); }

  // Reads what committed() will need of events stored earlier: after the commit nothing may fail. Throws SqliteError.
  void prepare(const WriteBatch& batch);
  // `batch`, the last one prepared, has been committed but for `duplicates`.
  void committed(const WriteBatch& batch, std::span<const DuplicateEvent> duplicates);

  // One slice. Answers whether more is waiting.
  bool work();

 private:
  void load_tail();
  std::optional<EventKeys> keys_of(const WriteBatch& batch, EventId event);

  Database& db_;
  std::size_t segment_rows_;
  TailIndex tail_;
  LogEntries added_;                                   // by one batch
  std::vector<std::optional<EventKeys>> redelivered_;  // by WriteBatch::deliveries; nothing: the event is gone
  LogSegment segment_;                                 // being written
  std::size_t next_kind_ = 0;
};

}  // namespace limehook::store::sqlite
