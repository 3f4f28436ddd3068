// What only the SQLite store has: its folder, its file's version, check and backup, survival of a kill.

#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <thread>

#include "signing/signing.hpp"
#include "sqlite_fixture.hpp"
#include "store/idempotency.hpp"
#include "store/sqlite/schema.hpp"

namespace limehook::store {
namespace {

std::string hex_of(std::string_view bytes) {
  return signing::hex({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class SqliteStoreTest : public SqliteTest {
 protected:
  // Runs SQL on the file behind the store's back.
  void tamper(const std::string& sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  static int mode_of(const std::filesystem::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777;
  }
};

TEST_F(SqliteStoreTest, OnlyTheOwnerMayRead) {
  auto store = open();
  store->commit(batch_of(1));
  EXPECT_EQ(mode_of(directory()), 0700);
  for (const char* name : {"limehook.db", "limehook.db-wal", "limehook.db-shm", "lock"}) {
    EXPECT_EQ(mode_of(directory() / name), 0600) << name;
  }
}

TEST_F(SqliteStoreTest, SecondServerOnAFolderIsRefused) {
  auto store = open();
  EXPECT_THAT(refusal(), HasSubstr("in use by another Limehook server"));
  store.reset();
  EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteStoreTest, NewerVersionIsRefusedAndLeftAlone) {
  open().reset();
  tamper("PRAGMA user_version=1000");
  EXPECT_THAT(refusal(), HasSubstr("written by a newer Limehook (store version 1000"));
  EXPECT_THAT(check_sqlite_store(directory()), ElementsAre(HasSubstr("newer Limehook")));
  tamper("PRAGMA user_version=" + std::to_string(sqlite::migrations().back().number));
  EXPECT_EQ(refusal(), "");
}

TEST_F(SqliteStoreTest, ForeignDatabaseIsRefused) {
  std::filesystem::create_directories(directory());
  tamper("CREATE TABLE recipes(name)");
  EXPECT_THAT(refusal(), HasSubstr("not one of Limehook's"));
}

TEST_F(SqliteStoreTest, FileThatIsNoDatabaseIsRefused) {
  std::filesystem::create_directories(directory());
  std::ofstream(file()) << std::string(4096, 'x');
  EXPECT_THAT(refusal(), HasSubstr("cannot open the store"));
}

// Goal: cursors go on working after a restart, and those of another store do not work here.
TEST_F(SqliteStoreTest, CursorKeyIsTheStoresOwnForGood) {
  const std::string key = open()->load_catalog().cursor_key;
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(open()->load_catalog().cursor_key, key);
  std::filesystem::remove_all(directory());
  EXPECT_NE(open()->load_catalog().cursor_key, key);
}

TEST_F(SqliteStoreTest, MigrationsAreNumberedWithoutGaps) {
  int expected = 1;
  for (const sqlite::Migration& migration : sqlite::migrations()) EXPECT_EQ(migration.number, expected++);
}

// Goal: a file of an older version gets each step it lacks, once, and keeps its data; a step that fails leaves the file
// at the version before.
TEST_F(SqliteStoreTest, OlderVersionIsBroughtForward) {
  using sqlite::Migration;
  constexpr std::array first{Migration{1, "CREATE TABLE a(x); INSERT INTO a VALUES(1)"}};
  constexpr std::array broken{first[0], Migration{2, "ALTER TABLE a ADD COLUMN y DEFAULT 7"},
                              Migration{3, "UPDATE a SET x=x+1; SELECT nonsense"}};
  constexpr std::array repaired{first[0], broken[1], Migration{3, "UPDATE a SET x=x+1"}};
  sqlite::Database db((folder_.path() / "old.db").string(), sqlite::OpenMode::Create);
  EXPECT_TRUE(sqlite::migrate(db, first));
  EXPECT_THROW((void)sqlite::migrate(db, broken), sqlite::SqliteError);
  EXPECT_EQ(db.number("PRAGMA user_version"), 2);
  EXPECT_EQ(db.number("SELECT x*100+y FROM a"), 107);
  EXPECT_TRUE(sqlite::migrate(db, repaired));
  EXPECT_TRUE(sqlite::migrate(db, repaired));
  EXPECT_EQ(db.number("SELECT x*100+y FROM a"), 207);
  EXPECT_FALSE(sqlite::migrate(db, first));
}

// Goal: what keys have made before they belonged to events' teams and items' contents still counts, whoever sends it
// again, and expires. Method: the tables of the first version with the rows that it wrote: by the team of the caller's
// key, items of batches by their place.
TEST_F(SqliteStoreTest, KeysOfOlderVersionsStillCount) {
  WriteBatch before = batch_of(3);
  const auto event_row = [](const Event& event) {
    return "INSERT INTO events VALUES(" + std::to_string(event.id.value) + ",0,0," +
           std::to_string(to_us(event.received_at)) + ",0,0,0,'" + event.team_id + "',x'','" + event.payload + "');";
  };
  const auto key_row = [](std::string_view key, const Event& event) {
    const std::string id = std::to_string(event.id.value);
    return "INSERT INTO idempotency VALUES(x'" + hex_of(key) + "'," + id + ",2," +
           std::to_string(to_us(event.received_at)) + ");INSERT INTO idempotency_log VALUES(" + id + ",x'" +
           hex_of(key) + "');";
  };
  std::string rows;
  const std::array keys{std::string("\0plain", 6), std::string("team_001\0batch#7", 16), std::string("\0gone#0", 7)};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    before.events[i].event.payload = R"({"n":)" + std::to_string(i) + "}";
    if (i < 2) rows += event_row(before.events[i].event);
    rows += key_row(keys[i], before.events[i].event);
  }
  std::filesystem::create_directories(directory());
  tamper(std::string(sqlite::migrations()[0].sql) + rows + "PRAGMA application_id=1281977701;PRAGMA user_version=1");

  auto store = open();
  WriteBatch batch = batch_of(5);
  const auto print = [](std::size_t i) { return fingerprint_of(R"({"n":)" + std::to_string(i) + "}"); };
  const std::array<std::string, 5> again{"plain", item_key("batch", print(1)), "batch#7", item_key("batch", print(0)),
                                         "plain"};
  for (std::size_t i = 0; i < again.size(); ++i) {
    batch.events[i].idempotency_key = again[i];
    batch.events[i].fingerprint = print(i);
  }
  batch.events[4].event.team_id = "team_002";
  const auto result = store->commit(batch);
  ASSERT_THAT(result.duplicates, SizeIs(3));
  for (const auto& [i, original] : {std::pair{0, 0}, {1, 1}, {2, 1}}) {
    const DuplicateEvent& duplicate = result.duplicates[static_cast<std::size_t>(i)];
    EXPECT_EQ(duplicate.index, static_cast<std::size_t>(i));
    EXPECT_EQ(duplicate.original, before.events[static_cast<std::size_t>(original)].event.id);
    EXPECT_EQ(duplicate.deliveries, 2);
    EXPECT_FALSE(duplicate.other_payload);
  }
  store.reset();
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  make_.now += std::chrono::hours(26);
  store = open();
  while (store->maintain(make_.now)) {
  }
  sqlite::Database db(file().string(), sqlite::OpenMode::Existing);
  EXPECT_EQ(db.number("SELECT count(*) FROM idempotency"), 0);
  EXPECT_EQ(db.number("SELECT count(*) FROM idempotency_log"), 0);
}

// Goal: what commit() called durable is there after a kill at any moment, and batches are whole. Method: a child
// commits and reports each batch through a pipe until it is killed.
TEST_F(SqliteStoreTest, SurvivesBeingKilled) {
  for (int round = 0; round < 3; ++round) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const std::size_t before = round == 0 ? 0 : event_count(*open());
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = SqliteStore::open(options());
      for (char done = 1; store; ++done) {
        make_.now += std::chrono::hours(round);
        if ((*store)->commit(batch_of(7)).status != CommitStatus::Committed) break;
        (*store)->maintain(make_.now);
        if (::write(pipe_ends[1], &done, 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(pipe_ends[1]);
    std::size_t reported = 0;
    for (char byte; reported < 20 && ::read(pipe_ends[0], &byte, 1) == 1;) ++reported;
    ::kill(child, SIGKILL);
    for (char byte; ::read(pipe_ends[0], &byte, 1) == 1;) ++reported;
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    EXPECT_GE(reported, 20U);
    auto store = open();
    const std::size_t count = event_count(*store) - before;
    EXPECT_GE(count, reported * 7);
    EXPECT_EQ(count % 7, 0U);
    EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
    make_.now = id_time(store->load_catalog().last_id) + std::chrono::seconds(1);
  }
}

// ---- check -----------------------------------------------------------------------------------------------------

class SqliteCheckTest : public SqliteStoreTest {
 protected:
  void SetUp() override {
    auto store = open();
    Webhook webhook;
    webhook.id = kWebhook;
    webhook.url = "https://example.com/";
    WriteBatch batch = batch_of(20);
    batch.webhooks.push_back(webhook);
    batch.events[0].idempotency_key = "k";
    for (int i = 0; i < 10; ++i) {
      make_.finish(batch, batch.events[static_cast<std::size_t>(i)].deliveries[0].id, DeliveryStatus::Retrying, 1);
      make_.finish(batch, batch.events[static_cast<std::size_t>(i)].deliveries[0].id, DeliveryStatus::Delivered, 2);
    }
    ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
    ASSERT_EQ(store->commit(batch_of(5)).status, CommitStatus::Committed);  // a second segment of the log index
    make_.now += std::chrono::seconds(10);
    while (store->maintain(make_.now)) {
    }
    EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());  // with the server at work
  }
};

TEST_F(SqliteCheckTest, FindsWhatIsBroken) {
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  struct Damage {
    const char* sql;
    const char* problem;
  };
  const std::array damages{
      Damage{
          "UPDATE deliveries SET state=substr(state,1,12)||zeroblob(8)||substr(state,21) WHERE substr(state,1,1)=x'02'",
          "closed delivery with a next attempt"},
      Damage{"UPDATE deliveries SET state=substr(state,1,4)||x'03'||substr(state,6) WHERE substr(state,1,1)=x'02'",
             "not numbered 1 to 3"},
      Damage{"DELETE FROM attempt_blocks WHERE id=(SELECT min(id) FROM attempt_blocks)", "not numbered 1 to 2"},
      Damage{"DELETE FROM attempt_blocks", "not numbered 1 to 2"},
      Damage{"INSERT INTO attempt_blocks SELECT 999,attempt_count,attempts FROM attempt_blocks LIMIT 1",
             "40 attempts are stored"},
      Damage{"UPDATE attempt_blocks SET attempts=substr(attempts,1,length(attempts)-1)", "damaged block of attempts"},
      Damage{"UPDATE attempt_blocks SET attempts=zeroblob(length(attempts))", "damaged block of attempts"},
      Damage{"UPDATE attempt_blocks SET attempts=attempts||x'ffffff'", "damaged block of attempts"},
      Damage{"INSERT INTO pruned_attempts VALUES(999,1)", "count of pruned attempts without their block"},
      Damage{"DELETE FROM events WHERE id=(SELECT min(id) FROM events)", "delivery without its event"},
      Damage{"DELETE FROM deliveries WHERE id=(SELECT max(id) FROM deliveries)", "whose deliveries are not all there"},
      Damage{"INSERT INTO redeliveries VALUES(1,1)", "redelivery without its delivery"},
      Damage{"UPDATE deliveries SET state=x'01'||zeroblob(35)", "in retry without an attempt"},
      Damage{"DELETE FROM undelivered", "would not be found by its status"},
      Damage{"INSERT INTO undelivered SELECT 3,id FROM deliveries WHERE substr(state,1,1)=x'02'",
             "listed under a status that is not theirs"},
      Damage{"INSERT INTO undelivered VALUES(3,1)", "listed delivery that is not there"},
      Damage{"UPDATE deliveries SET state=substr(state,1,8)||x'05'||substr(state,10)", "impossible retry round"},
      Damage{"UPDATE deliveries SET state=x'09'||substr(state,2)", "damaged state"},
      Damage{"UPDATE deliveries SET state=substr(state,2)", "damaged state"},
      Damage{"DELETE FROM webhook_versions", "current version"},
      Damage{"DELETE FROM idempotency_log", "never expire"},
      Damage{"UPDATE log_segments SET first_id=last_id+1", "overlaps"},
      Damage{"DELETE FROM log_segments WHERE number=1", "rows before segment 2 are not in the log index"},
      Damage{"UPDATE log_segments SET event_types=0 WHERE number=2", "segment 2 of the log index leaves out"},
      Damage{"UPDATE log_segments SET delivery_types=2 WHERE number=1", "segment 1 of the log index leaves out"},
      Damage{"DELETE FROM log_index WHERE id=(SELECT min(id) FROM log_index)", "entries of a webhook's deliveries"},
      Damage{"DELETE FROM log_index WHERE id=(SELECT max(id) FROM log_index)", "entries of a term's events"},
      Damage{"UPDATE log_index SET entries=entries||entries", "entries of a team's events"},
      Damage{"UPDATE log_index SET entries=substr(entries,2)", "entries of a team's deliveries"},
      Damage{"UPDATE log_index SET entries=zeroblob(7)||x'ffffffffffffffffffffffff'||entries",
             "of a term's deliveries"},
      Damage{"UPDATE deliveries SET webhook=webhook+1", "entries of a webhook's deliveries"},
      Damage{
          "UPDATE events SET first_delivery=0,last_delivery=0,delivery_count=0 WHERE id=(SELECT max(id) FROM events)",
          "its event does not know"},
  };
  const auto healthy = folder_.path() / "healthy.db";
  ASSERT_TRUE(backup_sqlite_store(directory(), healthy));
  for (const Damage& damage : damages) {
    for (const char* name : {"limehook.db", "limehook.db-wal", "limehook.db-shm"}) {
      std::filesystem::remove(directory() / name);
    }
    std::filesystem::copy_file(healthy, file());
    tamper(damage.sql);
    EXPECT_THAT(check_sqlite_store(directory()), testing::Contains(HasSubstr(damage.problem))) << damage.sql;
  }
}

// Goal: entries of pruned rows in a segment that is still in use are no damage.
TEST_F(SqliteCheckTest, AcceptsAPartlyPrunedLog) {
  auto store = open();
  make_.now += std::chrono::seconds(1);
  for (const DeliveryStatus status : {DeliveryStatus::Delivered, DeliveryStatus::Retrying, DeliveryStatus::Failed}) {
    for (int i = 0; i < 3; ++i) {
      WriteBatch batch = batch_of(1);
      make_.finish(batch, batch.events[0].deliveries[0].id, status);
      store->commit(batch);
    }
  }
  while (store->maintain(make_.now)) {
  }
  while (!store->prune(make_.now + std::chrono::seconds(1), 100).done) {
  }
  EXPECT_EQ(event_count(*store), 18U);  // what is open
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
}

// Goal: deliveries at a fallback, in every state, and failing webhooks are no damage; nor are their copies.
TEST_F(SqliteCheckTest, AcceptsFallbacksAndFailingWebhooks) {
  auto store = open();
  WriteBatch batch = batch_of(4);
  batch.healths.push_back({.webhook = kWebhook, .failing_since = make_.now, .noticed = true});
  constexpr std::array kStatuses{DeliveryStatus::Retrying, DeliveryStatus::Delivered, DeliveryStatus::Failed,
                                 DeliveryStatus::Canceled};
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    make_.finish(batch, batch.events[i].deliveries[0].id, kStatuses[i]);
    batch.updates.back().fallback = batch.attempts.back().attempt.fallback = true;
  }
  ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
  make_.now += std::chrono::seconds(10);
  while (store->maintain(make_.now)) {
  }
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  const auto restored = folder_.path() / "restored";
  std::filesystem::create_directories(restored);
  ASSERT_TRUE(backup_sqlite_store(directory(), restored / "limehook.db"));
  EXPECT_THAT(check_sqlite_store(restored), IsEmpty());
  std::filesystem::copy_file(directory() / vault::kKeyFileName, restored / vault::kKeyFileName);
  const auto copy = open({.directory = restored});
  ASSERT_THAT(copy->load_catalog().healths, SizeIs(1));
  EXPECT_EQ(copy->load_catalog().healths[0].failing_since, store->load_catalog().healths[0].failing_since);
  EXPECT_TRUE(copy->load_catalog().healths[0].noticed);
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    const auto detail = copy->get_delivery(batch.events[i].deliveries[0].id);
    EXPECT_TRUE(detail->delivery.fallback);
    EXPECT_TRUE(detail->attempts.at(0).fallback);
  }
}

TEST_F(SqliteCheckTest, FindsDamagedPages) {
  {
    std::fstream raw(file(), std::ios::in | std::ios::out | std::ios::binary);
    raw.seekp(2 * SqliteOptions{}.page_bytes);
    raw << std::string(4096, '\xaa');
  }
  EXPECT_THAT(check_sqlite_store(directory()), testing::Not(IsEmpty()));
}

TEST_F(SqliteCheckTest, SaysWhenThereIsNoStore) {
  EXPECT_THAT(check_sqlite_store(folder_.path() / "nowhere"), ElementsAre(HasSubstr("there is no store")));
}

// ---- backup ----------------------------------------------------------------------------------------------------

class SqliteBackupTest : public SqliteStoreTest {
 protected:
  const std::filesystem::path copy_ = folder_.path() / "copy.db";
};

// Goal: a copy made while another thread commits is one moment of the store: whole batches, no problems.
TEST_F(SqliteBackupTest, IsOneMomentOfARunningStore) {
  auto store = open();
  store->commit(batch_of(7));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) {
      EXPECT_EQ(store->commit(batch_of(7)).status, CommitStatus::Committed);
      store->maintain(make_.now);
    }
  });
  std::vector<std::filesystem::path> copies;
  for (int i = 0; i < 5; ++i) {
    copies.push_back(folder_.path() / ("copy" + std::to_string(i)));
    const auto made = backup_sqlite_store(directory(), copies.back());
    EXPECT_TRUE(made) << made.error();
  }
  stop = true;
  writer.join();
  std::size_t count_before = 1;
  for (const auto& made : copies) {
    EXPECT_EQ(mode_of(made), 0600);
    const auto restored = folder_.path() / (made.filename().string() + "_restored");
    std::filesystem::create_directories(restored);
    std::filesystem::copy_file(made, restored / "limehook.db");
    EXPECT_THAT(check_sqlite_store(restored), IsEmpty());
    auto copy = open({.directory = restored});
    const std::size_t count = event_count(*copy);
    EXPECT_EQ(count % 7, 0U);
    EXPECT_GE(count, count_before);
    count_before = count;
  }
}

TEST_F(SqliteBackupTest, RestoredStoreGoesOn) {
  auto store = open();
  const WriteBatch batch = batch_of(3);
  store->commit(batch);
  ASSERT_TRUE(backup_sqlite_store(directory(), copy_));
  const auto restored = folder_.path() / "restored";
  std::filesystem::create_directories(restored);
  std::filesystem::rename(copy_, restored / "limehook.db");
  auto copy = open({.directory = restored, .index_segment_rows = 8});
  EXPECT_EQ(copy->get_event(batch.events[1].event.id)->event.payload, batch.events[1].event.payload);
  EXPECT_EQ(copy->load_catalog().last_id, store->load_catalog().last_id);
  EXPECT_EQ(copy->commit(batch_of(3)).status, CommitStatus::Committed);
  EXPECT_EQ(event_count(*copy), 6U);
}

TEST_F(SqliteBackupTest, NeverOverwrites) {
  open().reset();
  std::ofstream(copy_) << "precious";
  const auto made = backup_sqlite_store(directory(), copy_);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error(), HasSubstr("exists already"));
  EXPECT_EQ(std::filesystem::file_size(copy_), 8U);
}

TEST_F(SqliteBackupTest, LeavesNothingBehindWhenItFails) {
  EXPECT_THAT(backup_sqlite_store(directory(), copy_).error(), HasSubstr("there is no store"));
  open().reset();
  EXPECT_FALSE(backup_sqlite_store(directory(), folder_.path() / "missing" / "copy.db"));
  tamper("PRAGMA user_version=1000");
  EXPECT_FALSE(backup_sqlite_store(directory(), copy_));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, ElementsAre("data"));
}

}  // namespace
}  // namespace limehook::store
