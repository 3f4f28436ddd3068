// Housekeeping of the SQLite store: the write-ahead log stays bounded and the log index catches up, while commits go
// on.

#include "sqlite_fixture.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/log_index.hpp"
#include "store/sqlite/terms.hpp"

namespace limehook::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class SqliteUpkeepTest : public SqliteTest {
 protected:
  std::uintmax_t log_size() const { return std::filesystem::file_size(directory() / "limehook.db-wal"); }
  SqliteOptions small_log() const {
    SqliteOptions small = options();
    small.log_bytes = 1 << 20;
    return small;
  }
  WriteBatch big_batch() {  // about 100 KiB
    WriteBatch batch;
    for (int i = 0; i < 10; ++i) {
      batch.events.push_back(make_.event({kWebhook}));
      batch.events.back().event.payload = std::string(10'000, 'x');
    }
    return batch;
  }
  std::int64_t rows_of(const char* sql) { return sqlite::Database(file(), sqlite::OpenMode::Existing).number(sql); }
};

// Goal: the log does not grow with what is written, with and without calls of maintain().
TEST_F(SqliteUpkeepTest, LogIsBoundedUnderSteadyLoad) {
  for (const bool maintained : {true, false}) {
    auto store = open(small_log());
    std::uintmax_t largest = 0;
    for (int i = 0; i < 300; ++i) {  // 30 MiB
      ASSERT_EQ(store->commit(big_batch()).status, CommitStatus::Committed);
      if (maintained) store->maintain(make_.now);
      largest = std::max(largest, log_size());
    }
    EXPECT_LT(largest, 16U << 20) << maintained;
  }
}

// Goal: a long read (a backup, a slow disk) holds the log back but not the commits, and the log recovers afterwards.
TEST_F(SqliteUpkeepTest, LogRecoversFromALongRead) {
  auto store = open(small_log());
  WriteBatch first = big_batch();
  store->commit(first);
  std::optional<sqlite::Database> reader(std::in_place, file(), sqlite::OpenMode::Existing);
  reader->script("BEGIN");
  reader->number("SELECT count(*) FROM events");  // now it holds on to what it has seen
  for (int i = 0; i < 100; ++i) ASSERT_EQ(store->commit(big_batch()).status, CommitStatus::Committed);
  EXPECT_GT(log_size(), 5U << 20);
  reader.reset();
  int commits = 0;
  while (log_size() > 5U << 20) {
    ASSERT_LT(++commits, 2000);
    ASSERT_EQ(store->commit(big_batch()).status, CommitStatus::Committed);
    store->maintain(make_.now);
  }
}

TEST_F(SqliteUpkeepTest, IndexCatchesUpAndTheTailStaysShort) {
  auto store = open();
  for (int i = 0; i < 50; ++i) {
    store->commit(batch_of(4));
    while (store->maintain(make_.now)) {
    }
    sqlite::Database db(file(), sqlite::OpenMode::Existing);
    const std::int64_t through = sqlite::indexed_through(db);
    EXPECT_LE(db.number("SELECT count(*) FROM deliveries WHERE id>?", through), 8);
  }
}

// Goal: a store that was killed while a segment was being written goes on with it, and one that was never maintained
// catches up in segments of the usual size.
TEST_F(SqliteUpkeepTest, HalfWrittenSegmentIsWrittenAgain) {
  for (int slices = 1; slices <= 9; ++slices) {
    auto store = open();
    store->commit(batch_of(4));
    for (int i = 0; i < slices; ++i) store->maintain(make_.now);
    store.reset();
    store = open();
    while (store->maintain(make_.now)) {
    }
    EventQuery query;
    query.term = "1234567890";
    query.limit = 1000;
    EXPECT_THAT(store->list_events(query).rows, SizeIs(static_cast<std::size_t>(slices) * 4));
    store.reset();
    EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  }
}

TEST_F(SqliteUpkeepTest, BacklogIsIndexedInUsualSegments) {
  SqliteOptions never = options();
  never.index_segment_rows = 1'000'000;
  open(never)->commit(batch_of(100));
  auto store = open();
  EXPECT_EQ(rows_of("SELECT count(*) FROM log_segments"), 0);
  while (store->maintain(make_.now)) {
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM log_segments"), 25);
}

TEST_F(SqliteUpkeepTest, OldSegmentsAreDropped) {
  auto store = open();
  for (int i = 0; i < 20; ++i) {
    WriteBatch batch = batch_of(4);
    for (const NewEvent& event : batch.events) make_.finish(batch, event.deliveries[0].id, DeliveryStatus::Delivered);
    store->commit(batch);
    make_.now += std::chrono::seconds(1);
  }
  while (store->maintain(make_.now)) {
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM log_segments"), 20);
  while (!store->prune(make_.now - std::chrono::seconds(5), 10).done) {
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM log_segments"), 5);
  EXPECT_EQ(rows_of("SELECT count(*) FROM log_index WHERE (id>>24) NOT IN (SELECT number FROM log_segments)"), 0);
  EXPECT_EQ(rows_of("SELECT count(*) FROM attempt_blocks"), 5);
  EXPECT_EQ(rows_of("SELECT sum(attempt_count) FROM attempt_blocks"), 20);
  EXPECT_EQ(rows_of("SELECT count(*) FROM pruned_attempts"), 0);
}

// Goal: attempts of deliveries of different age share a block; it stays until the last of them is pruned.
TEST_F(SqliteUpkeepTest, BlocksOfAttemptsAreDroppedWithTheLastDelivery) {
  auto store = open();
  std::vector<DeliveryId> deliveries;
  for (int i = 0; i < 3; ++i) {
    const WriteBatch batch = batch_of(1);
    deliveries.push_back(batch.events[0].deliveries[0].id);
    store->commit(batch);
    make_.now += std::chrono::minutes(1);
  }
  for (int number = 1; number <= 2; ++number) {  // two blocks, an attempt of each delivery in both
    WriteBatch batch;
    for (const DeliveryId id : deliveries) make_.finish(batch, id, DeliveryStatus::Failed, number);
    store->commit(batch);
  }
  const auto prune_before = [&](int minutes_ago) {
    while (!store->prune(make_.now - std::chrono::minutes(minutes_ago), 1).done) {
    }
  };
  prune_before(1);
  EXPECT_EQ(rows_of("SELECT count(*) FROM attempt_blocks"), 2);
  EXPECT_EQ(rows_of("SELECT sum(attempt_count) FROM pruned_attempts"), 4);
  const auto left = store->get_delivery(deliveries.back());
  ASSERT_TRUE(left);
  EXPECT_THAT(left->attempts, SizeIs(2));
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  prune_before(0);
  EXPECT_EQ(rows_of("SELECT count(*) FROM attempt_blocks"), 0);
  EXPECT_EQ(rows_of("SELECT count(*) FROM pruned_attempts"), 0);
}

TEST_F(SqliteUpkeepTest, ExpiredKeysAreRemoved) {
  auto store = open();
  WriteBatch batch = batch_of(3);
  for (std::size_t i = 0; i < 3; ++i) batch.events[i].idempotency_key = std::to_string(i);
  store->commit(batch);
  make_.now += std::chrono::hours(24);
  while (store->maintain(make_.now)) {
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM idempotency"), 3);
  WriteBatch taken_over = batch_of(1);
  taken_over.events[0].idempotency_key = "1";
  EXPECT_THAT(store->commit(taken_over).duplicates, IsEmpty());
  make_.now += std::chrono::hours(2);
  while (store->maintain(make_.now)) {
  }
  EXPECT_EQ(rows_of("SELECT count(*) FROM idempotency"), 1);
  EXPECT_EQ(rows_of("SELECT count(*) FROM idempotency_log"), 1);
}

// Goal: of a status and a webhook (or team, or term) the rarer one says what a page costs. Method: one of the two has
// far more rows than a page may examine, the other three.
TEST_F(SqliteUpkeepTest, RarerPropertySaysWhatAPageCosts) {
  for (const bool failures_are_rare : {true, false}) {
    SqliteOptions small = options();
    small.directory = folder_.path() / (failures_are_rare ? "rare_failures" : "rare_webhook");
    small.index_segment_rows = 500;
    small.rows_examined_max = 200;
    auto store = open(small);
    std::vector<DeliveryId> expected;
    WriteBatch batch;
    for (int i = 0; i < 2000; ++i) {  // 8 segments
      const bool wanted = i % 900 == 50;
      const bool own = wanted || failures_are_rare;
      batch.events.push_back(make_.event({own ? kWebhook : WebhookId{7}}, own ? "own" : "other", EventType::MissedCall,
                                         {own ? "+1234567890" : "+0987654321"}));
      const DeliveryId id = batch.events.back().deliveries[0].id;
      const bool failed = wanted || !failures_are_rare;
      make_.finish(batch, id, failed ? DeliveryStatus::Failed : DeliveryStatus::Delivered);
      if (batch.events.size() == 50) store->commit(std::exchange(batch, {}));
      if (wanted) expected.insert(expected.begin(), id);
    }
    while (store->maintain(make_.now)) {
    }
    const auto failed = DeliveryStatus::Failed;
    for (const DeliveryQuery& query :
         {DeliveryQuery{.webhook = kWebhook, .status = failed}, DeliveryQuery{.team_id = "own", .status = failed},
          DeliveryQuery{.status = failed, .term = "1234567890"}}) {
      const auto page = store->list_deliveries(query);
      std::vector<DeliveryId> ids;
      for (const DeliveryRow& row : page.rows) ids.push_back(row.delivery.id);
      EXPECT_EQ(ids, expected);
      EXPECT_EQ(page.next, 0);
    }
  }
}

// Goal: a pending delivery is found whether it is among the newest rows, which are walked, or indexed; also when it
// becomes pending again, and after a restart.
TEST_F(SqliteUpkeepTest, PendingDeliveriesAreFoundBeforeAndAfterTheyAreIndexed) {
  std::vector<DeliveryId> pending;  // ascending
  const auto expect_found = [&](const Store& store) {
    std::vector<DeliveryId> open;
    for (const OpenDelivery& delivery : store.list_open({}, SIZE_MAX)) open.push_back(delivery.id);
    EXPECT_EQ(open, pending);
    for (const auto webhook : {std::optional(kWebhook), std::optional<WebhookId>()}) {
      std::vector<DeliveryId> listed;
      for (const auto& row : store.list_deliveries({.webhook = webhook, .status = DeliveryStatus::Pending}).rows) {
        listed.push_back(row.delivery.id);
      }
      std::ranges::reverse(listed);
      EXPECT_EQ(listed, pending);
    }
  };
  auto store = open();
  const auto accept = [&](int count) {
    const WriteBatch batch = batch_of(count);
    ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
    for (const NewEvent& event : batch.events) pending.push_back(event.deliveries.front().id);
  };
  accept(5);
  expect_found(*store);
  make_.now += std::chrono::seconds(10);
  while (store->maintain(make_.now)) {
  }
  expect_found(*store);
  accept(3);
  expect_found(*store);

  const DeliveryId indexed = pending[1];
  WriteBatch ended;
  make_.finish(ended, indexed, DeliveryStatus::Delivered);
  make_.finish(ended, pending[6], DeliveryStatus::Delivered);
  store->commit(ended);
  pending.erase(pending.begin() + 6);
  pending.erase(pending.begin() + 1);
  expect_found(*store);
  WriteBatch again;
  again.updates.push_back(make_.update(indexed, DeliveryStatus::Pending, 1));
  store->commit(again);
  pending.insert(pending.begin() + 1, indexed);
  expect_found(*store);

  store.reset();
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  expect_found(*open());
}

// Goal: an index entry is found under its key and only candidates with the same bits come with it. Method: random
// entries over many buckets against a plain scan.
TEST_F(SqliteUpkeepTest, LogIndexFindsEveryEntry) {
  open().reset();
  sqlite::Database db(file(), sqlite::OpenMode::Existing);
  Prng random(5);
  std::vector<sqlite::LogEntry> entries;
  std::int64_t id = 1000;
  for (int i = 0; i < 5000; ++i) {
    id += random.chance(0.5) ? random.between(1, 200) : random.between(1, std::int64_t{1} << 40);
    entries.push_back({sqlite::hash_number(random.between(1, 700)), id});
  }
  const sqlite::LogSegment segment{3, 900, id, sqlite::bucket_bits_for(entries.size()), 0, 0};
  EXPECT_GE(segment.bucket_bits, 4);
  sqlite::write_entries(db, segment, sqlite::LogKind::EventTerm, entries);
  std::size_t extra = 0;
  for (std::int64_t key = 1; key <= 800; ++key) {
    const std::uint64_t hash = sqlite::hash_number(key);
    const auto found = sqlite::find_entries(db, segment, sqlite::LogKind::EventTerm, hash);
    EXPECT_TRUE(std::ranges::is_sorted(found));
    std::size_t expected = 0;
    for (const sqlite::LogEntry& entry : entries) {
      if (entry.key != hash) continue;
      ++expected;
      EXPECT_TRUE(std::ranges::binary_search(found, entry.id));
    }
    extra += found.size() - expected;
  }
  EXPECT_LT(extra, 200U);
  EXPECT_THAT(sqlite::find_entries(db, segment, sqlite::LogKind::EventTeam, sqlite::hash_number(1)), IsEmpty());
}

}  // namespace
}  // namespace limehook::store
