// The fallback URL: when deliveries go there and what becomes of them.

#include <gtest/gtest.h>

#include <array>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SchedulerFallbackTest : public CoreTest {
 protected:
  static Webhook with_fallback() {
    Webhook webhook = CoreHarness::webhook();
    webhook.fallback_url = "https://example.org/";
    webhook.retry_schedule = std::vector<Duration>{10s, 20s};
    return webhook;
  }
  StartAttempt take_one() {
    EXPECT_THAT(core_.started(), SizeIs(1));
    return core_.take_attempt();
  }
  // Fails all attempts of all open deliveries at the main URL; the first ones at the fallback have then started.
  void exhaust_main() {
    core_.finish_all(500);
    for (const Duration step : {10s, 20s}) {
      core_.advance_by_deadlines(step);
      core_.finish_all(500);
    }
    core_.started();
  }
  store::OpenDelivery open_at_fallback(std::int64_t id, WebhookId webhook) {
    return {.id = DeliveryId{id},
            .event = EventId{1},
            .webhook = webhook,
            .status = DeliveryStatus::Retrying,
            .attempts = 4,
            .round_start = 3,
            .next_attempt_at = core_.now.wall + 5s,
            .fallback = true};
  }
};

// Goal: after the schedule at the URL it goes on at the fallback at once, walks the schedule again, counts on, and
// fails.
TEST_F(SchedulerFallbackTest, WalksTheScheduleAgain) {
  core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  for (const int number : {1, 2, 3, 4, 5, 6}) {
    const auto attempt = take_one();
    EXPECT_EQ(attempt.number, number);
    EXPECT_EQ(attempt.fallback, number > 3);
    EXPECT_EQ(attempt.body.operator bool(), true);
    core_.finish(attempt, 500);
    core_.commit_all();
    const auto& seen = core_.observed.back();
    EXPECT_EQ(seen.status, number < 6 ? DeliveryStatus::Retrying : DeliveryStatus::Failed);
    const std::array<std::optional<Duration>, 6> retry_in{10s, 20s, 0s, 10s, 20s, std::nullopt};
    EXPECT_EQ(seen.retry_in, retry_in[static_cast<std::size_t>(number - 1)]) << number;
    if (seen.retry_in) core_.advance_by_deadlines(*seen.retry_in);
  }
  EXPECT_EQ(core_.stored_state(id)->status, DeliveryStatus::Failed);
  EXPECT_EQ(core_.stored_state(id)->attempts, 6);
  EXPECT_TRUE(core_.stored_state(id)->fallback);
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
}

// Goal: that it goes on at the fallback, and which round it is in, is stored with the attempt that was the last at the
// URL.
TEST_F(SchedulerFallbackTest, StoresThatItGoesOnThere) {
  core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  exhaust_main();
  const auto stored = core_.stored_state(id);
  EXPECT_TRUE(stored->fallback);
  EXPECT_EQ(stored->status, DeliveryStatus::Retrying);
  EXPECT_EQ(stored->attempts, 3);
  EXPECT_EQ(stored->round_start, 3);
  EXPECT_EQ(stored->next_attempt_at, core_.now.wall);
}

// Goal: a success at the fallback is a delivery.
TEST_F(SchedulerFallbackTest, SuccessThereDelivers) {
  core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  exhaust_main();
  core_.finish(take_one(), 204);
  core_.commit_all();
  EXPECT_EQ(core_.stored_state(id)->status, DeliveryStatus::Delivered);
  EXPECT_TRUE(core_.stored_state(id)->fallback);
}

// Goal: a restart knows where it was: at the fallback, in the second round, with the next number.
TEST_F(SchedulerFallbackTest, GoesOnAfterARestart) {
  Webhook webhook = with_fallback();
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  core_.scheduler.load_delivery(core_.now, open_at_fallback(10, webhook.id));
  core_.drain_outputs();
  core_.advance_by_deadlines(5s);
  const auto attempt = take_one();
  EXPECT_TRUE(attempt.fallback);
  EXPECT_EQ(attempt.number, 5);
  core_.finish(attempt, 500);
  EXPECT_EQ(core_.observed.back().retry_in, Duration(20s));
  core_.commit_all();
  core_.advance_by_deadlines(20s);
  core_.finish(take_one(), 500);
  EXPECT_EQ(core_.observed.back().status, DeliveryStatus::Failed);
}

// Goal: 410 from the fallback fails the delivery and nothing else: the webhook's own receiver has not said it.
TEST_F(SchedulerFallbackTest, GoneThereDisablesNothing) {
  const auto webhook = core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  exhaust_main();
  core_.finish(take_one(), 410);
  core_.commit_all();
  EXPECT_EQ(core_.stored_state(id)->status, DeliveryStatus::Failed);
  EXPECT_TRUE(core_.scheduler.find_webhook(webhook->id)->enabled);
}

// Goal: 410 from the URL is no exhausted schedule: the fallback is not asked.
TEST_F(SchedulerFallbackTest, GoneFromTheUrlEndsIt) {
  const auto webhook = core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  core_.finish(take_one(), 410);
  EXPECT_THAT(core_.started(), IsEmpty());
  EXPECT_EQ(core_.stored_state(id)->status, DeliveryStatus::Failed);
  EXPECT_FALSE(core_.scheduler.find_webhook(webhook->id)->enabled);
}

// Goal: a retry by hand begins at the URL again: from a read, from a recovery, and while its end is being stored.
TEST_F(SchedulerFallbackTest, RetryByHandBeginsAtTheUrl) {
  const auto webhook = core_.create(with_fallback());
  auto failed = CoreHarness::failed_delivery(1, webhook->id);
  failed.attempts = 6;
  failed.round_start = 3;
  failed.fallback = true;
  core_.retry(failed);
  auto attempt = take_one();
  EXPECT_FALSE(attempt.fallback);
  EXPECT_EQ(attempt.number, 7);
  EXPECT_FALSE(core_.stored_state(failed.id)->fallback);
  EXPECT_EQ(core_.stored_state(failed.id)->round_start, 6);
  core_.finish(attempt, 200);

  core_.deliver(CoreHarness::draft());
  exhaust_main();
  attempt = take_one();
  ASSERT_TRUE(attempt.fallback);
  core_.finish(attempt, 410);  // not stored yet
  core_.retry(CoreHarness::failed_delivery(attempt.delivery.value, webhook->id));
  const auto again = take_one();
  EXPECT_EQ(again.delivery, attempt.delivery);
  EXPECT_FALSE(again.fallback);
  EXPECT_FALSE(core_.stored_state(again.delivery)->fallback);
  EXPECT_EQ(core_.stored_state(again.delivery)->round_start, attempt.number);
}

// Goal: the breaker of the URL holds nothing that goes to the fallback, and what fails there does not count for the
// URL.
TEST_F(SchedulerFallbackTest, HasABreakerOfItsOwn) {
  Webhook webhook = with_fallback();
  webhook.max_concurrency = 20;
  const auto id = core_.create(webhook)->id;
  core_.deliver(events(4));
  exhaust_main();  // 12 failures
  EXPECT_EQ(core_.scheduler.view(id)->breaker, BreakerState::Open);
  EXPECT_THAT(core_.started(), SizeIs(4));
  EXPECT_TRUE(core_.attempts.front().fallback);
  core_.finish_all(200);
  EXPECT_EQ(core_.scheduler.view(id)->breaker, BreakerState::Open);
}

// Goal: ten failures at the fallback hold what goes there, and only that.
TEST_F(SchedulerFallbackTest, ItsBreakerHoldsOnlyWhatGoesThere) {
  Webhook webhook = with_fallback();
  webhook.max_concurrency = 20;
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  for (std::int64_t id = 10; id < 20; ++id) core_.scheduler.load_delivery(core_.now, open_at_fallback(id, webhook.id));
  core_.drain_outputs();
  core_.advance_by_deadlines(5s);
  core_.finish_all(500);
  EXPECT_EQ(core_.scheduler.view(webhook.id)->breaker, BreakerState::Closed);
  EXPECT_EQ(core_.scheduler.view(webhook.id)->failures_in_a_row, 0);
  core_.scheduler.load_delivery(core_.now, open_at_fallback(20, webhook.id));
  core_.drain_outputs();
  const auto fresh = core_.deliver(CoreHarness::draft());
  EXPECT_THAT(core_.started(), ElementsAre(fresh));
  core_.attempts.clear();
  core_.advance_by_deadlines(5s);  // 11 are due there: one of them is the probe
  EXPECT_THAT(core_.started(), SizeIs(1));
}

// Goal: what the URL's breaker has held for too long goes to the fallback instead of failing.
TEST_F(SchedulerFallbackTest, TakesWhatWasHeldTooLong) {
  Webhook webhook = with_fallback();
  webhook.max_concurrency = 10;
  core_.create(webhook);
  core_.deliver(events(10));
  core_.finish_all(500);
  core_.advance_by_deadlines(1s);
  const auto ids = core_.deliver(events(2));
  ASSERT_THAT(core_.started(), ElementsAre(ids[0]));  // the probe hangs
  core_.attempts.clear();
  core_.advance_by_deadlines(30s);
  const auto there = core_.started();
  ASSERT_THAT(there, testing::Contains(ids[1]));
  const auto at = std::ranges::find(core_.attempts, ids[1], &StartAttempt::delivery);
  EXPECT_TRUE(at->fallback);
  EXPECT_EQ(at->number, 1);
  bool told = false;
  while (core_.has_answer<HeldTooLong>()) {
    const auto held = core_.take_answer<HeldTooLong>();
    told = told || (held.delivery == ids[1] && is_open(held.status));
  }
  EXPECT_TRUE(told);
  EXPECT_TRUE(core_.stored_state(ids[1])->fallback);
  EXPECT_EQ(core_.stored_state(ids[1])->last_outcome, AttemptOutcome::HeldBack);
}

// Goal: without a fallback URL nothing goes there, and one that was given up by a person does not go there either.
TEST_F(SchedulerFallbackTest, OnlyWhereThereIsOneAndItIsWanted) {
  core_.create(with_fallback());
  const auto id = core_.deliver(CoreHarness::draft());
  core_.finish_all(500);
  core_.advance_by_deadlines(10s);
  core_.finish_all(500);
  core_.advance_by_deadlines(20s);
  ASSERT_THAT(core_.started(), ElementsAre(id));
  core_.handle(SkipSubmitted{++core_.ticket, id});
  core_.finish_all(500);
  EXPECT_THAT(core_.started(), IsEmpty());
  EXPECT_FALSE(is_open(core_.stored_state(id)->status));
}

// Goal: with the fallback URL taken away, what was on its way there goes to the webhook's URL, and says so.
TEST_F(SchedulerFallbackTest, GoesToTheUrlWhenItIsTakenAway) {
  const auto webhook = core_.create(with_fallback());
  core_.deliver(CoreHarness::draft());
  exhaust_main();
  core_.finish_all(500);
  Webhook changed = *webhook;
  changed.fallback_url.clear();
  core_.change(changed);
  core_.advance_by_deadlines(10s);
  EXPECT_FALSE(take_one().fallback);
}

// Goal: deliveries at the fallback keep their order there too.
TEST_F(SchedulerFallbackTest, KeepsTheOrderThere) {
  Webhook webhook = with_fallback();
  webhook.ordered = Ordering::Webhook;
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  for (std::int64_t id = 10; id < 12; ++id) core_.scheduler.load_delivery(core_.now, open_at_fallback(id, webhook.id));
  core_.drain_outputs();
  core_.advance_by_deadlines(5s);
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{10}));
  core_.finish_all(500);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(20s);
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{10}));
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{11}));
}

}  // namespace
}  // namespace limehook::delivery
