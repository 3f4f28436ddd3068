// Ordered webhooks: nothing starts while something older of its lane is not done.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class SchedulerOrderTest : public CoreTest {
 protected:
  using CoreTest::CoreTest;
  static Webhook ordered(Ordering ordering = Ordering::Webhook) {
    Webhook webhook = CoreHarness::webhook();
    webhook.ordered = ordering;
    return webhook;
  }
  static EventDraft of_call(std::uint32_t key) {
    EventDraft draft = CoreHarness::draft();
    draft.order_key = key;
    return draft;
  }
  static store::OpenDelivery read(DeliveryId id, WebhookId webhook) {
    return {.id = id, .event = EventId{1}, .webhook = webhook, .status = DeliveryStatus::Retrying, .attempts = 1};
  }
  void skip(DeliveryId id) {
    core_.handle(SkipSubmitted{++core_.ticket, id});
    core_.commit_all();
  }
  void ask_for_order(Webhook webhook) {
    webhook.ordered = Ordering::Webhook;
    core_.change(std::move(webhook));
  }
};

class SchedulerOrderLoadingTest : public SchedulerOrderTest {
 protected:
  SchedulerOrderLoadingTest() : SchedulerOrderTest(without_bodies()) {}
  // Takes the one request for one body.
  DeliveryId take_wanted() {
    EXPECT_THAT(core_.wanted, SizeIs(1));
    if (core_.wanted.empty()) return {};
    const auto ids = core_.wanted.front().deliveries;
    core_.wanted.clear();
    EXPECT_THAT(ids, SizeIs(1));
    return ids.front();
  }
};

// Goal: one at a time, in the order of acceptance, through failures and retries.
TEST_F(SchedulerOrderTest, OneAtATimeThroughRetries) {
  core_.create(ordered());
  const auto ids = core_.deliver(events(3));
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
  core_.finish_all(500);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1min);
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
  core_.finish_all(500);
  core_.advance_by_deadlines(5min - 1us);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1us);
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), ElementsAre(ids[1]));
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), ElementsAre(ids[2]));
}

// Goal: one that has failed for good is done: the next one goes.
TEST_F(SchedulerOrderTest, GoesOnAfterAFailure) {
  Webhook webhook = ordered();
  webhook.retry_schedule = std::vector<Duration>{1s};
  core_.create(webhook);
  const auto ids = core_.deliver(events(2));
  core_.finish_all(500);
  core_.advance_by_deadlines(1s);
  core_.finish_all(500);
  EXPECT_THAT(core_.started(), ElementsAre(ids[1]));
}

// Goal: with "call" the same holds per order key, and calls do not wait for each other.
TEST_F(SchedulerOrderTest, CallsSideBySide) {
  core_.create(ordered(Ordering::Call));
  const auto ids = core_.deliver({of_call(1), of_call(1), of_call(2), of_call(2), of_call(3)});
  EXPECT_THAT(core_.started(), ElementsAre(ids[0], ids[2], ids[4]));
  core_.finish(core_.take_attempt(), 500);
  core_.finish(core_.take_attempt(), 200);
  EXPECT_THAT(core_.started(), ElementsAre(ids[4], ids[3]));
  core_.finish_all(200);
  core_.advance_by_deadlines(1min);
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
}

// Goal: webhooks without order, and other ordered ones, do not wait.
TEST_F(SchedulerOrderTest, WebhooksDoNotWaitForEachOther) {
  core_.create(ordered());
  core_.create(ordered());
  core_.create(CoreHarness::webhook());
  core_.deliver(events(2));
  EXPECT_THAT(core_.started(), SizeIs(1 + 1 + 2));
}

// Goal: after a restart the first open one goes first, also when it waits for its retry and the others are due.
TEST_F(SchedulerOrderTest, HoldsAfterARestart) {
  Webhook webhook = ordered();
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  for (const std::int64_t id : {10, 11, 12}) {
    auto delivery = read(DeliveryId{id}, webhook.id);
    if (id == 10) delivery.next_attempt_at = core_.now.wall + 30s;
    if (id == 11) delivery.next_attempt_at = core_.now.wall + 10s;
    core_.scheduler.load_delivery(core_.now, delivery);
  }
  core_.drain_outputs();
  core_.advance_by_deadlines(30s - 1us);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1us);
  for (const std::int64_t id : {10, 11, 12}) {
    ASSERT_THAT(core_.started(), ElementsAre(DeliveryId{id}));
    EXPECT_EQ(core_.attempts.front().number, 2);
    core_.finish_all(200);
  }
}

// Goal: the order keys are kept over a restart.
TEST_F(SchedulerOrderTest, CallsHoldAfterARestart) {
  Webhook webhook = ordered(Ordering::Call);
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  for (const std::int64_t id : {10, 11, 12, 13}) {
    auto delivery = read(DeliveryId{id}, webhook.id);
    delivery.order_key = id % 2 ? 7 : 8;
    core_.scheduler.load_delivery(core_.now, delivery);
  }
  core_.drain_outputs();
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{10}, DeliveryId{11}));
}

// Goal: while a body is read, and when that fails, nobody overtakes.
TEST_F(SchedulerOrderLoadingTest, NobodyOvertakesAMissingBody) {
  core_.create(ordered());
  const auto ids = core_.deliver(events(2));
  ASSERT_EQ(take_wanted(), ids[0]);
  core_.advance(5s);
  EXPECT_THAT(core_.wanted, IsEmpty());
  core_.handle(BodiesLoaded{{ids[0]}, {}, true});
  EXPECT_THAT(core_.wanted, IsEmpty());
  core_.advance(1s);
  ASSERT_EQ(take_wanted(), ids[0]);
  core_.handle(BodiesLoaded{{ids[0]}, {}, false});  // gone from the store
  EXPECT_EQ(take_wanted(), ids[1]);
}

// Goal: giving the first one up lets the next one go: while it waits, while it is blocked, and while it runs.
TEST_F(SchedulerOrderTest, SkippingMakesWay) {
  core_.create(ordered());
  const auto ids = core_.deliver(events(5));
  core_.finish_all(500);
  skip(ids[1]);
  EXPECT_THAT(core_.started(), IsEmpty());
  skip(ids[0]);
  EXPECT_EQ(core_.stored_state(ids[0])->status, DeliveryStatus::Canceled);
  EXPECT_THAT(core_.started(), ElementsAre(ids[2]));
  skip(ids[2]);
  EXPECT_EQ(core_.stored_state(ids[2]), std::nullopt);
  EXPECT_THAT(core_.started(), ElementsAre(ids[2]));
  core_.finish_all(500);
  EXPECT_EQ(core_.stored_state(ids[2])->status, DeliveryStatus::Canceled);
  EXPECT_THAT(core_.started(), ElementsAre(ids[3]));
  core_.take_attempt();
  skip(ids[4]);
  EXPECT_EQ(core_.stored_state(ids[4])->status, DeliveryStatus::Canceled);
}

// Goal: an old failed one that a person asks for goes after the one under way and before the younger ones.
TEST_F(SchedulerOrderTest, RetryOfAnOldOneGoesBeforeYoungerOnes) {
  const auto id = core_.create(ordered())->id;
  const auto ids = core_.deliver(events(3));
  ASSERT_THAT(core_.started(), ElementsAre(ids[0]));
  core_.retry(CoreHarness::failed_delivery(2, id));
  core_.retry(CoreHarness::failed_delivery(1, id));
  core_.commit_all();
  for (const DeliveryId next : {ids[0], DeliveryId{1}, DeliveryId{2}, ids[1], ids[2]}) {
    ASSERT_THAT(core_.started(), ElementsAre(next));
    core_.finish_all(200);
  }
}

// Goal: the same when all that is left waits for a retry: the younger one stays behind the older one until that is
// done.
TEST_F(SchedulerOrderTest, RetryOfAnOldOneBlocksAWaitingOne) {
  const auto id = core_.create(ordered())->id;
  const auto young = core_.deliver(CoreHarness::draft());
  core_.finish_all(500);
  core_.retry(CoreHarness::failed_delivery(1, id));
  ASSERT_THAT(core_.started(), ElementsAre(DeliveryId{1}));
  core_.advance_by_deadlines(2min);
  ASSERT_THAT(core_.started(), ElementsAre(DeliveryId{1}));
  core_.finish_all(500);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1min);
  ASSERT_THAT(core_.started(), ElementsAre(DeliveryId{1}));
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), ElementsAre(young));
}

// Goal: a person's wish for a younger one does not move it past the older ones; it also does not lose it.
TEST_F(SchedulerOrderTest, RetryOfAYoungOneWaitsItsTurn) {
  const auto id = core_.create(ordered())->id;
  const auto ids = core_.deliver(events(3));
  core_.finish_all(500);
  core_.retry(read(ids[2], id));
  core_.retry(read(ids[1], id));
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.retry(read(ids[0], id));
  for (const DeliveryId next : ids) {
    ASSERT_THAT(core_.started(), ElementsAre(next));
    core_.finish_all(200);
  }
}

// Goal: one that is retried by hand while its end is being stored goes before the younger ones that have not started.
TEST_F(SchedulerOrderTest, RetryOfAClosingOneGoesBeforeYoungerOnes) {
  const auto id = core_.create(ordered())->id;
  const auto ids = core_.deliver(events(3));
  core_.started();
  core_.finish(core_.take_attempt(), 200);  // not stored yet
  core_.retry(read(ids[0], id));
  for (const DeliveryId next : {ids[1], ids[0], ids[2]}) {
    ASSERT_THAT(core_.started(), ElementsAre(next));
    core_.finish_all(200);
  }
}

// Goal: when the order is asked for, the next one waits for all that run, then the oldest goes, whatever became due
// first.
TEST_F(SchedulerOrderTest, SwitchingOnCountsAtOnce) {
  const auto stored = core_.create(webhook_of(2));
  const auto ids = core_.deliver(events(5));
  const auto first = core_.take_attempt();
  const auto second = core_.take_attempt();
  ask_for_order(*stored);
  core_.finish(second, 200);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.finish(first, 500);
  EXPECT_THAT(core_.started(), IsEmpty());  // it waits for its retry, and the others behind it
  core_.advance_by_deadlines(1min);
  for (const DeliveryId next : {ids[0], ids[2], ids[3], ids[4]}) {
    ASSERT_THAT(core_.started(), ElementsAre(next));
    core_.finish_all(200);
  }
}

// Goal: one that waits for its retry when the order is asked for has its place in it.
TEST_F(SchedulerOrderTest, SwitchingOnCountsWhatWaits) {
  const auto stored = core_.create(webhook_of(1));
  const auto ids = core_.deliver(events(3));
  core_.finish(core_.take_attempt(), 500);
  ask_for_order(*stored);
  ASSERT_THAT(core_.started(), ElementsAre(ids[1]));
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1min);
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
}

// Goal: without order everything that is due goes at once, and what runs ends as always.
TEST_F(SchedulerOrderTest, SwitchingOffLetsAllGo) {
  const auto stored = core_.create(ordered());
  const auto ids = core_.deliver(events(3));
  const auto first = core_.take_attempt();
  Webhook changed = *stored;
  changed.ordered = Ordering::None;
  core_.change(changed);
  EXPECT_THAT(core_.started(), ElementsAre(ids[1], ids[2]));
  core_.finish(first, 500);
  EXPECT_THAT(core_.started(), ElementsAre(ids[1], ids[2]));
  core_.finish_all(200);
  core_.advance_by_deadlines(1min);
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
}

// Goal: off and on again while one runs, and from "call" to "webhook" and back, the lanes are right.
TEST_F(SchedulerOrderTest, SwitchingBackAndForth) {
  const auto id = core_.create(ordered(Ordering::Call))->id;
  const auto ids = core_.deliver({of_call(1), of_call(2), of_call(1), of_call(2)});
  ASSERT_THAT(core_.started(), ElementsAre(ids[0], ids[1]));
  const auto first = core_.take_attempt();
  const auto second = core_.take_attempt();
  Webhook full = *core_.scheduler.find_webhook(id);
  full.max_concurrency = 1;  // so that nothing starts while there is no order
  core_.change(full);
  for (const Ordering ordering : {Ordering::None, Ordering::Webhook, Ordering::Call, Ordering::Webhook}) {
    Webhook changed = *core_.scheduler.find_webhook(id);
    changed.ordered = ordering;
    core_.change(changed);
  }
  Webhook wide = *core_.scheduler.find_webhook(id);
  wide.max_concurrency = 8;
  core_.change(wide);
  core_.finish(second, 200);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.finish(first, 200);
  EXPECT_THAT(core_.started(), ElementsAre(ids[2]));
  Webhook by_call = *core_.scheduler.find_webhook(id);
  by_call.ordered = Ordering::Call;
  core_.change(by_call);
  EXPECT_THAT(core_.started(), ElementsAre(ids[2], ids[3]));
}

// Goal: tests of a webhook neither wait for its order nor hold it up.
TEST_F(SchedulerOrderTest, TestsStandOutside) {
  const auto id = core_.create(ordered())->id;
  const auto ids = core_.deliver(events(2));
  core_.handle(TestSubmitted{++core_.ticket, id, CoreHarness::draft()});
  ASSERT_THAT(core_.started(), SizeIs(2));
  const auto first = core_.take_attempt();
  const auto test = core_.take_attempt();
  EXPECT_TRUE(test.test);
  core_.finish(first, 200);
  ASSERT_THAT(core_.started(), ElementsAre(ids[1]));
  core_.finish(test, 500);
  EXPECT_THAT(core_.started(), ElementsAre(ids[1]));
}

// Goal: what a breaker gives up is done: the next one takes its place, with a time of its own.
TEST_F(SchedulerOrderTest, HeldTooLongMakesWay) {
  auto options = CoreHarness::default_options();
  options.queue.breaker.failures_max = 1;
  options.queue.breaker.pause_first = 1h;
  options.queue.breaker.pause_max = 1h;
  CoreHarness core(options);
  Webhook webhook = ordered();
  webhook.retry_schedule = std::vector<Duration>{10s};
  core.create(webhook);
  const auto ids = core.deliver(events(2));
  core.finish_all(500);
  core.advance_by_deadlines(10s);  // due again, but held
  core.advance_by_deadlines(10s);
  EXPECT_EQ(core.take_answer<HeldTooLong>().delivery, ids[0]);
  EXPECT_FALSE(core.has_answer<HeldTooLong>());
  core.advance_by_deadlines(10s);
  EXPECT_EQ(core.take_answer<HeldTooLong>().delivery, ids[1]);
}

// Goal: people see which one holds the others up and until when.
TEST_F(SchedulerOrderTest, ShowsWhatBlocks) {
  const auto id = core_.create(ordered())->id;
  const auto ids = core_.deliver(events(2));
  EXPECT_FALSE(core_.scheduler.view(id)->blocked_by);  // it runs
  core_.finish_all(500);
  const auto block = core_.scheduler.view(id)->blocked_by;
  ASSERT_TRUE(block);
  EXPECT_EQ(block->delivery, ids[0]);
  EXPECT_EQ(block->next_attempt_at, core_.now.wall + 1min);
  skip(ids[1]);
  EXPECT_FALSE(core_.scheduler.view(id)->blocked_by);  // nobody waits behind it
}

// Goal: disabling and enabling leaves no trace in the order.
TEST_F(SchedulerOrderTest, StartsAfreshAfterDisabling) {
  const auto stored = core_.create(ordered());
  core_.deliver(events(3));
  const auto running = core_.take_attempt();
  Webhook disabled = *stored;
  disabled.enabled = false;
  core_.change(disabled);
  Webhook enabled = *core_.scheduler.find_webhook(stored->id);
  enabled.enabled = true;
  core_.change(enabled);
  const auto young = core_.deliver(CoreHarness::draft());
  EXPECT_THAT(core_.started(), IsEmpty());  // behind what still runs
  core_.finish(running, 200);
  EXPECT_THAT(core_.started(), ElementsAre(young));
}

}  // namespace
}  // namespace limehook::delivery
