// The rate limit and the rest that a receiver asks for, at work.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SchedulerRateTest : public CoreTest {
 protected:
  WebhookPtr create(std::optional<double> rate) {
    Webhook webhook = webhook_of(100);
    webhook.rate_limit = rate;
    return core_.create(webhook);
  }
  // When each of the next attempts starts, if timers are so much late.
  std::vector<MonotonicTime> starts(std::size_t count, Duration late = {}) {
    std::vector<MonotonicTime> at;
    core_.started();
    while (at.size() < count) {
      for (; !core_.attempts.empty(); core_.take_attempt()) at.push_back(core_.now.mono);
      if (at.size() >= count) break;
      const auto next = core_.scheduler.next_deadline();
      if (!next) {
        ADD_FAILURE() << "nothing more would start";
        break;
      }
      core_.advance(std::max(*next - core_.now.mono, Duration(0)) + late);
      core_.started();
    }
    return at;
  }
};

// Goal: attempts start evenly apart, woken by the scheduler's own deadlines, and the rate is kept up.
TEST_F(SchedulerRateTest, SpacesStartsEvenly) {
  create(10);
  core_.deliver(events(30));
  const auto at = starts(30);
  ASSERT_THAT(at, SizeIs(30));
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 1], i == 1 ? 90ms : 100ms) << i;
  EXPECT_LE(at.back() - at.front(), 2900ms);
}

// Goal: a rate below one a second counts too, and timers that are late cost no more than their lateness.
TEST_F(SchedulerRateTest, LateTimersCostNoRate) {
  create(0.5);
  core_.deliver(events(10));
  const auto at = starts(10, 5ms);
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 1], 1990ms) << i;
  EXPECT_LE(at.back() - at.front(), 9 * 2s + 15ms);
}

// Goal: an idle time does not save up a burst.
TEST_F(SchedulerRateTest, NoBurstAfterIdleness) {
  create(2);
  core_.deliver(CoreHarness::draft());
  core_.finish_all(200);
  core_.advance_by_deadlines(1h);
  core_.deliver(events(5));
  const auto at = starts(5);
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 1], i == 1 ? 490ms : 500ms) << i;
}

// Goal: retries that are due together are spaced like first attempts.
TEST_F(SchedulerRateTest, SpacesRetries) {
  const auto webhook = create(std::nullopt);
  core_.deliver(events(4));
  core_.finish_all(500);
  Webhook limited = *webhook;
  limited.rate_limit = 2;
  core_.change(limited);
  core_.advance_by_deadlines(1min);
  const auto at = starts(4);
  for (std::size_t i = 1; i < at.size(); ++i) EXPECT_GE(at[i] - at[i - 1], 490ms) << i;
}

// Goal: a changed limit counts at once, for what waits already; one that was taken away holds nothing.
TEST_F(SchedulerRateTest, ChangedLimitCountsAtOnce) {
  const auto webhook = create(0.01);
  core_.deliver(events(20));
  ASSERT_THAT(starts(1), SizeIs(1));
  core_.advance(1s);
  EXPECT_THAT(core_.started(), IsEmpty());
  Webhook faster = *webhook;
  faster.rate_limit = 10;
  core_.change(faster);
  core_.advance_by_deadlines(100ms);
  EXPECT_GE(core_.started().size(), 1U);
  EXPECT_LE(core_.started().size(), 2U);
  Webhook unlimited = *core_.scheduler.find_webhook(webhook->id);
  unlimited.rate_limit.reset();
  core_.change(unlimited);
  EXPECT_THAT(core_.started(), SizeIs(19));
}

// Goal: a change of something else does not let an attempt slip through.
TEST_F(SchedulerRateTest, OtherChangesKeepTheLimit) {
  const auto webhook = create(0.1);
  core_.deliver(events(3));
  ASSERT_THAT(starts(1), SizeIs(1));
  Webhook renamed = *webhook;
  renamed.name = "Desk";
  core_.change(renamed);
  EXPECT_THAT(core_.started(), IsEmpty());
}

// Goal: what waits for the rate is not held by a breaker: it is not given up, however long the queue is.
TEST_F(SchedulerRateTest, WaitingForTheRateIsNotHeld) {
  Webhook webhook = CoreHarness::webhook();
  webhook.rate_limit = 0.1;
  webhook.retry_schedule = std::vector<Duration>{1s};
  core_.create(webhook);
  core_.deliver(events(8));
  EXPECT_THAT(starts(8), SizeIs(8));
  EXPECT_FALSE(core_.has_answer<HeldTooLong>());
}

// Goal: the limit is one webhook's own; tests of it are sent past it.
TEST_F(SchedulerRateTest, HoldsNeitherOthersNorTests) {
  const auto slow = create(0.1);
  core_.deliver(events(2));
  ASSERT_THAT(starts(1), SizeIs(1));
  core_.handle(TestSubmitted{++core_.ticket, slow->id, CoreHarness::draft()});
  ASSERT_THAT(core_.started(), SizeIs(1));
  EXPECT_TRUE(core_.take_attempt().test);
  const auto other = create(std::nullopt);
  core_.deliver(CoreHarness::draft());
  ASSERT_THAT(core_.started(), SizeIs(1));
  EXPECT_EQ(core_.take_attempt().webhook->id, other->id);
}

// Goal: 429 with Retry-After rests the whole webhook as long as it asks, then it goes on by itself.
TEST_F(SchedulerRateTest, TooManyRequestsRestsTheWebhook) {
  create(std::nullopt);
  core_.deliver(CoreHarness::draft());
  core_.finish(core_.take_attempt(), 429, 30s);
  core_.commit_all();
  const auto held = core_.deliver(events(2));
  core_.advance_by_deadlines(30s - 1us);
  EXPECT_THAT(core_.started(), IsEmpty());
  EXPECT_EQ(core_.scheduler.next_deadline(), core_.now.mono + 1us);
  core_.advance(1us);
  EXPECT_THAT(core_.started(), ElementsAre(held[0], held[1]));
}

// Goal: the webhook rests for no more than a minute; the delivery itself waits for as long as it was asked to.
TEST_F(SchedulerRateTest, RestsAMinuteAtMost) {
  create(std::nullopt);
  const auto first = core_.deliver(CoreHarness::draft());
  core_.finish(core_.take_attempt(), 429, 1h);
  core_.commit_all();
  const auto held = core_.deliver(CoreHarness::draft());
  core_.advance_by_deadlines(1min - 1us);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1us);
  EXPECT_THAT(core_.started(), ElementsAre(held));
  core_.finish_all(200);
  core_.advance_by_deadlines(59min - 1us);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.advance_by_deadlines(1us);
  EXPECT_THAT(core_.started(), ElementsAre(first));
}

// Goal: without Retry-After, or with another status, only the delivery waits.
TEST_F(SchedulerRateTest, NothingElseRestsIt) {
  create(std::nullopt);
  core_.deliver(events(2));
  core_.finish(core_.take_attempt(), 429);
  core_.finish(core_.take_attempt(), 503, 30s);
  core_.commit_all();
  core_.deliver(CoreHarness::draft());
  EXPECT_THAT(core_.started(), SizeIs(1));
}

// Goal: a retry by hand does not wait for the end of a rest.
TEST_F(SchedulerRateTest, RetryByHandEndsTheRest) {
  const auto id = create(std::nullopt)->id;
  core_.deliver(CoreHarness::draft());
  core_.finish(core_.take_attempt(), 429, 30s);
  core_.commit_all();
  core_.retry(CoreHarness::failed_delivery(1, id));
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{1}));
}

}  // namespace
}  // namespace limehook::delivery
