// The port's contract for writing: what a batch leaves behind, duplicates, what the scheduler gets back at start.

#include <atomic>
#include <thread>

#include "base/limits.hpp"
#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreCommitTest : public StoreTest {
 protected:
  NewEvent keyed(std::string key, std::string team = "team_001", std::vector<WebhookId> webhooks = {}) {
    NewEvent event = make_.event(std::move(webhooks), std::move(team));
    event.idempotency_key = std::move(key);
    return event;
  }
};
LIMEHOOK_FOR_ALL_STORES(StoreCommitTest);

void expect_equal(const Event& a, const Event& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.team_id, b.team_id);
  EXPECT_EQ(a.received_at, b.received_at);
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.test, b.test);
}

void expect_equal(const Attempt& a, const Attempt& b) {
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.started_at, b.started_at);
  EXPECT_EQ(a.duration, b.duration);
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.http_status, b.http_status);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.response_head, b.response_head);
  EXPECT_EQ(a.response_body, b.response_body);
  EXPECT_EQ(a.response_body_cut, b.response_body_cut);
  EXPECT_EQ(a.signatures, b.signatures);
  EXPECT_EQ(a.webhook_version, b.webhook_version);
  EXPECT_EQ(a.fallback, b.fallback);
}

// Goal: every member of an event, a delivery and an attempt comes back as it was, to the microsecond and with any
// bytes, also after reopening.
TEST_P(StoreCommitTest, ValuesComeBackWhole) {
  NewEvent event = make_.event({kWebhook, kOtherWebhook}, "team_ü", EventType::SmsReceived);
  event.event.test = true;
  event.deliveries[0].test = true;
  event.deliveries[0].body = R"({"shaped":true})";
  commit_event(event);
  WriteBatch batch;
  NewAttempt attempt = Maker::attempt(event.deliveries[0].id, 1, 503, make_.now + Duration(7));
  attempt.attempt.response_body = std::string("\0\xff\xfe bytes", 9);
  attempt.attempt.response_body_cut = true;
  attempt.attempt.response_head = std::string(limits::kResponseHeadBytesMax, '\x80');
  attempt.attempt.error = "…";
  batch.attempts.push_back(attempt);
  DeliveryUpdate update = make_.update(event.deliveries[0].id, DeliveryStatus::Retrying, 1);
  update.next_attempt_at = make_.now + Duration(987'654'321);
  update.http_status = 503;
  update.last_outcome = AttemptOutcome::Response;
  batch.updates.push_back(update);
  commit(batch);
  reopen();

  const auto detail = store().get_delivery(event.deliveries[0].id);
  ASSERT_TRUE(detail);
  expect_equal(detail->event, event.event);
  EXPECT_EQ(detail->delivery.webhook, kWebhook);
  EXPECT_EQ(detail->delivery.event, event.event.id);
  EXPECT_TRUE(detail->delivery.test);
  EXPECT_EQ(detail->delivery.status, DeliveryStatus::Retrying);
  EXPECT_EQ(detail->delivery.attempts, 1);
  EXPECT_EQ(detail->delivery.next_attempt_at, update.next_attempt_at);
  EXPECT_EQ(detail->delivery.http_status, 503);
  EXPECT_EQ(detail->delivery.last_outcome, AttemptOutcome::Response);
  EXPECT_EQ(detail->delivery.updated_at, make_.now);
  EXPECT_EQ(detail->delivery.body, event.deliveries[0].body);
  ASSERT_THAT(detail->attempts, SizeIs(1));
  expect_equal(detail->attempts[0], attempt.attempt);

  const auto whole = store().get_event(event.event.id);
  ASSERT_TRUE(whole);
  expect_equal(whole->event, event.event);
  ASSERT_THAT(whole->deliveries, SizeIs(2));
  EXPECT_EQ(whole->deliveries[0].id, event.deliveries[0].id);
  EXPECT_EQ(whole->deliveries[0].body, std::nullopt);
  EXPECT_EQ(whole->deliveries[1].webhook, kOtherWebhook);
}

TEST_P(StoreCommitTest, WhatWasNeverStoredIsNotFound) {
  EXPECT_FALSE(store().get_delivery(DeliveryId{make_.id()}));
  EXPECT_FALSE(store().get_event(EventId{make_.id()}));
  EXPECT_FALSE(store().get_recovery(RecoveryId{make_.id()}));
  EXPECT_THAT(open_deliveries(), IsEmpty());
}

// Goal: attempts are a log in the order of their numbers, also when a batch brings several of one delivery and when
// rounds follow each other.
TEST_P(StoreCommitTest, AttemptsAreReadInOrder) {
  const NewEvent event = make_.event({kWebhook});
  const DeliveryId id = event.deliveries[0].id;
  WriteBatch first;
  first.events.push_back(event);
  make_.finish(first, id, DeliveryStatus::Retrying, 1);
  make_.finish(first, id, DeliveryStatus::Retrying, 2);
  commit(first);
  for (int number = 3; number <= 7; ++number) {
    WriteBatch next;
    make_.finish(next, id, number == 7 ? DeliveryStatus::Delivered : DeliveryStatus::Retrying, number);
    commit(next);
  }
  const auto detail = store().get_delivery(id);
  ASSERT_TRUE(detail);
  ASSERT_THAT(detail->attempts, SizeIs(7));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(detail->attempts[static_cast<std::size_t>(i)].number, i + 1);
  EXPECT_EQ(detail->delivery.status, DeliveryStatus::Delivered);
}

// Goal: an attempt counts even if its batch has no new state for the delivery.
TEST_P(StoreCommitTest, AttemptWithoutUpdateIsKept) {
  const NewEvent event = make_.event({kWebhook});
  commit_event(event);
  WriteBatch batch;
  batch.attempts.push_back(Maker::attempt(event.deliveries[0].id, 1, 500, make_.now));
  commit(batch);
  EXPECT_THAT(store().get_delivery(event.deliveries[0].id)->attempts, SizeIs(1));
}

TEST_P(StoreCommitTest, OpenDeliveriesComeInOrderAndClosedOnesDoNot) {
  std::vector<DeliveryId> ids;
  WriteBatch batch;
  for (int i = 0; i < 5; ++i) {
    batch.events.push_back(make_.event({kWebhook}, "team_001", EventType::SmsSent));
    ids.push_back(batch.events.back().deliveries[0].id);
  }
  make_.finish(batch, ids[0], DeliveryStatus::Retrying);
  make_.finish(batch, ids[1], DeliveryStatus::Delivered);
  make_.finish(batch, ids[2], DeliveryStatus::Failed);
  batch.updates.push_back(make_.update(ids[3], DeliveryStatus::Canceled, 0));
  commit(batch);
  reopen();

  const auto open = open_deliveries();
  ASSERT_THAT(open, SizeIs(2));
  EXPECT_EQ(open[0].id, ids[0]);
  EXPECT_EQ(open[0].event, batch.events[0].event.id);
  EXPECT_EQ(open[0].webhook, kWebhook);
  EXPECT_EQ(open[0].type, EventType::SmsSent);
  EXPECT_EQ(open[0].status, DeliveryStatus::Retrying);
  EXPECT_EQ(open[0].attempts, 1);
  EXPECT_EQ(open[0].next_attempt_at, make_.now + std::chrono::minutes(5));
  EXPECT_EQ(open[0].last_outcome, AttemptOutcome::Timeout);
  EXPECT_EQ(open[1].id, ids[4]);
  EXPECT_EQ(open[1].status, DeliveryStatus::Pending);
  EXPECT_EQ(open[1].next_attempt_at, std::nullopt);

  WriteBatch again;
  DeliveryUpdate reopened = make_.update(ids[2], DeliveryStatus::Retrying, 1);
  reopened.round_start = 1;
  again.updates.push_back(reopened);
  commit(again);
  ASSERT_THAT(open_deliveries(), SizeIs(3));
  EXPECT_EQ(open_deliveries()[1].id, ids[2]);
  EXPECT_EQ(open_deliveries()[1].round_start, 1);
}

// Goal: what a delivery carries from its making (order key, kind of body, note) comes back wherever it is read, for
// first deliveries and redeliveries.
TEST_P(StoreCommitTest, WhatDeliveriesCarryComesBack) {
  NewEvent event = make_.event({kWebhook, kOtherWebhook});
  const auto dress = [](Delivery& delivery) {
    delivery.order_key = 0xFFFF'FFFEU;
    delivery.body_type = BodyType::Form;
    delivery.body = "a=%00";
    delivery.note = "no such member: \xc3\xbc";
  };
  dress(event.deliveries[0]);
  WriteBatch batch;
  batch.events.push_back(event);
  batch.deliveries.push_back(make_.delivery(event.event.id, kWebhook));
  dress(batch.deliveries[0]);
  commit(batch);
  reopen();
  for (const DeliveryId id : {event.deliveries[0].id, batch.deliveries[0].id}) {
    const auto read = store().get_delivery(id)->delivery;
    EXPECT_EQ(read.order_key, 0xFFFF'FFFEU);
    EXPECT_EQ(read.body_type, BodyType::Form);
    EXPECT_EQ(read.body, "a=%00");
    EXPECT_EQ(read.note, "no such member: \xc3\xbc");
  }
  const auto plain = store().get_delivery(event.deliveries[1].id)->delivery;
  EXPECT_EQ(plain.order_key, 0U);
  EXPECT_EQ(plain.body_type, BodyType::Json);
  EXPECT_EQ(plain.body, std::nullopt);
  EXPECT_EQ(plain.note, std::nullopt);
  const auto open = open_deliveries();
  ASSERT_THAT(open, SizeIs(3));
  EXPECT_EQ(open[0].order_key, 0xFFFF'FFFEU);
  EXPECT_EQ(open[0].body_type, BodyType::Form);
  EXPECT_EQ(open[1].order_key, 0U);
  EXPECT_EQ(open[1].body_type, BodyType::Json);
  EXPECT_EQ(open[2].order_key, 0xFFFF'FFFEU);
}

// Goal: where a delivery goes follows its updates, there and back, beside every status that follows an attempt, and is
// known at the start.
TEST_P(StoreCommitTest, FallbackFollowsTheUpdates) {
  const NewEvent event = make_.event({kWebhook});
  const DeliveryId id = event.deliveries[0].id;
  commit_event(event);
  EXPECT_FALSE(store().get_delivery(id)->delivery.fallback);
  for (const DeliveryStatusInfo& info : kDeliveryStatuses) {
    if (info.status == DeliveryStatus::Pending) continue;
    for (const bool fallback : {true, false, true}) {
      WriteBatch batch;
      batch.updates.push_back(make_.update(id, info.status, 3));
      batch.updates.back().fallback = fallback;
      batch.updates.back().round_start = 3;
      batch.updates.back().http_status = 599;
      batch.updates.back().last_outcome = AttemptOutcome::HeldBack;
      commit(batch);
      if (fallback) reopen();
      const auto read = store().get_delivery(id)->delivery;
      EXPECT_EQ(read.fallback, fallback);
      EXPECT_EQ(read.status, info.status);
      EXPECT_EQ(read.last_outcome, AttemptOutcome::HeldBack);
      EXPECT_EQ(store().get_event(event.event.id)->deliveries[0].fallback, fallback);
      const auto listed = store().list_deliveries({.status = info.status}).rows;
      ASSERT_THAT(listed, SizeIs(1));
      EXPECT_EQ(listed[0].delivery.fallback, fallback);
      const auto open = open_deliveries();
      ASSERT_EQ(open.size(), info.open ? 1U : 0U);
      if (open.empty()) continue;
      EXPECT_EQ(open[0].fallback, fallback);
      EXPECT_EQ(open[0].attempts, 3);
      EXPECT_EQ(open[0].round_start, 3);
      EXPECT_EQ(open[0].http_status, 599);
      EXPECT_EQ(open[0].last_outcome, AttemptOutcome::HeldBack);
    }
  }
}

// Goal: each attempt says where it went, whatever else is said of it.
TEST_P(StoreCommitTest, AttemptsSayWhereTheyWent) {
  const NewEvent event = make_.event({kWebhook});
  const DeliveryId id = event.deliveries[0].id;
  WriteBatch batch;
  batch.events.push_back(event);
  for (int number = 1; number <= 4; ++number) {
    batch.attempts.push_back(Maker::attempt(id, number, 500, make_.now));
    batch.attempts.back().attempt.fallback = number > 2;
    batch.attempts.back().attempt.response_body_cut = number % 2 == 0;
  }
  batch.updates.push_back(make_.update(id, DeliveryStatus::Retrying, 4));
  commit(batch);
  reopen();
  maintain();
  const auto attempts = store().get_delivery(id)->attempts;
  ASSERT_THAT(attempts, SizeIs(4));
  for (std::size_t i = 0; i < 4; ++i) expect_equal(attempts[i], batch.attempts[i].attempt);
}

TEST_P(StoreCommitTest, BodiesAreTheDeliverysOwnOrTheEventsPayload) {
  NewEvent event = make_.event({kWebhook, kOtherWebhook});
  event.deliveries[1].body = "{}";
  commit_event(event);
  const std::vector<DeliveryId> wanted{event.deliveries[1].id, DeliveryId{make_.id()}, event.deliveries[0].id};
  auto bodies = store().load_bodies(wanted);
  ASSERT_THAT(bodies, SizeIs(2));
  std::ranges::sort(bodies, {}, &Body::delivery);
  EXPECT_EQ(bodies[0].body, event.event.payload);
  EXPECT_EQ(bodies[1].body, "{}");
}

// Goal: the second use of a key within the window stores nothing and names the first.
TEST_P(StoreCommitTest, SameKeyIsADuplicate) {
  const NewEvent original = keyed("k", "team_001", {kWebhook, kOtherWebhook});
  commit_event(original);
  reopen();
  make_.now += limits::kIdempotencyWindow - Duration(1);
  WriteBatch batch;
  batch.events = {make_.event(), keyed("k", "team_001", {kWebhook})};
  const CommitResult result = commit(batch);
  ASSERT_THAT(result.duplicates, SizeIs(1));
  EXPECT_EQ(result.duplicates[0].index, 1U);
  EXPECT_EQ(result.duplicates[0].original, original.event.id);
  EXPECT_EQ(result.duplicates[0].deliveries, 2);
  EXPECT_TRUE(store().get_event(batch.events[0].event.id));
  EXPECT_FALSE(store().get_event(batch.events[1].event.id));
  EXPECT_FALSE(store().get_delivery(batch.events[1].deliveries[0].id));
  EXPECT_THAT(open_deliveries(), SizeIs(2));
}

TEST_P(StoreCommitTest, SameKeyWithinOneBatchIsADuplicateOfTheFirst) {
  WriteBatch batch;
  batch.events = {keyed("k"), keyed("k"), keyed("k", "team_002"), keyed("k")};
  const CommitResult result = commit(batch);
  ASSERT_THAT(result.duplicates, SizeIs(2));
  EXPECT_EQ(result.duplicates[0].index, 1U);
  EXPECT_EQ(result.duplicates[1].index, 3U);
  EXPECT_EQ(result.duplicates[1].original, batch.events[0].event.id);
  EXPECT_TRUE(store().get_event(batch.events[2].event.id));
}

// Goal: a key is told apart by what came with it: the same payload is a repetition, another one is said to be one, and
// what has no fingerprint is taken for the same, as keys of older versions are. Over a restart as well.
TEST_P(StoreCommitTest, KeyKnowsItsPayload) {
  const auto printed = [&](std::string key, std::string fingerprint) {
    NewEvent event = keyed(std::move(key));
    event.fingerprint = std::move(fingerprint);
    return event;
  };
  const std::string one("one\0\xff", 5), two("two\0\xff", 5);
  const NewEvent original = printed("k", one);
  commit_event(original);
  commit_event(printed("unknown", ""));
  reopen();
  WriteBatch batch;
  batch.events = {printed("k", one),       printed("k", two),   printed("k", ""),
                  printed("unknown", two), printed("new", two), printed("new", one)};
  const CommitResult result = commit(batch);
  ASSERT_THAT(result.duplicates, SizeIs(5));
  std::vector<bool> other;
  for (const DuplicateEvent& duplicate : result.duplicates) other.push_back(duplicate.other_payload);
  EXPECT_THAT(other, ElementsAre(false, true, false, false, true));
  EXPECT_EQ(result.duplicates[1].original, original.event.id);
  EXPECT_EQ(result.duplicates[4].original, batch.events[4].event.id);
}

TEST_P(StoreCommitTest, TeamAndKeyDoNotRunTogether) {
  WriteBatch batch;
  batch.events = {keyed("bc", "a"), keyed("c", "ab"), keyed("abc", "")};
  EXPECT_THAT(commit(batch).duplicates, IsEmpty());
}

// Goal: after the window the key is free, and from then on names the new event; whether housekeeping ran or not.
TEST_P(StoreCommitTest, KeyIsFreeAfterTheWindow) {
  for (const bool housekeeping : {false, true}) {
    const std::string key = housekeeping ? "swept" : "kept";
    commit_event(keyed(key));
    make_.now += limits::kIdempotencyWindow;
    if (housekeeping) maintain();
    WriteBatch batch;
    batch.events = {keyed(key), keyed(key)};
    const CommitResult result = commit(batch);
    ASSERT_THAT(result.duplicates, SizeIs(1));
    EXPECT_EQ(result.duplicates[0].original, batch.events[0].event.id);
    make_.now += std::chrono::hours(2);
    if (housekeeping) maintain();
    WriteBatch later;
    later.events = {keyed(key)};
    EXPECT_THAT(commit(later).duplicates, SizeIs(1));
  }
}

TEST_P(StoreCommitTest, RedeliveryOfAPrunedEventIsPassedOver) {
  WriteBatch batch;
  batch.deliveries.push_back(make_.delivery(EventId{make_.id()}, kWebhook));
  commit(batch);
  EXPECT_THAT(open_deliveries(), IsEmpty());
  EXPECT_FALSE(store().get_delivery(batch.deliveries[0].id));
}

TEST_P(StoreCommitTest, RedeliveryBelongsToItsEvent) {
  const NewEvent event = make_.event({kWebhook});
  commit_event(event);
  WriteBatch batch;
  batch.deliveries.push_back(make_.delivery(event.event.id, kOtherWebhook));
  commit(batch);
  const auto detail = store().get_event(event.event.id);
  ASSERT_THAT(detail->deliveries, SizeIs(2));
  EXPECT_EQ(detail->deliveries[1].id, batch.deliveries[0].id);
  EXPECT_EQ(open_deliveries()[1].type, event.event.type);
}

// Goal: a reader never sees half a batch. Method: each batch moves every delivery to the same attempt count while
// readers compare.
TEST_P(StoreCommitTest, ReadersSeeWholeBatches) {
  NewEvent event = make_.event({kWebhook, kOtherWebhook, WebhookId{make_.id()}});
  commit_event(event);
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::atomic<int> reads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto detail = store().get_event(event.event.id);
        for (const Delivery& d : detail->deliveries) torn += d.attempts != detail->deliveries[0].attempts;
        ++reads;
      }
    });
  }
  for (int number = 1; number <= 100 || reads < 100; ++number) {
    WriteBatch batch;
    for (const Delivery& d : event.deliveries) make_.finish(batch, d.id, DeliveryStatus::Retrying, number);
    commit(batch);
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(torn, 0);
}

}  // namespace
}  // namespace limehook::store
