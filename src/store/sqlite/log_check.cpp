#include "store/sqlite/log_check.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "store/sqlite/segment_rows.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr std::size_t kReportsMax = 20;

constexpr std::array kKindNames{"webhook's deliveries", "team's deliveries", "term's deliveries", "team's events",
                                "term's events"};
static_assert(kKindNames.size() == kLogKindCount);

// Each event has one entry of one kind, and so has each delivery: these tell which rows there are.
LogKind kind_of_all_rows(LogKind kind) {
  return kind == LogKind::EventTeam || kind == LogKind::EventTerm ? LogKind::EventTeam : LogKind::DeliveryWebhook;
}

// Entries that rows ask for and the index lacks, and those it has for a row that does not ask for them or for an id
// that is not in the segment.
std::size_t count_wrong_entries(Database& db, const LogSegment& segment, LogKind kind, LogEntries& rows) {
  std::vector<LogEntry> expected = rows.list(kind);
  for (LogEntry& entry : expected) entry.key = shortened_key(segment, entry.key);
  std::ranges::sort(expected);
  std::vector<LogEntry> wrong;
  std::ranges::set_symmetric_difference(expected, stored_entries(db, segment, kind), std::back_inserter(wrong));
  const std::vector<LogEntry>& all_rows = rows.list(kind_of_all_rows(kind));
  return static_cast<std::size_t>(std::ranges::count_if(wrong, [&](const LogEntry& entry) {
    return entry.id < segment.first_id || entry.id > segment.last_id ||
           std::ranges::binary_search(all_rows, entry.id, {}, &LogEntry::id);
  }));
}

std::vector<std::string> problems_of(Database& db, const LogSegment& segment) {
  std::vector<std::string> out;
  const std::string name = "segment " + std::to_string(segment.number) + " of the log index";
  LogEntries rows = entries_of_rows(db, segment.first_id, segment.last_id);
  if ((rows.event_types & ~segment.event_types) != 0 || (rows.delivery_types & ~segment.delivery_types) != 0) {
    out.push_back(name + " leaves out an event type of its rows");
  }
  for (std::size_t i = 0; i < kLogKindCount; ++i) {
    const std::size_t wrong = count_wrong_entries(db, segment, static_cast<LogKind>(i), rows);
    if (wrong > 0) {
      out.push_back(name + " differs from its rows in " + std::to_string(wrong) + " entries of a " + kKindNames[i]);
    }
  }
  return out;
}

}  // namespace

void check_log_index(Database& db, std::vector<std::string>& problems) {
  std::vector<std::string> found;
  std::int64_t covered = 0;
  for (const LogSegment& segment : all_segments(db)) {
    const bool gap = db.number(
                         "SELECT EXISTS(SELECT 1 FROM events WHERE id>?1 AND id<?2) OR "
                         "EXISTS(SELECT 1 FROM deliveries WHERE id>?1 AND id<?2)",
                         covered, segment.first_id) != 0;
    if (gap) found.push_back("rows before segment " + std::to_string(segment.number) + " are not in the log index");
    std::ranges::move(problems_of(db, segment), std::back_inserter(found));
    covered = segment.last_id;
    if (found.size() >= kReportsMax) break;
  }
  std::ranges::move(found, std::back_inserter(problems));
}

}  // namespace limehook::store::sqlite
