#include <algorithm>
#include <array>
#include <system_error>

#include "store/sqlite/attempt_block.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/log_check.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace limehook::store {

using namespace sqlite;

namespace {

constexpr int kReportsMax = 20;  // of one kind

// Rows that break a rule: the query answers their public ids.
struct Rule {
  const char* problem;
  const char* sql;
  std::string (*name)(std::int64_t id);
};

std::string event_name(std::int64_t id) { return EventId{id}.str(); }
std::string delivery_name(std::int64_t id) { return DeliveryId{id}.str(); }
std::string webhook_name(std::int64_t id) { return WebhookId{id}.str(); }
std::string plain_number(std::int64_t id) { return std::to_string(id); }

constexpr std::array kRules{
    Rule{"delivery without its event",
         "SELECT d.id FROM deliveries d WHERE NOT EXISTS(SELECT 1 FROM events e WHERE e.id=d.event)", delivery_name},
    Rule{
        "delivery that its event does not know",
        "SELECT d.id FROM deliveries d CROSS JOIN events e ON e.id=d.event WHERE d.id NOT BETWEEN e.first_delivery AND "
        "e.last_delivery AND NOT EXISTS(SELECT 1 FROM redeliveries r WHERE r.event=e.id AND r.delivery=d.id)",
        delivery_name},
    Rule{"redelivery without its delivery",
         "SELECT r.delivery FROM redeliveries r WHERE NOT EXISTS(SELECT 1 FROM deliveries d WHERE d.id=r.delivery AND "
         "d.event=r.event)",
         delivery_name},
    Rule{"event whose deliveries are not all there",
         "SELECT e.id FROM events e WHERE e.delivery_count<>(SELECT count(*) FROM deliveries d WHERE d.id>="
         "e.first_delivery AND d.id<=e.last_delivery AND d.event=e.id)",
         event_name},
    Rule{"delivery with an unknown status", "SELECT id FROM deliveries WHERE status NOT BETWEEN 0 AND 5",
         delivery_name},
    Rule{"pending delivery that would not be found",
         "SELECT id FROM deliveries WHERE (status=0 AND id<=(SELECT through FROM pending_index)) OR (status=5 AND "
         "id>(SELECT through FROM pending_index))",
         delivery_name},
    Rule{"closed delivery with a next attempt",
         "SELECT id FROM deliveries WHERE status IN (2,3,4) AND next_attempt_at IS NOT NULL", delivery_name},
    Rule{"delivery in retry without an attempt", "SELECT id FROM deliveries WHERE status IN (1,2) AND attempts=0",
         delivery_name},
    Rule{"delivery with an impossible retry round",
         "SELECT id FROM deliveries WHERE round_start<0 OR round_start>attempts", delivery_name},
    Rule{"count of pruned attempts without their block",
         "SELECT p.block FROM pruned_attempts p WHERE NOT EXISTS(SELECT 1 FROM attempt_blocks b WHERE b.id=p.block AND "
         "b.attempt_count>p.attempt_count)",
         plain_number},
    Rule{"webhook whose current version is not in the log of versions",
         "SELECT w.id FROM webhooks w WHERE NOT EXISTS(SELECT 1 FROM webhook_versions v WHERE v.webhook=w.id AND "
         "v.version=w.version)",
         webhook_name},
    Rule{"idempotency key that would never expire",
         "SELECT i.event FROM idempotency i WHERE NOT EXISTS(SELECT 1 FROM idempotency_log l WHERE l.event=i.event)",
         event_name},
    Rule{"segment of the log index that overlaps the one before",
         "SELECT s.number FROM log_segments s WHERE s.first_id>s.last_id OR s.first_id<=coalesce((SELECT max(last_id) "
         "FROM log_segments p WHERE p.number<s.number),0)",
         plain_number},
};

void check_file(Database& db, std::vector<std::string>& problems) {
  for (Rows rows = db.query("PRAGMA integrity_check(20)"); rows.next();) {
    if (rows->bytes(0) != "ok") problems.push_back("database file: " + rows->text(0));
  }
}

void check_rules(Database& db, std::vector<std::string>& problems) {
  for (const Rule& rule : kRules) {
    Rows rows = db.query(rule.sql);
    for (int i = 0; i < kReportsMax && rows.next(); ++i) {
      problems.push_back(std::string(rule.problem) + ": " + rule.name(rows->integer(0)));
    }
  }
}

// Do the attempts from `attempt` back bear the numbers from `count` down to 1?
bool chain_is_whole(AttemptReader& reader, std::int64_t delivery, AttemptRef attempt, std::int64_t count) {
  for (; attempt != 0; --count) {
    const auto stored = reader.read(attempt);
    if (!stored || stored->delivery.value != delivery || stored->attempt.number != count) return false;
    attempt = stored->previous;
  }
  return count == 0;
}

// As many as the block says, to its last byte?
bool block_is_whole(std::string_view block, std::int64_t count) {
  std::size_t offset = 0;
  for (; count > 0; --count) {
    if (!read_attempt(block, offset)) return false;
  }
  return offset == block.size();
}

// Answers how many attempts are stored whose deliveries are, too.
std::int64_t check_blocks(Database& db, std::vector<std::string>& problems) {
  std::int64_t stored = 0;
  int reports = 0;
  for (Rows rows = db.query("SELECT id,attempt_count,attempts FROM attempt_blocks"); rows.next();) {
    stored += rows->integer(1);
    if (block_is_whole(rows->bytes(2), rows->integer(1)) || ++reports > kReportsMax) continue;
    problems.push_back("damaged block of attempts: " + rows->text(0));
  }
  return stored - db.number("SELECT sum(attempt_count) FROM pruned_attempts");
}

void check_attempts(Database& db, std::vector<std::string>& problems) {
  std::int64_t linked = 0;
  int reports = 0;
  AttemptReader reader(db);
  for (Rows rows = db.query("SELECT id,last_attempt,attempts FROM deliveries WHERE attempts>0 OR last_attempt<>0");
       rows.next();) {
    linked += rows->integer(2);
    if (chain_is_whole(reader, rows->integer(0), rows->integer(1), rows->integer(2))) continue;
    if (++reports <= kReportsMax) {
      problems.push_back("delivery whose attempts are not numbered 1 to " + rows->text(2) + ": " +
                         delivery_name(rows->integer(0)));
    }
  }
  const std::int64_t stored = check_blocks(db, problems);
  if (reports == 0 && stored != linked) {
    problems.push_back(std::to_string(stored) + " attempts are stored, but deliveries count " + std::to_string(linked));
  }
}

}  // namespace

std::vector<std::string> check_sqlite_store(const std::filesystem::path& directory) {
  std::vector<std::string> problems;
  const std::filesystem::path file = directory / kDatabaseName;
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return {"there is no store in " + directory.string()};
  try {
    Database db(file, OpenMode::Existing);
    db.script("PRAGMA query_only=1; PRAGMA cache_size=-32768");
    const Transaction transaction(db, Transaction::Kind::Read);
    if (std::string problem = version_problem(db, migrations().back().number); !problem.empty()) return {problem};
    if (db.number("PRAGMA user_version") != migrations().back().number) {
      return {"the store is of an older version: start the server once to bring it up to date"};
    }
    check_file(db, problems);
    check_rules(db, problems);
    check_attempts(db, problems);
    check_log_index(db, problems);
  } catch (const SqliteError& problem) {
    problems.push_back(std::string("cannot read the store: ") + problem.what());
  }
  return problems;
}

}  // namespace limehook::store
