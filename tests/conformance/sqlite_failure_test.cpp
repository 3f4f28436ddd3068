// What commit() answers when the disk fails it, and that the answer is true.

#include <sqlite3.h>

#include <cerrno>

#include "failing_vfs.hpp"
#include "sqlite_fixture.hpp"

namespace limehook::store {
namespace {

using testing::IsEmpty;

class SqliteFailureTest : public SqliteTest {
 protected:
  ~SqliteFailureTest() override { heal_file_operations(); }
};

// Goal: a batch that finds no room leaves nothing behind, however far it came, and can be committed once there is room.
// Method: the first, second… write of the log fails, until none is left to fail.
TEST_F(SqliteFailureTest, FullDiskAppliesNothingWhereverItStrikes) {
  auto store = open();
  store->commit(batch_of(3));
  std::size_t expected = 3;
  bool failed = true;
  for (int after = 0; failed; ++after) {
    ASSERT_LT(after, 1000);
    const WriteBatch batch = batch_of(50);
    fail_file_operations(FileOperation::Write, "-wal", after, SQLITE_FULL);
    const CommitResult result = store->commit(batch);
    failed = heal_file_operations();
    if (failed) {
      EXPECT_EQ(result.status, CommitStatus::Full) << after;
      EXPECT_NE(result.error, "");
      EXPECT_EQ(event_count(*store), expected);
      ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed) << after;
    }
    expected += 50;
    EXPECT_EQ(event_count(*store), expected);
  }
  store.reset();
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  EXPECT_EQ(event_count(*open()), expected);
}

// Goal: when the disk cannot say whether the commit is durable, neither do we, until the store is opened anew; then the
// batch is there whole or not at all.
TEST_F(SqliteFailureTest, FailedSyncIsUnknownUntilReopened) {
  auto store = open();
  store->commit(batch_of(3));
  fail_file_operations(FileOperation::Sync, "-wal", 0, SQLITE_IOERR_FSYNC);
  const CommitResult result = store->commit(batch_of(5));
  EXPECT_TRUE(heal_file_operations());
  EXPECT_EQ(result.status, CommitStatus::Unknown);
  EXPECT_NE(result.error, "");
  EXPECT_EQ(store->commit(batch_of(1)).status, CommitStatus::Unknown);
  store.reset();
  store = open();
  EXPECT_THAT(event_count(*store), testing::AnyOf(3U, 8U));
  EXPECT_EQ(store->commit(batch_of(1)).status, CommitStatus::Committed);
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
}

// Goal: what the kernel has refused before it did anything leaves no doubt: want of room in all its forms, a file
// system that has become read-only.
TEST_F(SqliteFailureTest, RefusedWritesLeaveNoDoubt) {
  struct Case {
    int system_error;
    CommitStatus status;
  };
  auto store = open();
  for (const Case& c : {Case{EDQUOT, CommitStatus::Full}, Case{EFBIG, CommitStatus::Full},
                        Case{EROFS, CommitStatus::Failed}, Case{EIO, CommitStatus::Unknown}}) {
    const std::size_t before = event_count(*store);
    const WriteBatch batch = batch_of(3);
    fail_file_operations(FileOperation::Write, "-wal", 1, SQLITE_IOERR_WRITE, 1'000, c.system_error);
    EXPECT_EQ(store->commit(batch).status, c.status) << c.system_error;
    heal_file_operations();
    EXPECT_EQ(event_count(*store), before);
    if (c.status != CommitStatus::Unknown) {
      EXPECT_EQ(store->commit(batch).status, CommitStatus::Committed);
    }
  }
}

TEST_F(SqliteFailureTest, FailedWriteLeavesWholeBatchesOnly) {
  std::size_t count = 0;
  bool failed = true;
  for (int after = 0; failed; after += 3) {
    ASSERT_LT(after, 1000);
    auto store = open();
    fail_file_operations(FileOperation::Write, "-wal", after, SQLITE_IOERR_WRITE);
    const CommitResult result = store->commit(batch_of(20));
    failed = heal_file_operations();
    EXPECT_EQ(result.status == CommitStatus::Committed, !failed) << after;
    store.reset();
    store = open();
    const std::size_t now_count = event_count(*store);
    EXPECT_TRUE(now_count == count || now_count == count + 20) << after;
    count = now_count;
  }
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
}

// Goal: a checkpoint that fails costs nothing; commits go on in the log.
TEST_F(SqliteFailureTest, FailingDatabaseFileDoesNotStopCommits) {
  SqliteOptions small = options();
  small.log_bytes = 256 * 1024;
  auto store = open(small);
  fail_file_operations(FileOperation::Write, ".db", 0, SQLITE_IOERR_WRITE);
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(store->commit(batch_of(50)).status, CommitStatus::Committed) << i;
    store->maintain(make_.now);
  }
  EXPECT_TRUE(heal_file_operations());
  EXPECT_EQ(event_count(*store), 2000U);
  store.reset();
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
}

TEST_F(SqliteFailureTest, FullFileAcceptsAgainAfterPruning) {
  SqliteOptions limited = options();
  limited.file_bytes_max = 1 << 20;
  auto store = open(limited);
  CommitResult result;
  std::size_t committed = 0;
  for (int i = 0; i < 1000 && result.status == CommitStatus::Committed; ++i) {
    WriteBatch batch;
    batch.events.push_back(make_.event());
    batch.events[0].event.payload = std::string(50'000, 'x');
    result = store->commit(batch);
    committed += result.status == CommitStatus::Committed;
  }
  EXPECT_EQ(result.status, CommitStatus::Full);
  EXPECT_EQ(event_count(*store), committed);
  while (!store->prune(make_.now + std::chrono::seconds(1), 100).done) {
  }
  EXPECT_EQ(store->commit(batch_of(10)).status, CommitStatus::Committed);
  EXPECT_EQ(event_count(*store), 10U);
}

TEST_F(SqliteFailureTest, IdBelowTheIndexedOnesIsRefused) {
  auto store = open();
  const NewEvent late = make_.event();
  store->commit(batch_of(20));
  WriteBatch batch;
  batch.events.push_back(late);
  EXPECT_EQ(store->commit(batch).status, CommitStatus::Failed);
  EXPECT_FALSE(store->get_event(late.event.id));
  EXPECT_EQ(store->commit(batch_of(1)).status, CommitStatus::Committed);
}

}  // namespace
}  // namespace limehook::store
