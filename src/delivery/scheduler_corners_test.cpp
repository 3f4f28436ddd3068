// Where rules of the core meet.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SchedulerCornersTest : public CoreTest {};

// Goal: in an ordered webhook such a wish makes the probe at once, but the probe is the one whose turn it is.
TEST_F(SchedulerCornersTest, RetryByHandKeepsTheOrder) {
  Webhook webhook = webhook_of(1);
  webhook.ordered = Ordering::Webhook;
  webhook.retry_schedule = std::vector<Duration>(20, 1s);
  const auto id = core_.create(webhook)->id;
  const auto ids = core_.deliver(events(3));
  while (state(id) == BreakerState::Closed) {
    core_.finish_all(500);
    if (state(id) == BreakerState::Closed) core_.advance_by_deadlines(1s);
  }
  core_.advance_by_deadlines(1s);
  core_.finish_all(500);  // the probe; the pause is 2 s, the step 1 s
  core_.advance_by_deadlines(1500ms);
  ASSERT_THAT(core_.started(), IsEmpty());
  core_.retry({.id = ids[2], .webhook = id, .status = DeliveryStatus::Pending});
  EXPECT_THAT(core_.started(), ElementsAre(ids[0]));
}

// Goal: only the time for which the breaker held a delivery counts, not that for which it waited for its turn.
TEST_F(SchedulerCornersTest, WaitingForOthersIsNotHeld) {
  Webhook webhook = webhook_of(1);
  webhook.retry_schedule = std::vector<Duration>{30s};
  const auto id = core_.create(webhook)->id;
  const auto ids = core_.deliver(events(12));
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(state(id), BreakerState::Closed);
    core_.advance_by_deadlines(15s);  // each attempt takes that long
    ASSERT_THAT(core_.started(), SizeIs(1));
    core_.finish(core_.take_attempt(), 500);
    core_.commit_all();
  }
  ASSERT_EQ(state(id), BreakerState::Open);
  core_.advance_by_deadlines(900ms);
  EXPECT_FALSE(core_.has_answer<HeldTooLong>());  // it was held for 0.9 s of 30
  core_.advance_by_deadlines(200ms);
  EXPECT_FALSE(core_.has_answer<HeldTooLong>());
}

// Goal: a lower limit counts at once: the next start is the new interval after the last.
TEST_F(SchedulerCornersTest, LowerLimitCountsFromTheLastStart) {
  Webhook webhook = CoreHarness::webhook();
  webhook.rate_limit = 1;
  const auto stored = core_.create(webhook);
  core_.deliver(events(3));
  ASSERT_THAT(core_.started(), SizeIs(1));
  Webhook slower = *stored;
  slower.rate_limit = 0.5;
  core_.change(slower);
  EXPECT_THAT(core_.started(), SizeIs(1));
}

// Goal: what fails after a webhook was disabled does not count when it is enabled again.
TEST_F(SchedulerCornersTest, LateFailuresDoNotOutliveDisabling) {
  const auto stored = core_.create(CoreHarness::webhook());
  core_.deliver(events(2));
  core_.finish_all(410);
  ASSERT_FALSE(core_.scheduler.find_webhook(stored->id)->enabled);
  core_.advance(std::chrono::days(6));
  Webhook enabled = *core_.scheduler.find_webhook(stored->id);
  enabled.enabled = true;
  core_.change(enabled);
  core_.deliver(events(10));
  for (int i = 0; i < 2; ++i) core_.finish_all(500);
  EXPECT_TRUE(core_.scheduler.find_webhook(stored->id)->enabled);
}

// Goal: a webhook that a person enabled again has five days again.
TEST_F(SchedulerCornersTest, EnablingStartsTheFiveDaysAnew) {
  const auto stored = core_.create(CoreHarness::webhook());
  core_.deliver(events(1));
  core_.finish_all(500);
  Webhook changed = *stored;
  changed.enabled = false;
  core_.change(changed);
  core_.advance(std::chrono::days(6));
  changed = *core_.scheduler.find_webhook(stored->id);
  changed.enabled = true;
  core_.change(changed);
  core_.deliver(events(1));
  core_.finish_all(500);
  EXPECT_TRUE(core_.scheduler.find_webhook(stored->id)->enabled);
}

// Goal: after a webhook was disabled nobody is told that it fails.
TEST_F(SchedulerCornersTest, DisabledWebhooksAreNotToldAsFailing) {
  core_.create(webhook_of(20));
  core_.deliver(events(12));
  core_.finish_all(410);
  EXPECT_THAT(core_.stored_events(EventType::WebhookDisabled), SizeIs(1));
  EXPECT_THAT(core_.stored_events(EventType::WebhookFailing), IsEmpty());
}

// Goal: with the fallback URL taken away, 410 comes from the webhook's own URL.
TEST_F(SchedulerCornersTest, GoneCountsWhenTheFallbackWasTakenAway) {
  Webhook webhook = CoreHarness::webhook();
  webhook.fallback_url = "https://example.org/";
  webhook.retry_schedule = std::vector<Duration>{1s};
  const auto stored = core_.create(webhook);
  core_.deliver(events(1));
  core_.finish_all(500);
  core_.advance_by_deadlines(1s);
  core_.finish_all(500);
  core_.finish_all(500);  // at the fallback
  Webhook changed = *core_.scheduler.find_webhook(stored->id);
  changed.fallback_url.clear();
  core_.change(changed);
  core_.advance_by_deadlines(1s);
  ASSERT_THAT(core_.started(), SizeIs(1));
  ASSERT_FALSE(core_.attempts.front().fallback);
  core_.finish_all(410);
  EXPECT_FALSE(core_.scheduler.find_webhook(stored->id)->enabled);
}

// Goal: the same: what goes to the webhook's URL is held by its breaker.
TEST_F(SchedulerCornersTest, MainBreakerHoldsWhenTheFallbackWasTakenAway) {
  Webhook webhook = CoreHarness::webhook();
  webhook.retry_schedule = std::vector<Duration>{1s};
  webhook.id = WebhookId{5};
  webhook.max_concurrency = 20;
  core_.scheduler.load_webhook(webhook);
  core_.deliver(events(10));
  core_.finish_all(500);
  ASSERT_EQ(state(webhook.id), BreakerState::Open);
  core_.scheduler.load_delivery(core_.now, {.id = DeliveryId{10},
                                            .event = EventId{1},
                                            .webhook = webhook.id,
                                            .status = DeliveryStatus::Retrying,
                                            .attempts = 4,
                                            .round_start = 3,
                                            .fallback = true});
  core_.drain_outputs();
  EXPECT_THAT(core_.started(), IsEmpty());
}

// Goal: what was never attempted is not in retry, also when it goes on at the fallback.
TEST_F(SchedulerCornersTest, HeldOnesGoToTheFallbackAsPending) {
  Webhook webhook = webhook_of(1);
  webhook.fallback_url = "https://example.org/";
  webhook.retry_schedule = std::vector<Duration>{10s};
  const auto id = core_.create(webhook)->id;
  open(id);
  core_.advance_by_deadlines(1s);
  core_.deliver(events(1));
  ASSERT_THAT(core_.started(), SizeIs(1));  // the probe hangs
  const auto held = core_.deliver(CoreHarness::draft());
  core_.advance_by_deadlines(10s);
  ASSERT_TRUE(core_.stored_state(held));
  EXPECT_EQ(core_.stored_state(held)->attempts, 0);
  EXPECT_EQ(core_.stored_state(held)->status, DeliveryStatus::Pending);
}

// Goal: a healthy webhook's delivery starts at once, however many others have all the places they may have.
TEST_F(SchedulerCornersTest, ManyBusyWebhooksDelayNobody) {
  auto options = CoreHarness::default_options();
  options.queue.in_flight_max = 4096;
  CoreHarness core(options);
  std::vector<EventDraft> all;
  for (int i = 0; i < 100; ++i) {
    Webhook webhook = CoreHarness::webhook("team " + std::to_string(i));
    webhook.max_concurrency = 100;
    core.create(webhook);
    all.insert(all.end(), 100, CoreHarness::draft(webhook.team_id));
  }
  core.deliver(all);
  for (int i = 0; i < 10; ++i) core.advance(0us);
  ASSERT_LT(core.scheduler.gauges().in_flight, 4000);
  core.attempts.clear();
  core.create(CoreHarness::webhook("healthy"));
  core.handle(EventsSubmitted{++core.ticket, {CoreHarness::draft("healthy")}});
  core.commit();
  std::vector<std::string> started;
  for (const auto& attempt : core.attempts) started.push_back(attempt.webhook->team_id);
  EXPECT_THAT(started, Contains("healthy")) << core.scheduler.gauges().in_flight;
}

// Goal: the owner is told by e-mail that a webhook was disabled, also within the hour of another word.
TEST_F(SchedulerCornersTest, DisablingIsAlwaysMailed) {
  core_.create(webhook_of(20));
  core_.deliver(events(10));
  core_.finish_all(500);
  ASSERT_EQ(core_.take_answer<Notice>().type, EventType::WebhookFailing);
  core_.advance_by_deadlines(1min);
  core_.finish_all(410);
}

// Goal: a webhook that is disabled by the end of an attempt and enabled again goes on. Method: it is ordered, and had a
// fallback URL, so that its deliveries are put in order anew.
TEST_F(SchedulerCornersTest, GoesOnAfterItWasGone) {
  Webhook webhook = webhook_of(1);
  webhook.ordered = Ordering::Webhook;
  webhook.retry_schedule = std::vector<Duration>{};
  webhook.fallback_url = "https://example.org/";
  const auto id = core_.create(webhook)->id;
  core_.deliver(events(1));
  core_.finish_all(500);
  core_.finish_all(200);
  core_.commit_all();
  Webhook changed = *core_.scheduler.find_webhook(id);
  changed.fallback_url.clear();
  core_.change(changed);
  core_.deliver(events(1));
  core_.finish_all(410);
  core_.commit_all();
  changed = *core_.scheduler.find_webhook(id);
  ASSERT_FALSE(changed.enabled);
  changed.enabled = true;
  core_.change(changed);
  const auto next = core_.deliver(events(1)).front();
  EXPECT_THAT(core_.started(), ElementsAre(next));
}

// Goal: of what was opened again and has ended, the last few thousand are known with their latest count, and no more.
TEST(RecentEnds, KnowsTheLastFewThousand) {
  RecentEnds ends;
  const auto read = [](std::int64_t id, int attempts) {
    return store::OpenDelivery{.id = DeliveryId{id}, .attempts = attempts};
  };
  for (std::int64_t id = 1; id <= 10'000; ++id) ends.add(DeliveryId{id}, 3);
  ends.add(DeliveryId{9'999}, 4);
  EXPECT_FALSE(ends.is_stale(read(1, 2)));
  EXPECT_TRUE(ends.is_stale(read(9'000, 2)));
  EXPECT_FALSE(ends.is_stale(read(9'000, 3)));
  EXPECT_TRUE(ends.is_stale(read(9'999, 3)));
  EXPECT_TRUE(ends.is_stale(read(10'000, 2)));
}

}  // namespace
}  // namespace limehook::delivery
