// Property: damaged buckets of the log's index give wrong entries, which the rows then refute, and no more.

#include "store/sqlite/log_index.hpp"

#include <algorithm>

#include "fuzz_input.hpp"
#include "store/sqlite/terms.hpp"

using namespace limehook;
using namespace limehook::store::sqlite;
using fuzz::check;

namespace {

Database& database() {
  static Database db(":memory:", OpenMode::Create);
  [[maybe_unused]] static const bool made = [] {
    db.script("CREATE TABLE log_index(id INTEGER PRIMARY KEY, entries BLOB NOT NULL)");
    return true;
  }();
  return db;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = fuzz::text_of(data, size);
  Database& db = database();
  db.run("DELETE FROM log_index");
  const LogSegment segment{.number = 1, .first_id = 100, .last_id = 1'000'000};
  db.run("INSERT INTO log_index(id,entries) VALUES(?,?)", bucket_id(1, LogKind::EventTerm, 0), Blob{bytes});
  const auto damaged = stored_entries(db, segment, LogKind::EventTerm);
  check(damaged.size() <= size / 3 + 1, "no more entries than bytes");
  find_entries(db, segment, LogKind::EventTerm, 42);

  // What is written of these keys is found again.
  db.run("DELETE FROM log_index");
  std::vector<LogEntry> entries;
  std::int64_t id = segment.first_id;
  for (const char byte : bytes.substr(0, 200)) {
    id += static_cast<unsigned char>(byte) + 1;
    entries.push_back({term_key(static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15ULL), id});
  }
  write_entries(db, segment, LogKind::EventTerm, entries);
  for (const LogEntry& entry : entries) {
    const auto found = find_entries(db, segment, LogKind::EventTerm, entry.key);
    check(std::ranges::find(found, entry.id) != found.end(), "what was written is found");
  }
  return 0;
}
