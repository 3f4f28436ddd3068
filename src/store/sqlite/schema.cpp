#include "store/sqlite/schema.hpp"

#include <array>

#include "base/assert.hpp"
#include "store/sqlite/key_migration.hpp"

namespace limehook::store::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x4C696D65;  // "Lime": tells `file` and us whose database this is

constexpr const char* kVersion1 = R"sql(
CREATE TABLE events(
  id INTEGER PRIMARY KEY,
  type INTEGER NOT NULL,
  test INTEGER NOT NULL,
  received_at INTEGER NOT NULL,      -- microseconds since the Unix epoch, as are all times
  first_delivery INTEGER NOT NULL,   -- the deliveries made on acceptance; 0: none
  last_delivery INTEGER NOT NULL,
  delivery_count INTEGER NOT NULL,
  team TEXT NOT NULL,
  terms BLOB NOT NULL,               -- eight bytes for each search term
  payload TEXT NOT NULL
);
CREATE TABLE deliveries(
  id INTEGER PRIMARY KEY,
  event INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  type INTEGER NOT NULL,             -- the event's
  test INTEGER NOT NULL,
  body_type INTEGER NOT NULL,        -- of what is sent
  order_key INTEGER NOT NULL,        -- the event's
  state BLOB NOT NULL,               -- delivery_state.hpp
  body TEXT,                         -- what is sent, where it is not the event's payload
  note TEXT
);
CREATE TABLE undelivered(            -- delivery_state.hpp
  status INTEGER NOT NULL,
  delivery INTEGER NOT NULL,
  PRIMARY KEY(status, delivery)
) WITHOUT ROWID;
CREATE TABLE pending_index(through INTEGER NOT NULL);  -- one row: deliveries.id
INSERT INTO pending_index VALUES(0);
CREATE TABLE redeliveries(
  event INTEGER NOT NULL,
  delivery INTEGER NOT NULL,
  PRIMARY KEY(event, delivery)
) WITHOUT ROWID;
CREATE TABLE attempt_blocks(
  id INTEGER PRIMARY KEY,
  attempt_count INTEGER NOT NULL,
  attempts BLOB NOT NULL             -- attempt_block.hpp
);
CREATE TABLE pruned_attempts(        -- of blocks that others still need
  block INTEGER PRIMARY KEY,
  attempt_count INTEGER NOT NULL
);
CREATE TABLE idempotency(
  key BLOB PRIMARY KEY,              -- scope, a zero byte, key
  event INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE idempotency_log(
  event INTEGER PRIMARY KEY,
  key BLOB NOT NULL
);
CREATE TABLE log_segments(
  number INTEGER PRIMARY KEY,
  first_id INTEGER NOT NULL,         -- ids of events and deliveries in [first_id, last_id] are indexed in it
  last_id INTEGER NOT NULL,
  bucket_bits INTEGER NOT NULL,
  event_types INTEGER NOT NULL,      -- one bit for each type that occurs
  delivery_types INTEGER NOT NULL
);
CREATE TABLE log_index(
  id INTEGER PRIMARY KEY,            -- segment, kind and bucket
  entries BLOB NOT NULL
);
CREATE TABLE webhooks(
  id INTEGER PRIMARY KEY,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  team TEXT NOT NULL,
  config TEXT NOT NULL,              -- JSON, without secrets; empty once deleted
  secrets BLOB NOT NULL              -- JSON, sealed (sealed.hpp); empty once deleted
);
CREATE TABLE webhook_versions(
  webhook INTEGER NOT NULL,
  version INTEGER NOT NULL,
  url TEXT NOT NULL,
  fallback_url TEXT NOT NULL,
  signature_header TEXT NOT NULL,
  header_names TEXT NOT NULL,        -- one a line
  PRIMARY KEY(webhook, version)
) WITHOUT ROWID;
CREATE TABLE webhook_health(         -- of those that are failing
  webhook INTEGER PRIMARY KEY,
  failing_since INTEGER,
  noticed INTEGER NOT NULL
);
CREATE TABLE keys(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  role INTEGER NOT NULL,
  team TEXT NOT NULL,
  hash BLOB NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  last_used_at INTEGER
);
CREATE TABLE numbers(
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL,
  team TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE TABLE teams(
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE users(
  id INTEGER PRIMARY KEY,
  config TEXT NOT NULL,              -- JSON, without secrets
  secrets BLOB NOT NULL              -- JSON, sealed (sealed.hpp)
);
CREATE TABLE sessions(
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL,
  user INTEGER NOT NULL,             -- 0: a portal of the team
  team TEXT NOT NULL,
  role INTEGER NOT NULL,
  client_address TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL
);
CREATE TABLE links(
  id INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  hash BLOB NOT NULL,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  admin INTEGER NOT NULL,
  team TEXT NOT NULL,
  role INTEGER NOT NULL,
  user INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE TABLE audits(
  id INTEGER PRIMARY KEY,
  actor_kind INTEGER NOT NULL,
  actor TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  client_address TEXT NOT NULL,
  team TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  target_name TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL
);
CREATE INDEX audits_by_team ON audits(team);
CREATE TABLE recoveries(
  id INTEGER PRIMARY KEY,
  webhook INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  state INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  events INTEGER NOT NULL,           -- one bit for each type it takes
  term TEXT NOT NULL,
  http_status INTEGER NOT NULL,
  outcome INTEGER,
  position INTEGER NOT NULL,
  examined INTEGER NOT NULL,
  redelivered INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX recoveries_by_webhook ON recoveries(webhook);
CREATE TABLE stats(
  webhook INTEGER NOT NULL,          -- its hours; 0: the minutes of the installation as a whole
  start INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  attempts_failed INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  latency BLOB NOT NULL,             -- LatencyHistogram: four bytes for each bucket, low byte first
  PRIMARY KEY(webhook, start)
) WITHOUT ROWID;
CREATE TABLE stats_minutes(          -- of webhooks; the columns are those of stats
  start INTEGER NOT NULL,
  webhook INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  attempts_failed INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  latency BLOB NOT NULL,
  PRIMARY KEY(start, webhook)
) WITHOUT ROWID;
)sql";

// How each URL of a webhook fares; why what was given up was; a recovery of what somebody skipped.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE webhook_health ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_health ADD COLUMN opened_at INTEGER;     -- null: the breaker is closed
ALTER TABLE webhook_health ADD COLUMN probe_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_health ADD COLUMN pause INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_health ADD COLUMN fallback_failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_health ADD COLUMN fallback_opened_at INTEGER;
ALTER TABLE webhook_health ADD COLUMN fallback_probe_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhook_health ADD COLUMN fallback_pause INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recoveries ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
CREATE TABLE skips(                  -- who skipped a delivery
  delivery INTEGER PRIMARY KEY,
  actor_kind INTEGER NOT NULL,
  actor TEXT NOT NULL,
  actor_name TEXT NOT NULL
);
CREATE TABLE webhook_ends(           -- when a webhook was deleted, disabled or switched to polling, and by whom
  webhook INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor_kind INTEGER NOT NULL,
  actor TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  because TEXT NOT NULL,
  PRIMARY KEY(webhook, at)
) WITHOUT ROWID;
)sql";

// Keys were those of the caller's team, which is none for a key of all teams; now they are those of the event's. An
// item of a batch had its place in its key ("#3"); now its content is in it. Either form counts for what a key has made
// already: whether "a#3" came with an item or was a caller's own cannot be told.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE keys_of_events(
  key BLOB PRIMARY KEY,              -- the event's team, a zero byte, key (store/idempotency.hpp)
  event INTEGER NOT NULL,
  deliveries INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  fingerprint BLOB                   -- of the payload; null: nothing is known of it
) WITHOUT ROWID;
INSERT OR IGNORE INTO keys_of_events(key,event,deliveries,created_at)
  SELECT CASE WHEN e.team<>'' THEN key_of_event(i.key,e.team) ELSE i.key END, i.event, i.deliveries, i.created_at
  FROM idempotency i LEFT JOIN events e ON e.id=i.event ORDER BY i.event DESC;
INSERT OR IGNORE INTO keys_of_events(key,event,deliveries,created_at)
  SELECT key_of_item(i.key,e.team,e.payload), i.event, i.deliveries, i.created_at
  FROM idempotency i JOIN events e ON e.id=i.event
  WHERE key_of_item(i.key,e.team,e.payload) IS NOT NULL ORDER BY i.event DESC;
CREATE TABLE keys_in_time(
  event INTEGER NOT NULL,
  key BLOB NOT NULL,
  PRIMARY KEY(event, key)
) WITHOUT ROWID;
INSERT INTO keys_in_time(event,key) SELECT event,key FROM keys_of_events ORDER BY event,key;
DROP TABLE idempotency;
DROP TABLE idempotency_log;
ALTER TABLE keys_of_events RENAME TO idempotency;
ALTER TABLE keys_in_time RENAME TO idempotency_log;
)sql";

constexpr const char* kVersion4 = R"sql(
CREATE TABLE cursor_key(key BLOB NOT NULL);  -- one row: seals the cursors of lists (api/cursor.hpp)
INSERT INTO cursor_key VALUES(randomblob(32));
)sql";

// Who made a link or a portal, so that these end with them; where the log of a team begins.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE links ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE teams ADD COLUMN begins_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE teams ADD COLUMN declared INTEGER NOT NULL DEFAULT 0;
)sql";

constexpr std::array<Migration, 5> kMigrations{
    {{1, kVersion1}, {2, kVersion2}, {3, kVersion3}, {4, kVersion4}, {5, kVersion5}}};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

namespace {

// Closing the last connection would move a log that was found, which is for those who know what is in it.
void leave_as_it_is(Database& db) {
  sqlite3_file* const log = db.log_file();
  sqlite3_int64 bytes = 0;
  if (log && log->pMethods->xFileSize(log, &bytes) == SQLITE_OK && bytes > 0) db.leave_log_at_close();
}

}  // namespace

std::string version_problem(Database& db, int current) {
  const auto version = db.number("PRAGMA user_version");
  const auto application = db.number("PRAGMA application_id");
  const bool has_tables = db.number("SELECT count(*) FROM sqlite_schema") > 0;
  if (has_tables && application != kApplicationId) return "the database file is not one of Limehook's";
  if (version > current) {
    leave_as_it_is(db);
    return "the store was written by a newer Limehook (store version " + std::to_string(version) +
           ", this one reads up to " + std::to_string(current) + "): use that version or restore a backup";
  }
  return {};
}

std::expected<void, std::string> migrate(Database& db, std::span<const Migration> steps) {
  LIMEHOOK_ASSERT(!steps.empty());
  if (std::string problem = version_problem(db, steps.back().number); !problem.empty()) {
    return std::unexpected(std::move(problem));
  }
  const auto version = db.number("PRAGMA user_version");
  add_key_functions(db);
  for (const Migration& step : steps) {
    if (step.number <= version) continue;
    Transaction transaction(db, Transaction::Kind::Write);
    db.script(step.sql);
    db.script("PRAGMA application_id=" + std::to_string(kApplicationId));
    db.script("PRAGMA user_version=" + std::to_string(step.number));
    transaction.commit();
  }
  return {};
}

}  // namespace limehook::store::sqlite
