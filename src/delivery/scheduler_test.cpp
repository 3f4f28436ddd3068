#include "delivery/scheduler.hpp"

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

// Goal: nobody hears of an event, and nothing is sent, before its batch is durable.
TEST(Scheduler, AcknowledgesAndSendsOnlyAfterTheCommit) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.handle(EventsSubmitted{7, {CoreHarness::draft()}});
  ASSERT_EQ(core.batches.size(), 1u);
  EXPECT_FALSE(core.has_answer<EventsAccepted>());
  EXPECT_TRUE(core.attempts.empty());
  core.commit();
  const auto answer = core.take_answer<EventsAccepted>();
  EXPECT_EQ(answer.ticket, 7u);
  EXPECT_EQ(answer.receipts.front().deliveries, 1);
  const auto attempt = core.take_attempt();
  EXPECT_EQ(attempt.number, 1);
  EXPECT_EQ(*attempt.body, CoreHarness::draft().payload);
}

// Goal: what arrives while a commit runs shares the next one.
TEST(Scheduler, CollectsOneBatchWhileAnotherIsCommitted) {
  CoreHarness core;
  core.handle(EventsSubmitted{1, {CoreHarness::draft()}});
  core.handle(EventsSubmitted{2, {CoreHarness::draft()}});
  core.handle(EventsSubmitted{3, {CoreHarness::draft()}});
  ASSERT_EQ(core.batches.size(), 1u);
  EXPECT_EQ(core.commit().events.size(), 1u);
  ASSERT_EQ(core.batches.size(), 1u);
  EXPECT_EQ(core.commit().events.size(), 2u);
}

// Goal: events go to their team's webhooks and those for every team, and nowhere else.
TEST(Scheduler, KeepsTeamsApart) {
  CoreHarness core;
  const auto own = core.create(CoreHarness::webhook("team_001"));
  core.create(CoreHarness::webhook("team_002"));
  const auto every = core.create(CoreHarness::webhook(""));
  EXPECT_EQ(core.accept({CoreHarness::draft("team_001")}).front().deliveries, 2);
  EXPECT_EQ(core.take_attempt().webhook->id, own->id);
  EXPECT_EQ(core.take_attempt().webhook->id, every->id);
  EXPECT_EQ(core.accept({CoreHarness::draft("")}).front().deliveries, 1);
  EXPECT_EQ(core.take_attempt().webhook->id, every->id);
}

// Goal: the default schedule is 1, 5, 15, 30 minutes, each from the end of the attempt; then the delivery is failed.
TEST(Scheduler, WalksTheScheduleThenFails) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  int number = 1;
  for (const Duration step : {60s, 300s, 900s, 1800s}) {
    const auto attempt = core.take_attempt();
    EXPECT_EQ(attempt.number, number++);
    core.advance(3s);
    core.finish(attempt, 500);
    EXPECT_EQ(core.observed.back().status, DeliveryStatus::Retrying);
    core.commit_all();
    core.advance(step - 1ms);
    if (!core.wanted.empty()) ADD_FAILURE() << "too early";
    core.advance(1ms);
    ASSERT_EQ(core.wanted.size(), 1u);  // the body was dropped after the first failure
    const auto ids = core.wanted.front().deliveries;
    core.wanted.clear();
    core.handle(BodiesLoaded{ids, {{ids.front(), "{}"}}});
  }
  core.finish(core.take_attempt(), 0);
  EXPECT_EQ(core.observed.back().status, DeliveryStatus::Failed);
  const auto batch = core.commit();
  EXPECT_EQ(batch.updates.back().status, DeliveryStatus::Failed);
  EXPECT_EQ(batch.updates.back().attempts, 5);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: a webhook's own schedule counts, and Retry-After can only lengthen a step, up to a day.
TEST(Scheduler, HonoursRetryAfter) {
  struct Case {
    int status;
    Duration asked;
    Duration expected;
  };
  for (const Case& c : {Case{503, 120s, 120s}, Case{429, 2s, 10s}, Case{500, 120s, 10s}, Case{503, 100h, 24h}}) {
    CoreHarness core;
    Webhook webhook = CoreHarness::webhook();
    webhook.retry_schedule = std::vector<Duration>{10s};
    core.create(webhook);
    core.accept({CoreHarness::draft()});
    core.finish(core.take_attempt(), c.status, c.asked);
    EXPECT_EQ(core.observed.back().retry_in, c.expected) << c.status;
  }
}

// Goal: 410 disables the webhook with a reason, fails the delivery and cancels what waits.
TEST(Scheduler, GoneDisablesTheWebhook) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.max_concurrency = 1;
  const auto id = core.create(webhook)->id;
  core.accept({CoreHarness::draft(), CoreHarness::draft()});
  core.finish(core.take_attempt(), 410);
  EXPECT_TRUE(core.has_answer<Notice>());
  EXPECT_FALSE(core.scheduler.find_webhook(id)->enabled);
  EXPECT_FALSE(core.scheduler.find_webhook(id)->disabled_reason.empty());
  const auto batch = core.commit();
  ASSERT_EQ(batch.webhooks.size(), 1u);
  ASSERT_EQ(batch.updates.size(), 2u);
  EXPECT_EQ(batch.updates[0].status, DeliveryStatus::Failed);
  EXPECT_EQ(batch.updates[1].status, DeliveryStatus::Canceled);
  EXPECT_EQ(core.accept({CoreHarness::draft()}).front().deliveries, 0);
}

// Goal: no more attempts run than a webhook's concurrency, and one webhook's backlog does not delay another.
TEST(Scheduler, LimitsConcurrencyPerWebhook) {
  CoreHarness core;
  Webhook slow = CoreHarness::webhook();
  slow.max_concurrency = 2;
  const auto slow_id = core.create(slow)->id;
  core.accept(std::vector<EventDraft>(50, CoreHarness::draft()));
  EXPECT_EQ(core.attempts.size(), 2u);
  const auto other = core.create(CoreHarness::webhook("team_002"));
  core.accept({CoreHarness::draft("team_002")});
  ASSERT_EQ(core.attempts.size(), 3u);
  EXPECT_EQ(core.attempts.back().webhook->id, other->id);
  const auto first = core.take_attempt();
  EXPECT_EQ(first.webhook->id, slow_id);
  core.finish(first, 200);
  EXPECT_EQ(core.attempts.size(), 3u);
}

// Goal: when the node is saturated, webhooks take turns.
TEST(Scheduler, TakesTurnsWhenSaturated) {
  auto options = CoreHarness::default_options();
  options.queue.in_flight_max = 1;
  CoreHarness core(options);
  const auto big = core.create(CoreHarness::webhook("team_001"))->id;
  const auto small = core.create(CoreHarness::webhook("team_002"))->id;
  core.accept(std::vector<EventDraft>(100, CoreHarness::draft("team_001")));
  core.accept({CoreHarness::draft("team_002")});
  std::vector<WebhookId> started;
  for (int i = 0; i < 3; ++i) {
    const auto attempt = core.take_attempt();
    started.push_back(attempt.webhook->id);
    core.finish(attempt, 200);
  }
  EXPECT_EQ(started.front(), big);
  EXPECT_THAT(started, testing::Contains(small));  // after at most one more of the big one's hundred
}

// Goal: webhooks that hang cannot take every place of the node, whatever their concurrency.
TEST(Scheduler, LeavesRoomBesideHangingWebhooks) {
  auto options = CoreHarness::default_options();
  options.queue.in_flight_max = 64;
  CoreHarness core(options);
  for (int i = 0; i < 20; ++i) {
    Webhook hanging = CoreHarness::webhook("hanging_" + std::to_string(i));
    hanging.max_concurrency = 100;
    core.create(hanging);
    core.accept(std::vector<EventDraft>(100, CoreHarness::draft(hanging.team_id)));
  }
  EXPECT_LT(core.attempts.size(), 64u);
  core.attempts.clear();
  core.create(CoreHarness::webhook("healthy"));
  core.accept({CoreHarness::draft("healthy")});
  ASSERT_FALSE(core.attempts.empty());
  EXPECT_EQ(core.attempts.back().webhook->team_id, "healthy");
}

// Goal: one recovery per webhook at a time, since two would deliver twice.
TEST(Scheduler, RunsOneRecoveryPerWebhook) {
  CoreHarness core;
  Recovery recovery;
  recovery.webhook = core.create(CoreHarness::webhook())->id;
  core.handle(RecoverySubmitted{1, recovery});
  core.handle(RecoverySubmitted{2, recovery});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::RecoveryRunning);
  core.commit();
  const auto started = core.take_answer<RecoveryStored>().recovery;
  core.handle(RecoveryStepLoaded{started.id, std::nullopt});  // a failed read is tried again, but not at once
  ASSERT_EQ(core.steps.size(), 1u);
  core.advance(1s);
  ASSERT_EQ(core.steps.size(), 2u);
  core.handle(RecoveryStepLoaded{started.id, store::RecoveryStep{.done = true}});
  core.commit();
  core.handle(RecoverySubmitted{3, recovery});
  core.commit();
  EXPECT_TRUE(core.has_answer<RecoveryStored>());
}

// Goal: disabling cancels what waits, lets what runs finish, and a late success still counts.
TEST(Scheduler, DisablingCancelsWhatWaits) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.max_concurrency = 2;
  const auto stored = core.create(webhook);
  core.accept(std::vector<EventDraft>(3, CoreHarness::draft()));
  const auto succeeds = core.take_attempt();
  const auto fails = core.take_attempt();
  Webhook changed = *stored;
  changed.enabled = false;
  core.handle(WebhookSubmitted{9, changed});
  core.commit();
  const auto canceled = core.commit();
  ASSERT_EQ(canceled.updates.size(), 1u);
  EXPECT_EQ(canceled.updates.front().status, DeliveryStatus::Canceled);
  core.finish(succeeds, 200);
  EXPECT_EQ(core.observed.back().status, DeliveryStatus::Delivered);
  core.finish(fails, 500);
  EXPECT_EQ(core.observed.back().status, DeliveryStatus::Canceled);
  core.commit_all();
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: duplicates answer the first event and deliver nothing again.
TEST(Scheduler, DuplicatesDeliverNothing) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.handle(EventsSubmitted{5, {CoreHarness::draft(), CoreHarness::draft()}});
  store::CommitResult result;
  result.duplicates = {{1, EventId{42}, 3}};
  core.commit(result);
  const auto answer = core.take_answer<EventsAccepted>();
  EXPECT_FALSE(answer.receipts[0].duplicate);
  EXPECT_TRUE(answer.receipts[1].duplicate);
  EXPECT_EQ(answer.receipts[1].id, EventId{42});
  EXPECT_EQ(answer.receipts[1].deliveries, 3);
  EXPECT_EQ(core.attempts.size(), 1u);
}

// Goal: a key that belongs to another payload is a conflict: neither an event nor a repetition of one.
TEST(Scheduler, KeysOfOtherPayloadsAreConflicts) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  EventDraft draft = CoreHarness::draft();
  draft.idempotency_key = "key";
  draft.fingerprint = "print";
  core.handle(EventsSubmitted{5, {draft}});
  store::CommitResult result;
  result.duplicates = {{0, EventId{42}, 3, true}};
  const auto batch = core.commit(result);
  EXPECT_EQ(batch.events[0].idempotency_key, "key");
  EXPECT_EQ(batch.events[0].fingerprint, "print");
  const auto answer = core.take_answer<EventsAccepted>();
  EXPECT_TRUE(answer.receipts[0].conflict);
  EXPECT_FALSE(answer.receipts[0].duplicate);
  EXPECT_EQ(answer.receipts[0].id, EventId{42});
  EXPECT_EQ(core.attempts.size(), 0u);
}

// Goal: a retry by hand attempts a failed delivery again with the next number and a whole schedule before it.
TEST(Scheduler, RetriesByHand) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  store::OpenDelivery failed{.id = DeliveryId{77}, .event = EventId{70}, .webhook = webhook->id};
  failed.status = DeliveryStatus::Failed;
  failed.attempts = 5;
  core.handle(RetrySubmitted{3, failed});
  const auto batch = core.commit();
  EXPECT_EQ(batch.updates.front().status, DeliveryStatus::Retrying);
  EXPECT_EQ(core.take_answer<Stored>().ticket, 3u);
  ASSERT_EQ(core.wanted.size(), 1u);
  core.handle(BodiesLoaded{{DeliveryId{77}}, {{DeliveryId{77}, "{}"}}});
  const auto attempt = core.take_attempt();
  EXPECT_EQ(attempt.number, 6);
  core.finish(attempt, 500);
  EXPECT_EQ(core.observed.back().retry_in, Duration(60s));
}

// Goal: a test is sent at once, also to a disabled webhook with full concurrency, and is not retried.
TEST(Scheduler, TestsOnceAndAtOnce) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.enabled = false;
  const auto id = core.create(webhook)->id;
  core.handle(TestSubmitted{4, id, CoreHarness::draft()});
  core.commit();
  const auto attempt = core.take_attempt();
  EXPECT_TRUE(attempt.test);
  core.finish(attempt, 500);
  EXPECT_FALSE(core.has_answer<TestFinished>());  // not before the log has it
  core.commit_all();
  EXPECT_EQ(core.take_answer<TestFinished>().attempt.http_status, 500);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: a recovery opens failed deliveries, makes missing ones for events that match, keeps its position in the batch
// of its deliveries, and ends.
TEST(Scheduler, RecoversInTheBackground) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.events.reset();
  webhook.events.set(static_cast<std::size_t>(EventType::MissedCall));
  const auto stored = core.create(webhook);
  Recovery recovery;
  recovery.webhook = stored->id;
  recovery.kind = Recovery::Kind::Missing;
  core.handle(RecoverySubmitted{8, recovery});
  core.commit();
  recovery = core.take_answer<RecoveryStored>().recovery;
  ASSERT_EQ(core.steps.size(), 1u);

  store::RecoveryStep step;
  store::OpenDelivery canceled{.id = DeliveryId{70}, .event = EventId{60}, .webhook = stored->id};
  canceled.status = DeliveryStatus::Canceled;
  step.deliveries = {canceled};
  const auto event = [](int id, EventType type) {
    return Event{EventId{id}, type, "team_001", {}, CoreHarness::draft("", type).payload, false};
  };
  step.events = {event(61, EventType::MissedCall), event(62, EventType::CallCompleted)};
  step.position = 62;
  step.examined = 3;
  step.done = true;
  core.handle(RecoveryStepLoaded{recovery.id, step});
  const auto batch = core.commit();
  EXPECT_EQ(batch.updates.size(), 1u);
  EXPECT_EQ(batch.deliveries.size(), 1u);
  ASSERT_EQ(batch.recoveries.size(), 1u);
  EXPECT_EQ(batch.recoveries.front().state, Recovery::State::Done);
  EXPECT_EQ(batch.recoveries.front().redelivered, 2);
  EXPECT_EQ(core.scheduler.open_deliveries(stored->id), 2);
}

}  // namespace
}  // namespace limehook::delivery
