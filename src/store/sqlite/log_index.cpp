#include "store/sqlite/log_index.hpp"

#include <algorithm>
#include <bit>

#include "store/sqlite/terms.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr int kBucketShift = 20;  // bits of a bucket's number within bucket_id
constexpr int kKindShift = 4;
constexpr int kFragmentBits = 16;
constexpr std::size_t kBucketEntries = 256;

std::uint64_t bucket_of(std::uint64_t key, int bits) { return bits == 0 ? 0 : key >> (64 - bits); }

// Bits that neither choose the bucket nor are left out of keys (terms.hpp).
std::uint16_t fragment_of(std::uint64_t key) { return static_cast<std::uint16_t>(key >> 1); }

void append_entry(std::string& out, std::uint64_t key, std::uint64_t distance) {
  const std::uint16_t fragment = fragment_of(key);
  out.push_back(static_cast<char>(fragment & 0xff));
  out.push_back(static_cast<char>(fragment >> 8));
  for (; distance >= 0x80; distance >>= 7) out.push_back(static_cast<char>(distance | 0x80));
  out.push_back(static_cast<char>(distance));
}

// Calls `visit(fragment, id)` for each entry of a bucket. Damaged bytes make wrong entries, no more.
template <class Visit>
void each_entry(std::string_view bytes, std::int64_t first_id, Visit visit) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  auto id = static_cast<std::uint64_t>(first_id);
  for (std::size_t i = 0; i + 2 < bytes.size();) {
    const auto fragment = static_cast<std::uint16_t>(byte(i) | byte(i + 1) << 8);
    std::uint64_t distance = 0;
    i += 2;
    for (int shift = 0; i < bytes.size() && shift < 64; shift += 7) {
      const unsigned char b = byte(i++);
      distance |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) break;
    }
    id += distance;
    visit(fragment, static_cast<std::int64_t>(id));
  }
}

struct Bucket {
  std::string bytes;
  std::int64_t last_id = 0;
};

}  // namespace

EventKeys read_event_keys(const Statement& row) {
  EventKeys keys{row.integer(0), row.small(1), hash_text(row.bytes(2)), {}};
  const std::string_view terms = row.bytes(3);
  for (std::size_t i = 0; i < term_count(terms); ++i) keys.terms.push_back(term_key(term_at(terms, i)));
  return keys;
}

void LogEntries::add_row(std::int64_t id) {
  ++rows;
  last_id = std::max(last_id, id);
}

void LogEntries::add_event(const EventKeys& event) {
  add_row(event.id);
  event_types |= 1U << event.type;
  list(LogKind::EventTeam).push_back({event.team, event.id});
  for (const std::uint64_t term : event.terms) list(LogKind::EventTerm).push_back({term, event.id});
}

void LogEntries::add_delivery(std::int64_t id, WebhookId webhook, const EventKeys& event) {
  add_row(id);
  delivery_types |= 1U << event.type;
  list(LogKind::DeliveryWebhook).push_back({hash_number(webhook.value), id});
  list(LogKind::DeliveryTeam).push_back({event.team, id});
  for (const std::uint64_t term : event.terms) list(LogKind::DeliveryTerm).push_back({term, id});
}

void LogEntries::clear() {
  for (auto& entries : lists) entries.clear();
  rows = 0;
  last_id = 0;
  event_types = delivery_types = 0;
}

int bucket_bits_for(std::size_t entries) {
  return entries <= kBucketEntries
             ? 0
             : std::min(kBucketShift - 1, static_cast<int>(std::bit_width((entries - 1) / kBucketEntries)));
}

std::int64_t bucket_id(std::int64_t segment, LogKind kind, std::uint64_t bucket) {
  return segment << (kBucketShift + kKindShift) | static_cast<std::int64_t>(kind) << kBucketShift |
         static_cast<std::int64_t>(bucket);
}

void write_entries(Database& db, const LogSegment& segment, LogKind kind, std::span<const LogEntry> entries) {
  std::vector<Bucket> buckets(std::size_t{1} << segment.bucket_bits);
  for (const LogEntry& entry : entries) {
    Bucket& bucket = buckets[bucket_of(entry.key, segment.bucket_bits)];
    const std::int64_t from = bucket.bytes.empty() ? segment.first_id : bucket.last_id;
    append_entry(bucket.bytes, entry.key, static_cast<std::uint64_t>(entry.id - from));
    bucket.last_id = entry.id;
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (buckets[i].bytes.empty()) continue;
    db.run("INSERT INTO log_index(id,entries) VALUES(?,?)", bucket_id(segment.number, kind, i), Blob{buckets[i].bytes});
  }
}

std::vector<std::int64_t> find_entries(Database& db, const LogSegment& segment, LogKind kind, std::uint64_t key) {
  std::vector<std::int64_t> ids;
  Rows rows = db.query("SELECT entries FROM log_index WHERE id=?",
                       bucket_id(segment.number, kind, bucket_of(key, segment.bucket_bits)));
  if (!rows.next()) return ids;
  const std::uint16_t wanted = fragment_of(key);
  each_entry(rows->bytes(0), segment.first_id, [&](std::uint16_t fragment, std::int64_t id) {
    // A row may have the same key twice: a number with and without its '+'.
    if (fragment == wanted && (ids.empty() || ids.back() != id)) ids.push_back(id);
  });
  return ids;
}

std::vector<LogEntry> stored_entries(Database& db, const LogSegment& segment, LogKind kind) {
  std::vector<LogEntry> entries;
  const std::int64_t first = bucket_id(segment.number, kind, 0);
  for (Rows rows = db.query("SELECT id,entries FROM log_index WHERE id>=? AND id<?", first,
                            first + (std::int64_t{1} << kBucketShift));
       rows.next();) {
    const auto bucket = static_cast<std::uint64_t>(rows->integer(0) - first);
    each_entry(rows->bytes(1), segment.first_id, [&](std::uint16_t fragment, std::int64_t id) {
      entries.push_back({bucket << kFragmentBits | fragment, id});
    });
  }
  std::ranges::sort(entries);
  return entries;
}

std::uint64_t shortened_key(const LogSegment& segment, std::uint64_t key) {
  return bucket_of(key, segment.bucket_bits) << kFragmentBits | fragment_of(key);
}

std::int64_t indexed_through(Database& db) {
  return db.number("SELECT last_id FROM log_segments ORDER BY number DESC LIMIT 1");
}

Rows segments_between(Database& db, std::int64_t low, std::int64_t high) {
  return db.query(
      "SELECT number,first_id,last_id,bucket_bits,event_types,delivery_types FROM log_segments "
      "WHERE last_id>=? AND first_id<? ORDER BY number DESC",
      low, high);
}

LogSegment read_segment(const Statement& row) {
  return {row.integer(0),
          row.integer(1),
          row.integer(2),
          row.small(3),
          static_cast<unsigned>(row.integer(4)),
          static_cast<unsigned>(row.integer(5))};
}

std::vector<LogSegment> all_segments(Database& db) {
  std::vector<LogSegment> segments;
  for (Rows rows = db.query("SELECT number,first_id,last_id,bucket_bits,event_types,delivery_types FROM log_segments "
                            "ORDER BY number");
       rows.next();) {
    segments.push_back(read_segment(*rows));
  }
  return segments;
}

std::size_t drop_segment(Database& db, std::int64_t number) {
  db.run("DELETE FROM log_index WHERE id>=? AND id<?", bucket_id(number, LogKind{}, 0),
         bucket_id(number + 1, LogKind{}, 0));
  const auto rows = static_cast<std::size_t>(db.changes());
  db.run("DELETE FROM log_segments WHERE number=?", number);
  return rows + 1;
}

}  // namespace limehook::store::sqlite
