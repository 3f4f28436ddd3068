#include "store/sqlite/indexer.hpp"

namespace limehook::store::sqlite {

Indexer::Indexer(Database& db, std::size_t segment_rows)
    : db_(db), segment_rows_(segment_rows), indexed_through_(sqlite::indexed_through(db)), rows_(db) {
  count_unindexed_rows();
}

// Finds where segments would have ended if this process had done all the commits.
void Indexer::count_unindexed_rows() {
  Rows rows = db_.query(
      "SELECT id FROM (SELECT id FROM events WHERE id>?1 UNION ALL SELECT id FROM deliveries WHERE id>?1) ORDER BY id",
      indexed_through_);
  while (rows.next()) committed(1, rows->integer(0));
}

void Indexer::committed(std::size_t rows, std::int64_t last_id) {
  rows_since_mark_ += rows;
  if (rows_since_mark_ < segment_rows_) return;
  rows_since_mark_ = 0;
  marks_.push_back(last_id);
}

bool Indexer::work() {
  if (stage_ == Stage::Idle) {
    if (marks_.empty()) return false;
    begin_segment();
  }
  switch (stage_) {
    case Stage::Idle:
      break;
    case Stage::Reading:
      read_rows();
      break;
    case Stage::Writing:
      write_next_kind();
      break;
  }
  return stage_ != Stage::Idle || !marks_.empty();
}

void Indexer::begin_segment() {
  segment_ = {};
  segment_.number = db_.number("SELECT max(number) FROM log_segments") + 1;
  segment_.first_id = indexed_through_ + 1;
  segment_.last_id = marks_.front();
  rows_.begin(segment_.first_id, segment_.last_id);
  next_kind_ = 0;
  stage_ = Stage::Reading;
}

void Indexer::read_rows() {
  if (rows_.read()) return;
  segment_.event_types = rows_.event_types();
  segment_.delivery_types = rows_.delivery_types();
  segment_.bucket_bits = bucket_bits_for(rows_.entries_max());
  stage_ = Stage::Writing;
}

// A segment that a crash left half written has no row in log_segments and is written again under the same number.
void Indexer::write_next_kind() {
  Transaction transaction(db_, Transaction::Kind::Write);
  if (next_kind_ == 0) drop_segment(db_, segment_.number);
  const auto kind = static_cast<LogKind>(next_kind_);
  write_entries(db_, segment_, kind, rows_.entries(kind));
  const bool last = next_kind_ + 1 == kLogKindCount;
  if (last) {
    db_.run(
        "INSERT INTO log_segments(number,first_id,last_id,bucket_bits,event_types,delivery_types) "
        "VALUES(?,?,?,?,?,?)",
        segment_.number, segment_.first_id, segment_.last_id, segment_.bucket_bits, segment_.event_types,
        segment_.delivery_types);
  }
  transaction.commit();
  ++next_kind_;
  if (!last) return;
  indexed_through_ = segment_.last_id;
  marks_.pop_front();
  stage_ = Stage::Idle;
}

}  // namespace limehook::store::sqlite
