// The tail of the log index: what is found in memory until a segment has it, and that the segment then has it too.

#include "sqlite_fixture.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/tail_index.hpp"

namespace limehook::store {
namespace {

using sqlite::EventKeys;
using sqlite::LogEntries;
using sqlite::LogKind;
using sqlite::TailIndex;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr sqlite::IdRange kAll{1, 1'000'000};

LogEntries one_event(std::int64_t id, std::uint64_t team, std::vector<std::uint64_t> terms = {}) {
  LogEntries entries;
  entries.add_event({id, static_cast<int>(EventType::SmsSent), team, std::move(terms)});
  return entries;
}

TEST(TailIndexTest, FindsAKeyInARange) {
  TailIndex tail(9, 100);
  for (std::int64_t id = 10; id < 50; ++id) tail.append(one_event(id, static_cast<std::uint64_t>(id) % 10));
  EXPECT_THAT(tail.find({LogKind::EventTeam, 3}, kAll), ElementsAre(13, 23, 33, 43));
  EXPECT_THAT(tail.find({LogKind::EventTeam, 3}, {14, 43}), ElementsAre(23, 33));
  EXPECT_THAT(tail.find({LogKind::EventTerm, 3}, kAll), IsEmpty());
}

// Goal: rows of a batch may come in any order, and with the same key twice.
TEST(TailIndexTest, IdsAreAscendingAndUnique) {
  TailIndex tail(0, 3);
  LogEntries entries;
  for (const std::int64_t id : {5, 3, 4}) entries.add_event({id, 0, 1, {8, 8}});
  tail.append(entries);
  EXPECT_THAT(tail.find({LogKind::EventTerm, 8}, kAll), ElementsAre(3, 4, 5));
  ASSERT_TRUE(tail.has_full_part());
  std::vector<std::int64_t> ids;
  for (const auto& entry : tail.first_entries(LogKind::EventTeam)) ids.push_back(entry.id);
  EXPECT_THAT(ids, ElementsAre(3, 4, 5));
}

TEST(TailIndexTest, FullPartsAreTakenOutInOrder) {
  TailIndex tail(9, 2);
  for (std::int64_t id = 10; id < 15; ++id) tail.append(one_event(id, 1));
  EXPECT_EQ(tail.sealed_through(), 13);
  EXPECT_EQ(tail.first_segment().first_id, 10);
  EXPECT_EQ(tail.first_segment().last_id, 11);
  EXPECT_EQ(tail.first_segment().event_types, 1U << static_cast<unsigned>(EventType::SmsSent));
  EXPECT_EQ(tail.first_segment().delivery_types, 0U);
  EXPECT_THAT(tail.first_entries(LogKind::EventTeam), SizeIs(2));
  tail.drop_first();
  EXPECT_EQ(tail.first_segment().first_id, 12);
  EXPECT_THAT(tail.find({LogKind::EventTeam, 1}, kAll), ElementsAre(12, 13, 14));
  tail.drop_first();
  EXPECT_FALSE(tail.has_full_part());
  EXPECT_THAT(tail.find({LogKind::EventTeam, 1}, kAll), ElementsAre(14));
}

// Goal: appending, also beyond what memory was reserved, leaves alone what somebody reads.
TEST(TailIndexTest, ViewsStayAsTheyAre) {
  sqlite::EntryList list;
  std::vector<sqlite::EntryList::View> views;
  for (std::int64_t id = 0; id < 1000; ++id) {
    views.push_back(list.view());
    const sqlite::LogEntry entry{7, id};
    list.append({&entry, 1});
  }
  for (std::size_t size = 0; size < views.size(); ++size) {
    ASSERT_THAT(views[size].entries(), SizeIs(size));
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(views[size].entries()[i].id, static_cast<std::int64_t>(i));
  }
}

class SqliteTailTest : public SqliteTest {
 protected:
  // Pages far smaller than the tail.
  SqliteOptions few_rows_examined() const {
    SqliteOptions few = options();
    few.index_segment_rows = 100'000;
    few.rows_examined_max = 20;
    return few;
  }
};

// Goal: what a search costs depends on what it finds, not on how many rows no segment has; also after a restart.
TEST_F(SqliteTailTest, SearchExaminesOnlyWhatItFinds) {
  auto store = open(few_rows_examined());
  const NewEvent rare = make_.event({WebhookId{7}}, "rare", EventType::SmsSent, {"+4930123456"});
  WriteBatch batch = batch_of(2000);
  batch.events.insert(batch.events.begin(), rare);
  store->commit(batch);
  WriteBatch redelivery;
  redelivery.deliveries.push_back(make_.delivery(rare.event.id, WebhookId{7}));
  store->commit(redelivery);
  store->commit(batch_of(2000));
  const auto expect_found = [&] {
    for (const DeliveryQuery& query : {DeliveryQuery{.term = "4930123456"}, DeliveryQuery{.team_id = "rare"},
                                       DeliveryQuery{.webhook = WebhookId{7}}}) {
      const auto page = store->list_deliveries(query);
      ASSERT_THAT(page.rows, SizeIs(2));
      EXPECT_EQ(page.rows[0].delivery.id, redelivery.deliveries[0].id);
      EXPECT_EQ(page.rows[1].delivery.id, rare.deliveries[0].id);
      EXPECT_EQ(page.next, 0);
    }
    for (const EventQuery& query : {EventQuery{.term = "4930123456"}, EventQuery{.team_id = "rare"}}) {
      const auto page = store->list_events(query);
      ASSERT_THAT(page.rows, SizeIs(1));
      EXPECT_EQ(page.rows[0].id, rare.event.id);
      EXPECT_EQ(page.next, 0);
    }
  };
  expect_found();
  store.reset();
  store = open(few_rows_examined());
  expect_found();
}

// Goal: segments made of what commits have left in memory say what the rows say. Method: batches with duplicates,
// redeliveries of older, equally new and missing events, ids in turns; `check` compares each segment with its rows.
TEST_F(SqliteTailTest, SegmentsAgreeWithTheRows) {
  auto store = open();
  const EventId missing{make_.id()};
  EventId older;
  for (int i = 0; i < 30; ++i) {
    WriteBatch batch;
    for (const EventId event : {older, missing}) {
      if (event) batch.deliveries.push_back(make_.delivery(event, WebhookId{8}));
    }
    for (int j = 0; j < 4; ++j) {
      batch.events.push_back(make_.event({kWebhook, WebhookId{7}}, "team_" + std::to_string(i % 3),
                                         static_cast<EventType>(j % 3), {"+123456", "123456", std::to_string(i)}));
      batch.events.back().idempotency_key = std::to_string(i % 5 == 4 ? i - 1 : i) + "," + std::to_string(j);
    }
    batch.deliveries.push_back(make_.delivery(batch.events[1].event.id, WebhookId{8}));
    std::ranges::reverse(batch.events);
    older = batch.events.back().event.id;
    ASSERT_EQ(store->commit(batch).status, CommitStatus::Committed);
    store->maintain(make_.now);
  }
  while (store->maintain(make_.now)) {
  }
  store.reset();
  EXPECT_THAT(check_sqlite_store(directory()), IsEmpty());
  EXPECT_GT(sqlite::Database(file(), sqlite::OpenMode::Existing).number("SELECT count(*) FROM log_segments"), 20);
}

}  // namespace
}  // namespace limehook::store
