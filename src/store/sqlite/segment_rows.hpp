#pragma once
// What the log index has to say about the rows of one segment, read from the rows themselves, a slice at a time.

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
  const LogEntries& all() const { return entries_; }
  const std::vector<LogEntry>& entries(LogKind kind) { return entries_.list(kind); }
  unsigned event_types() const { return entries_.event_types; }
  unsigned delivery_types() const { return entries_.delivery_types; }

 private:
  bool read_events();
  bool read_deliveries();
  const EventKeys& keys_of_event(std::int64_t event);

  Database& db_;
  std::int64_t first_id_ = 0;
  std::int64_t last_id_ = 0;
  std::int64_t position_ = 0;
  bool events_done_ = false;
  std::vector<EventKeys> events_;  // by id
  EventKeys older_event_;          // of a redelivery
  LogEntries entries_;
};

}  // namespace limehook::store::sqlite
