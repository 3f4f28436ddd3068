// The port's contract for retention: whole events, oldest first, in short calls; nothing that is still open.

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StorePruneTest : public StoreTest {
 protected:
  NewEvent stored(DeliveryStatus status, std::vector<std::string> terms = {}) {
    NewEvent event = make_.event({kWebhook}, "team_001", EventType::MissedCall, std::move(terms));
    WriteBatch batch;
    batch.events.push_back(event);
    if (status != DeliveryStatus::Pending) make_.finish(batch, event.deliveries[0].id, status);
    commit(batch);
    make_.now += std::chrono::seconds(1);
    return event;
  }
  void prune_all(WallTime older_than, std::size_t rows_max = 1000) {
    int calls = 0;
    while (!store().prune(older_than, rows_max).done) ASSERT_LT(++calls, 1000);
  }
  std::size_t event_count() { return event_ids({}).size(); }
};
LIMEHOOK_FOR_ALL_STORES(StorePruneTest);

TEST_P(StorePruneTest, OldClosedEventsGoWithAllThatIsTheirs) {
  const auto delivered = stored(DeliveryStatus::Delivered, {"a"});
  const auto failed = stored(DeliveryStatus::Failed);
  const NewEvent lone = make_.event();
  commit_event(lone);
  make_.now += std::chrono::seconds(1);
  const WallTime bound = make_.now;
  const auto young = stored(DeliveryStatus::Delivered, {"a"});
  maintain();
  const PruneResult result = store().prune(bound, 1000);
  EXPECT_TRUE(result.done);
  EXPECT_GE(result.rows, 7U);
  EXPECT_FALSE(store().get_event(delivered.event.id));
  EXPECT_FALSE(store().get_delivery(delivered.deliveries[0].id));
  EXPECT_FALSE(store().get_event(failed.event.id));
  EXPECT_FALSE(store().get_event(lone.event.id));
  EXPECT_TRUE(store().get_event(young.event.id));
  EXPECT_THAT(store().get_delivery(young.deliveries[0].id)->attempts, SizeIs(1));
  DeliveryQuery search;
  search.term = "a";
  EXPECT_THAT(store().list_deliveries(search).rows, SizeIs(1));
  const std::vector<DeliveryId> gone{failed.deliveries[0].id};
  EXPECT_THAT(store().load_bodies(gone), IsEmpty());
}

TEST_P(StorePruneTest, OpenDeliveryKeepsItsEventUntilItCloses) {
  const auto open = stored(DeliveryStatus::Retrying);
  const auto closed = stored(DeliveryStatus::Delivered);
  const auto bound = make_.now;
  prune_all(bound);
  EXPECT_TRUE(store().get_event(open.event.id));
  EXPECT_THAT(store().get_delivery(open.deliveries[0].id)->attempts, SizeIs(1));
  EXPECT_FALSE(store().get_event(closed.event.id));
  WriteBatch batch;
  make_.finish(batch, open.deliveries[0].id, DeliveryStatus::Delivered, 2);
  commit(batch);
  prune_all(bound);
  EXPECT_FALSE(store().get_event(open.event.id));
  EXPECT_EQ(event_count(), 0U);
}

TEST_P(StorePruneTest, OpenRedeliveryKeepsItsEvent) {
  const auto event = stored(DeliveryStatus::Failed);
  const auto bound = make_.now;
  WriteBatch batch;
  batch.deliveries.push_back(make_.delivery(event.event.id, kOtherWebhook));
  commit(batch);
  prune_all(bound);
  EXPECT_THAT(store().get_event(event.event.id)->deliveries, SizeIs(2));
  WriteBatch close;
  make_.finish(close, batch.deliveries[0].id, DeliveryStatus::Delivered);
  commit(close);
  prune_all(bound + std::chrono::hours(2));
  EXPECT_FALSE(store().get_event(event.event.id));
  EXPECT_FALSE(store().get_delivery(batch.deliveries[0].id));
}

// Goal: what pruning leaves says the same as before, also of a fallback. Method: an open delivery among closed ones,
// whose attempts were written together.
TEST_P(StorePruneTest, WhatStaysIsUnchanged) {
  WriteBatch batch;
  for (int i = 0; i < 3; ++i) {
    batch.events.push_back(make_.event({kWebhook}));
    Delivery& made = batch.events.back().deliveries[0];
    made.order_key = 7;
    made.body_type = BodyType::Form;
    made.note = "odd";
    make_.finish(batch, made.id, i == 1 ? DeliveryStatus::Retrying : DeliveryStatus::Failed);
    batch.updates.back().fallback = true;
    batch.attempts.back().attempt.fallback = true;
  }
  commit(batch);
  make_.now += std::chrono::seconds(1);
  maintain();
  prune_all(make_.now);
  EXPECT_EQ(event_count(), 1U);
  const auto kept = store().get_delivery(batch.events[1].deliveries[0].id);
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->delivery.fallback);
  EXPECT_EQ(kept->delivery.order_key, 7U);
  EXPECT_EQ(kept->delivery.body_type, BodyType::Form);
  EXPECT_EQ(kept->delivery.note, "odd");
  ASSERT_THAT(kept->attempts, SizeIs(1));
  EXPECT_TRUE(kept->attempts[0].fallback);
}

// Goal: a call removes about what it was asked for, and the oldest first.
TEST_P(StorePruneTest, CallsAreShort) {
  std::vector<NewEvent> events;
  for (int i = 0; i < 30; ++i) events.push_back(stored(DeliveryStatus::Delivered));
  int calls = 0;
  std::size_t left = event_count();
  for (bool done = false; !done; ++calls) {
    ASSERT_LT(calls, 100);
    const PruneResult result = store().prune(make_.now, 9);
    EXPECT_LE(result.rows, 15U);
    done = result.done;
    const std::size_t now_left = event_count();
    EXPECT_LE(now_left, left);
    for (std::size_t i = 0; i < 30; ++i) {
      EXPECT_EQ(static_cast<bool>(store().get_event(events[i].event.id)), i >= 30 - now_left);
    }
    left = now_left;
  }
  EXPECT_EQ(left, 0U);
  EXPECT_GE(calls, 5);
}

// Goal: statistics from before the bound go, of every width; the others stay.
TEST_P(StorePruneTest, OldStatisticsGo) {
  const Duration hour = std::chrono::hours(1);
  const Duration minute = std::chrono::minutes(1);
  const std::vector<WebhookId> webhooks{kWebhook, kOtherWebhook};
  WriteBatch batch;
  for (int i = 0; i < 10; ++i) {
    const WallTime start = make_.now + i * hour;
    batch.catalog.emplace_back(StatsBucket{{}, minute, start, {.attempts = 1}});
    for (const WebhookId webhook : webhooks) {
      batch.catalog.emplace_back(StatsBucket{webhook, hour, start, {.attempts = 1}});
      batch.catalog.emplace_back(StatsBucket{webhook, minute, start, {.attempts = 1}});
    }
  }
  commit(batch);
  prune_all(make_.now + 4 * hour, 5);
  for (const Duration width : {hour, minute}) {
    const auto left = store().list_stats(webhooks, width, make_.now, make_.now + 10 * hour);
    ASSERT_THAT(left, SizeIs(6));
    EXPECT_EQ(left.begin()->first, make_.now + 4 * hour);
    EXPECT_EQ(left.begin()->second.attempts, 2U);
  }
  EXPECT_THAT(store().list_stats({}, minute, make_.now, make_.now + 10 * hour), SizeIs(6));
}

// Goal: the log still tells the truth when pruning has removed a part of what is indexed, and ids are not used again.
TEST_P(StorePruneTest, LogIsWholeAfterPruning) {
  for (int i = 0; i < 40; ++i) stored(i % 10 == 3 ? DeliveryStatus::Retrying : DeliveryStatus::Delivered, {"x"});
  maintain();
  const std::int64_t last = store().load_catalog().last_id;
  prune_all(make_.now - std::chrono::seconds(20));
  reopen();
  for (const char* term : {"", "x"}) {
    DeliveryQuery query;
    query.term = term;
    query.limit = 100;
    EXPECT_THAT(store().list_deliveries(query).rows, SizeIs(22)) << term;  // 20 young ones, 2 that are open
    query.webhook = kWebhook;
    EXPECT_THAT(store().list_deliveries(query).rows, SizeIs(22)) << term;
  }
  EXPECT_EQ(store().load_catalog().last_id, last);
  for (int i = 0; i < 20; ++i) stored(DeliveryStatus::Delivered, {"x"});
  maintain();
  DeliveryQuery query;
  query.term = "x";
  query.limit = 100;
  EXPECT_THAT(store().list_deliveries(query).rows, SizeIs(42));
}

// Goal: as long as the log has something from before a webhook's deletion, it knows whose it was, also when little room
// makes what is young old.
TEST_P(StorePruneTest, DeletedWebhookStaysAsLongAsItsLog) {
  Webhook webhook;
  webhook.id = kWebhook;
  webhook.team_id = "team_001";
  WriteBatch batch;
  batch.webhooks.push_back(webhook);
  commit(batch);
  const auto delivered = stored(DeliveryStatus::Delivered);
  NewEvent open = make_.event({kOtherWebhook});
  commit_event(open);
  WriteBatch deletion;
  deletion.deleted_webhooks.push_back({kWebhook, make_.now});
  commit(deletion);
  make_.now += std::chrono::seconds(1);
  const auto later = stored(DeliveryStatus::Retrying);

  store().prune(make_.now, 1);
  EXPECT_THAT(store().load_catalog().deleted_webhooks, SizeIs(1));
  prune_all(make_.now);
  EXPECT_FALSE(store().get_event(delivered.event.id));
  EXPECT_TRUE(store().get_event(open.event.id));
  EXPECT_THAT(store().load_catalog().deleted_webhooks, ElementsAre(std::pair(kWebhook, std::string("team_001"))));

  WriteBatch close;
  make_.finish(close, open.deliveries[0].id, DeliveryStatus::Delivered);
  commit(close);
  prune_all(make_.now);
  EXPECT_TRUE(store().get_event(later.event.id));
  EXPECT_THAT(store().load_catalog().deleted_webhooks, IsEmpty());
}

// Goal: what was pruned leaves room; there is enough of it that the tables of an empty store hardly count.
TEST_P(StorePruneTest, SizeShrinks) {
  for (int i = 0; i < 160; ++i) {
    NewEvent event = make_.event({});
    event.event.payload = std::string(10'000, 'x');
    commit_event(event);
  }
  maintain();
  const SizeInfo before = store().size();
  EXPECT_GE(before.bytes_used, 500'000U);
  EXPECT_GE(before.bytes_file, before.bytes_used);
  prune_all(make_.now + std::chrono::seconds(1));
  EXPECT_LT(store().size().bytes_used, before.bytes_used / 4);
}

}  // namespace
}  // namespace limehook::store
