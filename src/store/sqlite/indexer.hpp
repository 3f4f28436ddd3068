#pragma once
// Builds the log index behind the writer, a slice at a time. Lives on the writer's thread.

#include <cstdint>
#include <deque>

#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"
#include "store/sqlite/segment_rows.hpp"

namespace limehook::store::sqlite {

class Indexer {
 public:
  // `segment_rows`: a segment is made of about so many events and deliveries.
  Indexer(Database& db, std::size_t segment_rows);

  // Rows with ids up to this one can no longer be added: they would be missing from the index.
  std::int64_t sealed_through() const { return marks_.empty() ? indexed_through_ : marks_.back(); }
  // A commit added `rows` events and deliveries; `last_id` is the largest id among them.
  void committed(std::size_t rows, std::int64_t last_id);

  // One slice. Answers whether more is waiting.
  bool work();

 private:
  void count_unindexed_rows();
  void begin_segment();
  void read_rows();
  void write_next_kind();

  enum class Stage : std::uint8_t { Idle, Reading, Writing };

  Database& db_;
  std::size_t segment_rows_;
  std::int64_t indexed_through_;
  std::size_t rows_since_mark_ = 0;
  std::deque<std::int64_t> marks_;  // where segments will end

  Stage stage_ = Stage::Idle;
  LogSegment segment_;
  SegmentRows rows_;  // of the segment
  std::size_t next_kind_ = 0;
};

}  // namespace limehook::store::sqlite
