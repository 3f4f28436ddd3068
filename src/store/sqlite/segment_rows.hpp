#pragma once
// What the log index has to say about the rows of one segment, read from the rows themselves, a slice at a time.

#include <array>
#include <cstdint>
#include <vector>

#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"

namespace limehook::store::sqlite {

class SegmentRows {
 public:
  explicit SegmentRows(Database& db) : db_(db) {}

  // Starts over with the events and deliveries whose ids are in [first_id, last_id].
  void begin(std::int64_t first_id, std::int64_t last_id);
  // One slice. Answers whether more is waiting; what is below is complete when it is not.
  bool read();

  // In ascending order of id.
  std::vector<LogEntry>& entries(LogKind kind) { return entries_[static_cast<std::size_t>(kind)]; }
  // One bit for each type that occurs.
  unsigned event_types() const { return event_types_; }
  unsigned delivery_types() const { return delivery_types_; }
  // Of the kind that has the most.
  std::size_t entries_max() const;

 private:
  struct EventKeys {
    std::int64_t id;
    std::uint64_t team;
    std::uint32_t first_term;  // into terms_
    std::uint32_t term_count;
  };
  bool read_events();
  bool read_deliveries();
  EventKeys keys_from(const Statement& row, int column);
  EventKeys keys_of_event(std::int64_t event);

  Database& db_;
  std::int64_t first_id_ = 0;
  std::int64_t last_id_ = 0;
  std::int64_t position_ = 0;
  bool events_done_ = false;
  std::vector<EventKeys> events_;  // by id
  std::vector<std::uint64_t> terms_;
  std::array<std::vector<LogEntry>, kLogKindCount> entries_;
  unsigned event_types_ = 0;
  unsigned delivery_types_ = 0;
};

}  // namespace limehook::store::sqlite
