#include "store/sqlite/stats.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace limehook::store::sqlite {
namespace {

#define LIMEHOOK_STATS_COLUMNS "attempts,attempts_failed,delivered,failed,latency"

constexpr Duration kMinute = std::chrono::minutes(1);

// The statements that add to a bucket of one of the tables.
struct Table {
  const char* find;
  const char* put;
};
constexpr Table kStats{"SELECT " LIMEHOOK_STATS_COLUMNS " FROM stats WHERE webhook=? AND start=?",
                       "INSERT OR REPLACE INTO stats(webhook,start," LIMEHOOK_STATS_COLUMNS ") VALUES(?,?,?,?,?,?,?)"};
constexpr Table kMinutes{"SELECT " LIMEHOOK_STATS_COLUMNS " FROM stats_minutes WHERE webhook=? AND start=?",
                         "INSERT OR REPLACE INTO stats_minutes(webhook,start," LIMEHOOK_STATS_COLUMNS
                         ") VALUES(?,?,?,?,?,?,?)"};

StatsCounts read_counts(const Statement& row, int column = 0) {
  StatsCounts counts;
  counts.attempts = static_cast<std::uint32_t>(row.integer(column));
  counts.attempts_failed = static_cast<std::uint32_t>(row.integer(column + 1));
  counts.delivered = static_cast<std::uint32_t>(row.integer(column + 2));
  counts.failed = static_cast<std::uint32_t>(row.integer(column + 3));
  const std::string_view latency = row.bytes(column + 4);
  std::memcpy(counts.latency.counts.data(), latency.data(), std::min(latency.size(), sizeof counts.latency.counts));
  return counts;
}

// Views into it.
std::string_view latency_bytes(const LatencyHistogram& latency) {
  return {reinterpret_cast<const char*>(latency.counts.data()), sizeof latency.counts};
}

void merge_range(Database& db, WebhookId webhook, WallTime since, WallTime until, StatsSeries& series) {
  for (Rows rows =
           db.query("SELECT start," LIMEHOOK_STATS_COLUMNS " FROM stats WHERE webhook=? AND start>=? AND start<?",
                    webhook, since, until);
       rows.next();) {
    series[rows->time(0)].merge(read_counts(*rows, 1));
  }
}

// The first minute from `since` on in which any webhook has a bucket.
std::optional<WallTime> next_minute(Database& db, WallTime since, WallTime until) {
  Rows rows =
      db.query("SELECT start FROM stats_minutes WHERE start>=? AND start<? ORDER BY start LIMIT 1", since, until);
  return rows.next() ? std::optional(rows->time(0)) : std::nullopt;
}

void merge_minute(Database& db, std::span<const WebhookId> webhooks, WallTime start, StatsSeries& series) {
  for (const WebhookId webhook : webhooks) {
    Rows rows = db.query(kMinutes.find, webhook, start);
    if (rows.next()) series[start].merge(read_counts(*rows));
  }
}

}  // namespace

void add_stats(Database& db, const StatsBucket& bucket) {
  const Table& table = bucket.webhook && bucket.width == kMinute ? kMinutes : kStats;
  StatsCounts counts = bucket.counts;
  {
    Rows rows = db.query(table.find, bucket.webhook, bucket.start);
    if (rows.next()) counts.merge(read_counts(*rows));
  }
  db.run(table.put, bucket.webhook, bucket.start, counts.attempts, counts.attempts_failed, counts.delivered,
         counts.failed, Blob{latency_bytes(counts.latency)});
}

StatsSeries list_stats(Database& db, std::span<const WebhookId> webhooks, Duration width, WallTime since,
                       WallTime until) {
  StatsSeries series;
  if (webhooks.empty()) {
    merge_range(db, {}, since, until, series);
  } else if (width == kMinute) {
    for (auto start = next_minute(db, since, until); start; start = next_minute(db, *start + kMinute, until)) {
      merge_minute(db, webhooks, *start, series);
    }
  } else {
    for (const WebhookId webhook : webhooks) merge_range(db, webhook, since, until, series);
  }
  return series;
}

std::size_t remove_minutes(Database& db, WallTime before, std::size_t rows_max) {
  if (!next_minute(db, WallTime::min(), before)) return 0;  // most of the time
  db.run(
      "DELETE FROM stats_minutes WHERE (start,webhook) IN "
      "(SELECT start,webhook FROM stats_minutes WHERE start<? ORDER BY start,webhook LIMIT ?)",
      before, rows_max);
  return static_cast<std::size_t>(db.changes());
}

}  // namespace limehook::store::sqlite
