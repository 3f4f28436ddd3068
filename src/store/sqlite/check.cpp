#include <algorithm>
#include <array>
#include <exception>
#include <iterator>

#include "store/sqlite/database.hpp"
#include "store/sqlite/delivery_check.hpp"
#include "store/sqlite/files.hpp"
#include "store/sqlite/log_check.hpp"
#include "store/sqlite/log_mark.hpp"
#include "store/sqlite/onlooker.hpp"
#include "store/sqlite/row_check.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sealed.hpp"
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
std::string number_name(std::int64_t id) { return NumberId{id}.str(); }
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
    Rule{"listed delivery that is not there",
         "SELECT u.delivery FROM undelivered u WHERE NOT EXISTS(SELECT 1 FROM deliveries d WHERE d.id=u.delivery)",
         delivery_name},
    Rule{"skip without its delivery",
         "SELECT s.delivery FROM skips s WHERE NOT EXISTS(SELECT 1 FROM deliveries d WHERE d.id=s.delivery)",
         delivery_name},
    Rule{"count of pruned attempts without their block",
         "SELECT p.block FROM pruned_attempts p WHERE NOT EXISTS(SELECT 1 FROM attempt_blocks b WHERE b.id=p.block AND "
         "b.attempt_count>p.attempt_count)",
         plain_number},
    Rule{"webhook whose current version is not in the log of versions",
         "SELECT w.id FROM webhooks w WHERE NOT EXISTS(SELECT 1 FROM webhook_versions v WHERE v.webhook=w.id AND "
         "v.version=w.version)",
         webhook_name},
    Rule{"number that is there twice",
         "SELECT n.id FROM numbers n WHERE EXISTS(SELECT 1 FROM numbers o WHERE o.number=n.number AND o.id<n.id)",
         number_name},
    Rule{"idempotency key that would never expire",
         "SELECT i.event FROM idempotency i WHERE NOT EXISTS(SELECT 1 FROM idempotency_log l WHERE l.event=i.event AND "
         "l.key=i.key)",
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

}  // namespace

std::vector<std::string> check_sqlite_store(const std::filesystem::path& directory, const vault::Vault* vault) {
  std::vector<std::string> problems;
  const std::filesystem::path file = directory / kDatabaseName;
  if (std::string missing = missing_store(directory); !missing.empty()) return {std::move(missing)};
  try {
    // Then nothing is opened: to SQLite what it can read of the log would be the whole log.
    if (std::string missing = missing_commits(directory); !missing.empty()) return {std::move(missing)};
    Onlooker onlooker(file);
    Database& db = onlooker.database();
    db.script("PRAGMA cache_size=-32768");
    const Transaction transaction(db, Transaction::Kind::Read);
    if (std::string problem = version_problem(db, migrations().back().number); !problem.empty()) return {problem};
    if (db.number("PRAGMA user_version") != migrations().back().number) {
      return {"the store is of an older version: start the server once to bring it up to date"};
    }
    check_file(db, problems);
    check_rules(db, problems);
    check_deliveries(db, problems);
    check_log_index(db, problems);
    const auto unopenable = find_unopenable(db, vault, kReportsMax);
    problems.insert(problems.end(), unopenable.begin(), unopenable.end());
    check_rows(db, unopenable.empty() ? vault : nullptr, problems);
    if (std::string disturbance = onlooker.disturbance(); !disturbance.empty()) return {std::move(disturbance)};
  } catch (const std::exception& problem) {  // of the store, or of what reads its rows
    problems.push_back(std::string("cannot read the store: ") + problem.what());
  }
  return problems;
}

}  // namespace limehook::store
