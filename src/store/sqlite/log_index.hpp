#pragma once
// The log's search index. An index in the usual sense would cost a random write for every row. Here the entries of the
// newest rows, the tail, are in memory only (tail_index.hpp); when enough have gathered, they are appended to the file
// as one segment that never changes. A search looks into the tail and then into the segments from the newest to the
// oldest.
//
// A segment is one row of log_segments and, for each kind of key, up to 2^bucket_bits rows of log_index. A bucket holds
// the entries whose key begins with its bits, in ascending order of id: two bytes of the key, then the distance to the
// entry before as a varint. Different keys may look alike, so what is found must be verified on the row itself.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "store/sqlite/database.hpp"

namespace limehook::store::sqlite {

// The numbers are stored.
enum class LogKind : std::uint8_t {
  DeliveryWebhook = 0,  // hash of the webhook's id → deliveries
  DeliveryTeam = 1,     // hash of the event's team → deliveries
  DeliveryTerm = 2,     // term_key → deliveries
  EventTeam = 3,
  EventTerm = 4,
};
inline constexpr std::size_t kLogKindCount = 5;

struct LogEntry {
  std::uint64_t key;
  std::int64_t id;
  auto operator<=>(const LogEntry&) const = default;
};

// What a search asks the log index for.
struct LogKey {
  LogKind kind;
  std::uint64_t key;
};

struct IdRange {
  std::int64_t low = 1;   // included
  std::int64_t high = 0;  // not included
};

// What an event and its deliveries are found by.
struct EventKeys {
  std::int64_t id = 0;
  int type = 0;  // an EventType, as stored
  std::uint64_t team = 0;
  std::vector<std::uint64_t> terms;
};
// From a row that begins with id, type, team and terms of an event.
EventKeys read_event_keys(const Statement& row);

// The entries of some rows.
struct LogEntries {
  std::array<std::vector<LogEntry>, kLogKindCount> lists;  // by kind, in the order in which rows were added
  std::size_t rows = 0;
  std::int64_t last_id = 0;  // the largest
  unsigned event_types = 0;  // one bit for each type that occurs
  unsigned delivery_types = 0;

  void add_event(const EventKeys& event);
  void add_delivery(std::int64_t id, WebhookId webhook, const EventKeys& event);
  void clear();  // keeps the memory
  std::vector<LogEntry>& list(LogKind kind) { return lists[static_cast<std::size_t>(kind)]; }

 private:
  void add_row(std::int64_t id);
};

struct LogSegment {
  std::int64_t number = 0;
  std::int64_t first_id = 0;
  std::int64_t last_id = 0;
  int bucket_bits = 0;
  unsigned event_types = 0;
  unsigned delivery_types = 0;
};

// So many that a bucket holds a few hundred entries.
int bucket_bits_for(std::size_t entries);

// log_index.id.
std::int64_t bucket_id(std::int64_t segment, LogKind kind, std::uint64_t bucket);

// Writes the entries of one kind; they must be in ascending order of id, all at or above the segment's first.
void write_entries(Database& db, const LogSegment& segment, LogKind kind, std::span<const LogEntry> entries);

// Ids that may have `key`, ascending.
std::vector<std::int64_t> find_entries(Database& db, const LogSegment& segment, LogKind kind, std::uint64_t key);

// All entries of one kind, sorted. Of a key is kept what shortened_key() leaves of it.
std::vector<LogEntry> stored_entries(Database& db, const LogSegment& segment, LogKind kind);
std::uint64_t shortened_key(const LogSegment& segment, std::uint64_t key);

// The last id that is indexed, 0 without segments.
std::int64_t indexed_through(Database& db);

// Segments with ids in [low, high), newest first.
Rows segments_between(Database& db, std::int64_t low, std::int64_t high);
// Ascending.
std::vector<LogSegment> all_segments(Database& db);
LogSegment read_segment(const Statement& row);

// Answers how many rows that were.
std::size_t drop_segment(Database& db, std::int64_t number);

}  // namespace limehook::store::sqlite
