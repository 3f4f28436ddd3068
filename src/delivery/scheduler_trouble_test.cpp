// What the scheduler does when the store fails, when things are out of date, and across restarts.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

// Goal: an acknowledged change is not overwritten by the 410 that came before it, also in the order of the journal.
TEST(SchedulerTrouble, StoresChangesInTheOrderInWhichTheyHappened) {
  CoreHarness core;
  const auto id = core.create(CoreHarness::webhook())->id;
  core.accept({CoreHarness::draft()});
  const auto attempt = core.take_attempt();
  core.handle(EventsSubmitted{50, {CoreHarness::draft("other")}});  // a batch is outstanding
  core.finish(attempt, 410);
  Webhook enabled = *core.scheduler.find_webhook(id);
  enabled.enabled = true;
  core.handle(WebhookSubmitted{52, enabled});
  core.commit();
  const auto batch = core.commit();
  ASSERT_EQ(batch.webhooks.size(), 2u);
  EXPECT_LT(batch.webhooks[0].version, batch.webhooks[1].version);
  EXPECT_TRUE(batch.webhooks[1].enabled);
}

// Goal: refused requests leave no weight behind, and a store that failed once does not keep the clock busy.
TEST(SchedulerTrouble, ForgetsWhatWasRefused) {
  auto options = CoreHarness::default_options();
  options.journal_bytes_max = 1000;
  CoreHarness core(options);
  for (int i = 0; i < 10; ++i) {
    core.handle(EventsSubmitted{static_cast<Ticket>(100 + i), {CoreHarness::draft()}});
    core.commit({store::CommitStatus::Full, "no room", {}});
    EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::StoreFull);
    EXPECT_TRUE(core.scheduler.next_deadline().has_value());
    core.advance(1s);
    EXPECT_FALSE(core.scheduler.next_deadline().has_value());
  }
  core.accept({CoreHarness::draft()});
}

// Goal: while the store is full, nothing more is attempted than what had started.
TEST(SchedulerTrouble, AttemptsNothingItCouldNotLog) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.max_concurrency = 1;
  core.create(webhook);
  core.accept(std::vector<EventDraft>(5, CoreHarness::draft()));
  core.finish(core.take_attempt(), 200);
  EXPECT_EQ(core.attempts.size(), 1u);  // the next one, before the store was known to be full
  core.commit({store::CommitStatus::Full, "no room", {}});
  core.finish(core.take_attempt(), 200);
  for (int i = 0; i < 5; ++i) {
    core.advance(1s);
    EXPECT_TRUE(core.attempts.empty());
    core.commit({store::CommitStatus::Full, "no room", {}});
  }
  core.advance(1s);
  EXPECT_EQ(core.commit().attempts.size(), 2u);
  EXPECT_EQ(core.attempts.size(), 1u);
}

// Goal: a delivery whose body was being read when its webhook was deleted is canceled, not sent.
TEST(SchedulerTrouble, CancelsWhatWasLoading) {
  auto options = CoreHarness::default_options();
  options.queue.body_bytes_max = 10;
  CoreHarness core(options);
  const auto id = core.create(CoreHarness::webhook())->id;
  core.accept({CoreHarness::draft()});
  const auto ids = core.wanted.front().deliveries;
  core.handle(WebhookDeleted{9, id});
  core.commit_all();
  core.handle(BodiesLoaded{ids, {{ids.front(), "{}"}}});
  EXPECT_TRUE(core.attempts.empty());
  EXPECT_EQ(core.commit().updates.front().status, DeliveryStatus::Canceled);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: a change made from an old version is refused, so that two people do not overwrite each other.
TEST(SchedulerTrouble, RefusesChangesFromOldVersions) {
  CoreHarness core;
  const auto stored = core.create(CoreHarness::webhook());
  core.handle(WebhookSubmitted{1, *stored});
  core.handle(WebhookSubmitted{2, *stored});  // while the first is being stored
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
  core.commit_all();
  EXPECT_EQ(core.take_answer<WebhookStored>().webhook->version, 2);
  core.handle(WebhookSubmitted{3, *stored});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
}

// Goal: whoever deletes what they have read does not delete what somebody else has made of it since; who names no
// version deletes whatever there is.
TEST(SchedulerTrouble, DeletesTheVersionThatIsMeant) {
  CoreHarness core;
  const auto stored = core.create(CoreHarness::webhook());
  core.handle(WebhookSubmitted{1, *stored});
  core.handle(WebhookDeleted{2, stored->id, std::nullopt, stored->version});  // while the change is being stored
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
  core.commit_all();
  EXPECT_EQ(core.take_answer<WebhookStored>().webhook->version, 2);
  core.handle(WebhookDeleted{3, stored->id, std::nullopt, stored->version});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
  core.handle(WebhookDeleted{4, stored->id});
  core.commit_all();
  EXPECT_EQ(core.take_answer<Stored>().ticket, 4u);
}

// Goal: a full store refuses requests, keeps what attempts brought, starts nothing it could not log, and goes on by
// itself when there is room.
TEST(SchedulerTrouble, SurvivesAFullStore) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft(), CoreHarness::draft()});
  core.finish(core.take_attempt(), 200);  // its record is the outstanding batch
  core.handle(EventsSubmitted{5, {CoreHarness::draft()}});
  core.commit({store::CommitStatus::Full, "no room", {}});
  EXPECT_TRUE(core.batches.empty());
  core.handle(EventsSubmitted{6, {CoreHarness::draft()}});
  auto refused = core.take_answer<Refused>();
  EXPECT_EQ(refused.ticket, 6u);
  EXPECT_EQ(refused.reason, Refusal::StoreFull);
  core.advance(1s);
  ASSERT_EQ(core.batches.size(), 1u);
  const auto batch = core.commit();
  EXPECT_EQ(batch.attempts.size(), 1u);
  EXPECT_EQ(batch.events.size(), 1u);  // ticket 5 came before the store was known to be full
  EXPECT_EQ(core.take_answer<EventsAccepted>().ticket, 5u);
}

// Goal: a request in the very batch that did not fit is refused, and its event leaves no trace.
TEST(SchedulerTrouble, RefusesWhatDidNotFit) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.handle(EventsSubmitted{5, {CoreHarness::draft()}});
  core.commit({store::CommitStatus::Full, "no room", {}});
  EXPECT_EQ(core.take_answer<Refused>().ticket, 5u);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
  core.advance(1s);
  EXPECT_TRUE(core.batches.empty());
  EXPECT_EQ(core.accept({CoreHarness::draft()}).front().deliveries, 1);
}

// Goal: after a restart open deliveries go on when they are due by the wall clock, and a clock that was set back does
// not hold them for ever.
TEST(SchedulerTrouble, LoadsWhatIsOpen) {
  CoreHarness core;
  Webhook webhook = CoreHarness::webhook();
  webhook.id = WebhookId{5};
  core.scheduler.load_webhook(webhook);
  const auto load = [&](int id, std::optional<Duration> due_in, Duration set_back = 0s) {
    store::OpenDelivery delivery{.id = DeliveryId{id}, .event = EventId{1}, .webhook = webhook.id};
    delivery.status = DeliveryStatus::Retrying;
    delivery.attempts = 1;
    delivery.updated_at = core.now.wall + set_back;
    if (due_in) delivery.next_attempt_at = core.now.wall + *due_in;
    core.scheduler.load_delivery(core.now, delivery);
  };
  load(10, std::nullopt);
  load(11, 30s);
  load(12, 24h + 30min, 24h);
  load(13, -5h);
  load(14, 24h * 365);
  core.drain_outputs();
  ASSERT_EQ(core.wanted.size(), 1u);
  EXPECT_THAT(core.wanted[0].deliveries, testing::UnorderedElementsAre(DeliveryId{10}, DeliveryId{13}));
  core.advance(30s);
  ASSERT_EQ(core.wanted.size(), 2u);
  core.advance(30min);
  ASSERT_EQ(core.wanted.size(), 3u);
  EXPECT_THAT(core.wanted[2].deliveries, testing::ElementsAre(DeliveryId{12}));
  core.advance(23h);
  EXPECT_EQ(core.wanted.size(), 3u);
  core.advance(1h);
  EXPECT_EQ(core.wanted.size(), 4u);
}

// Goal: what was open for a webhook that is gone is canceled after a restart.
TEST(SchedulerTrouble, CancelsOrphansAfterARestart) {
  CoreHarness core;
  core.scheduler.load_delivery(core.now, {.id = DeliveryId{10}, .event = EventId{1}, .webhook = WebhookId{99}});
  core.drain_outputs();
  const auto batch = core.commit();
  ASSERT_EQ(batch.updates.size(), 1u);
  EXPECT_EQ(batch.updates.front().status, DeliveryStatus::Canceled);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: bodies beyond the memory limit are loaded when they are due, and nothing else changes.
TEST(SchedulerTrouble, LoadsBodiesThatDidNotFit) {
  auto options = CoreHarness::default_options();
  options.queue.body_bytes_max = 10;
  CoreHarness core(options);
  core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  EXPECT_TRUE(core.attempts.empty());
  ASSERT_EQ(core.wanted.size(), 1u);
  const auto ids = core.wanted.front().deliveries;
  core.handle(BodiesLoaded{ids, {}, true});  // a failed read is tried again
  core.advance(1s);
  ASSERT_EQ(core.wanted.size(), 2u);
  core.handle(BodiesLoaded{ids, {{ids.front(), "{\"a\":1}"}}});
  EXPECT_EQ(*core.take_attempt().body, "{\"a\":1}");
}

// Goal: draining refuses new work, lets attempts finish and stores what came of them before it says so.
TEST(SchedulerTrouble, Drains) {
  CoreHarness core;
  core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  core.handle(DrainRequested{});
  EXPECT_FALSE(core.has_answer<Drained>());
  core.handle(EventsSubmitted{9, {CoreHarness::draft()}});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Draining);
  core.finish(core.take_attempt(), 200);
  EXPECT_FALSE(core.has_answer<Drained>());
  core.commit();
  EXPECT_TRUE(core.has_answer<Drained>());
}

// Goal: too much waiting to be stored is refused as busy and accepted again later.
TEST(SchedulerTrouble, PushesBack) {
  auto options = CoreHarness::default_options();
  options.journal_bytes_max = 500;
  CoreHarness core(options);
  core.handle(EventsSubmitted{1, {CoreHarness::draft()}});
  core.handle(EventsSubmitted{2, {CoreHarness::draft(), CoreHarness::draft()}});
  core.handle(EventsSubmitted{3, {CoreHarness::draft()}});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Busy);
  core.commit_all();
  core.accept({CoreHarness::draft()});
}

TEST(Journal, GathersUnderLoadOnly) {
  // Goal: a small batch never waits; after two large ones a batch waits until it is large enough or for so long.
  Journal journal(1'000'000, {.large_bytes = 100, .enough_bytes = 1000, .wait_max = 10ms});
  MonotonicTime now{1h};
  const auto add = [&](std::size_t bytes) {
    journal.facts().batch.updates.emplace_back();
    journal.facts().batch.bytes += bytes;
  };
  const auto commit = [&] {
    auto batch = journal.take(now);
    if (batch) journal.finish(now, std::move(*batch), store::CommitStatus::Committed);
    return batch.has_value();
  };
  for (const std::size_t bytes : {100U, 10U, 100U, 100U}) {
    add(bytes);
    EXPECT_TRUE(commit()) << bytes;
  }
  add(500);
  EXPECT_FALSE(commit());
  EXPECT_EQ(journal.next_deadline(now), now + 10ms);
  add(500);
  EXPECT_TRUE(commit()) << "large enough";
  EXPECT_EQ(journal.next_deadline(now), std::nullopt);
  add(10);
  now += 9ms;
  EXPECT_FALSE(commit());
  now += 1ms;
  EXPECT_TRUE(commit()) << "waited long enough";
  add(10);
  EXPECT_TRUE(commit()) << "the load is over";
}

}  // namespace
}  // namespace limehook::delivery
