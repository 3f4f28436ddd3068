// Retries that people ask for, in the moments when something else happens to the delivery.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

// Goal: a retry made from what was read before the delivery ended again is refused, not counted twice.
TEST(SchedulerByHand, RefusesRetriesFromOldReads) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  store::OpenDelivery failed{.id = DeliveryId{77}, .event = EventId{70}, .webhook = webhook->id};
  failed.status = DeliveryStatus::Failed;
  failed.attempts = 5;
  core.handle(RetrySubmitted{3, failed});
  core.commit();
  core.handle(BodiesLoaded{{DeliveryId{77}}, {{DeliveryId{77}, "{}"}}});
  core.finish(core.take_attempt(), 200);
  core.commit();
  core.take_answer<Stored>();
  core.handle(RetrySubmitted{4, failed});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
  failed.attempts = 6;
  core.handle(RetrySubmitted{5, failed});
  core.commit();
  EXPECT_TRUE(core.has_answer<Stored>());
}

// Goal: a retry asked for while the delivery's end is being stored is confirmed when the store knows that it goes on.
TEST(SchedulerByHand, ConfirmsARetryOfWhatIsClosingAfterTheCommit) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  const auto attempt = core.take_attempt();
  core.finish(attempt, 200);
  store::OpenDelivery read{.id = attempt.delivery, .event = EventId{1}, .webhook = webhook->id};
  core.handle(RetrySubmitted{3, read});
  core.handle(RetrySubmitted{4, read});
  EXPECT_EQ(core.commit().updates.back().status, DeliveryStatus::Delivered);
  EXPECT_FALSE(core.has_answer<Stored>());
  const auto batch = core.commit();
  ASSERT_EQ(batch.updates.size(), 1u);
  EXPECT_EQ(batch.updates.front().status, DeliveryStatus::Retrying);
  EXPECT_EQ(batch.updates.front().round_start, 1);
  EXPECT_EQ(core.take_answer<Stored>().ticket, 3u);
  EXPECT_EQ(core.take_answer<Stored>().ticket, 4u);
  ASSERT_EQ(core.wanted.size(), 1u);
  core.handle(BodiesLoaded{{attempt.delivery}, {{attempt.delivery, "{}"}}});
  EXPECT_EQ(core.take_attempt().number, 2);
}

// Goal: of two retries in one moment both are answered by what became of the first: nobody is told of a retry that the
// store refused.
TEST(SchedulerByHand, RetriesInOneMomentShareTheirFate) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  for (const auto status : {store::CommitStatus::Full, store::CommitStatus::Committed}) {
    core.handle(RetrySubmitted{1, CoreHarness::failed_delivery(1, webhook->id)});
    core.handle(RetrySubmitted{2, CoreHarness::failed_delivery(1, webhook->id)});
    core.commit({.status = status});
    if (status == store::CommitStatus::Full) {
      const Ticket first = core.take_answer<Refused>().ticket;
      EXPECT_EQ(first + core.take_answer<Refused>().ticket, 3U);
      core.advance(1s);
    } else {
      const Ticket first = core.take_answer<Stored>().ticket;
      EXPECT_EQ(first + core.take_answer<Stored>().ticket, 3U);
      core.load_bodies();
      EXPECT_THAT(core.attempts, testing::SizeIs(1));
    }
  }
}

// Goal: what goes on after such a retry counts as opened again: a second retry from the same old read is refused.
TEST(SchedulerByHand, RefusesASecondRetryFromTheReadBeforeTheFirst) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  const auto attempt = core.take_attempt();
  core.finish(attempt, 200);
  store::OpenDelivery read{.id = attempt.delivery, .event = EventId{1}, .webhook = webhook->id};
  read.status = DeliveryStatus::Delivered;
  read.attempts = 1;
  core.handle(RetrySubmitted{3, read});
  core.commit_all();
  core.handle(BodiesLoaded{{attempt.delivery}, {{attempt.delivery, "{}"}}});
  core.finish(core.take_attempt(), 200);
  core.commit_all();
  core.handle(RetrySubmitted{4, read});
  EXPECT_EQ(core.take_answer<Refused>().reason, Refusal::Conflict);
}

// Goal: a retry that is stored behind the cancellation of the same delivery is not forgotten. Method: the first retry
// opens the delivery in the moment its webhook is disabled; the second was taken just before that.
TEST(SchedulerByHand, KeepsARetryThatMeetsACancellation) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  store::OpenDelivery failed{.id = DeliveryId{77}, .event = EventId{70}, .webhook = webhook->id};
  failed.status = DeliveryStatus::Failed;
  failed.attempts = 5;
  Webhook disabled = *webhook;
  disabled.enabled = false;
  core.handle(EventsSubmitted{1, {CoreHarness::draft("team_002")}});
  core.handle(RetrySubmitted{2, failed});
  core.handle(WebhookSubmitted{3, disabled});
  core.commit();
  core.handle(RetrySubmitted{4, failed});
  core.commit();  // opens the delivery for the first retry and disables the webhook
  DeliveryStatus stored = DeliveryStatus::Retrying;
  while (!core.batches.empty()) {
    for (const auto& update : core.commit().updates) stored = update.status;
  }
  EXPECT_EQ(stored, DeliveryStatus::Canceled);
  EXPECT_EQ(core.scheduler.gauges().open, 0u);
}

// Goal: while it is not stored that a delivery is open again, nobody is told that another retry of it is certain.
TEST(SchedulerByHand, ConfirmsNoRetryOfWhatIsNotStoredAsOpen) {
  CoreHarness core;
  const auto webhook = core.create(CoreHarness::webhook());
  core.accept({CoreHarness::draft()});
  const auto attempt = core.take_attempt();
  core.finish(attempt, 200);
  store::OpenDelivery read{.id = attempt.delivery, .event = EventId{1}, .webhook = webhook->id};
  core.handle(RetrySubmitted{3, read});
  core.commit();  // its first end
  read.status = DeliveryStatus::Delivered;
  read.attempts = 1;
  core.handle(RetrySubmitted{4, read});
  EXPECT_FALSE(core.has_answer<Stored>());
  core.commit_all();
  EXPECT_EQ(core.take_answer<Stored>().ticket, 3U);
  EXPECT_EQ(core.take_answer<Stored>().ticket, 4U);
}

}  // namespace
}  // namespace limehook::delivery
