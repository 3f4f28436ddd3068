#pragma once
// Builds the log index behind the writer, a slice at a time. Lives on the writer's thread.

#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"

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
  struct EventKeys {
    std::int64_t id;
    std::uint64_t team;
    std::uint32_t first_term;  // into terms_
    std::uint32_t term_count;
  };
  void count_unindexed_rows();
  void begin_segment();
  void read_events();
  void read_deliveries();
  void write_next_kind();
  EventKeys keys_from(const Statement& row, int column);
  EventKeys keys_of_event(std::int64_t event);
  std::vector<LogEntry>& entries(LogKind kind) { return entries_[static_cast<std::size_t>(kind)]; }

  enum class Stage : std::uint8_t { Idle, Events, Deliveries, Writing };

  Database& db_;
  std::size_t segment_rows_;
  std::int64_t indexed_through_;
  std::size_t rows_since_mark_ = 0;
  std::deque<std::int64_t> marks_;  // where segments will end

  Stage stage_ = Stage::Idle;
  LogSegment segment_;
  std::int64_t position_ = 0;
  std::size_t next_kind_ = 0;
  std::vector<EventKeys> events_;  // of the segment, by id
  std::vector<std::uint64_t> terms_;
  std::array<std::vector<LogEntry>, kLogKindCount> entries_;
};

}  // namespace limehook::store::sqlite
