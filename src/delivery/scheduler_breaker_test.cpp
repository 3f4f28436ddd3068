// The circuit breaker at work: what is held, what is probed, what goes out when.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SchedulerBreakerTest : public CoreTest {
 protected:
  using CoreTest::CoreTest;
};

class SchedulerBreakerLoadingTest : public SchedulerBreakerTest {
 protected:
  SchedulerBreakerLoadingTest() : SchedulerBreakerTest(without_bodies()) {}
};

// Goal: the tenth failure in a row stops everything; nine do not.
TEST_F(SchedulerBreakerTest, OpensAtTheTenthFailure) {
  const auto id = core_.create(webhook_of(1))->id;
  core_.deliver(events(12));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(state(id), BreakerState::Closed);
    EXPECT_EQ(core_.scheduler.view(id)->failures_in_a_row, i);
    core_.finish(core_.take_attempt(), i % 2 ? 500 : 0);
    core_.commit_all();
  }
  EXPECT_EQ(state(id), BreakerState::Open);
  EXPECT_EQ(core_.scheduler.view(id)->next_probe_at, core_.now.wall + 1s);
  EXPECT_THAT(core_.attempts, IsEmpty());
  EXPECT_EQ(core_.scheduler.next_deadline(), core_.now.mono + 1s);
}

// Goal: a probe waits for the pause and for all that was under way, and there is only one at a time; each that fails
// doubles the pause.
TEST_F(SchedulerBreakerTest, ProbesOneAtATime) {
  Webhook webhook = webhook_of(3);
  const auto id = core_.create(webhook)->id;
  core_.deliver(events(30));
  while (state(id) == BreakerState::Closed) core_.finish(core_.take_attempt(), 500);
  core_.commit_all();
  ASSERT_THAT(core_.attempts, SizeIs(2));
  core_.advance(5s);
  EXPECT_THAT(core_.attempts, SizeIs(2));
  core_.finish(core_.take_attempt(), 500);
  EXPECT_THAT(core_.attempts, SizeIs(1));
  core_.finish(core_.take_attempt(), 500);
  for (const Duration pause : {2s, 4s, 8s}) {
    ASSERT_THAT(core_.started(), SizeIs(1));
    EXPECT_EQ(state(id), BreakerState::HalfOpen);
    core_.advance(10s);
    ASSERT_THAT(core_.started(), SizeIs(1));
    core_.finish(core_.take_attempt(), 500);
    core_.advance(pause - 1us);
    EXPECT_THAT(core_.started(), IsEmpty());
    EXPECT_EQ(core_.scheduler.next_deadline(), core_.now.mono + 1us);
    core_.advance(1us);
  }
}

// Goal: one success lets out all that was held, within the concurrency.
TEST_F(SchedulerBreakerTest, SuccessLetsEverythingOut) {
  Webhook webhook = webhook_of(3);
  const auto id = core_.create(webhook)->id;
  open(id);
  core_.finish_all(500);
  const auto held = core_.deliver(events(7));
  core_.advance(1s);
  EXPECT_THAT(core_.started(), ElementsAre(held[0]));
  core_.finish_all(200);
  EXPECT_EQ(state(id), BreakerState::Closed);
  EXPECT_THAT(core_.started(), ElementsAre(held[1], held[2], held[3]));
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), ElementsAre(held[4], held[5], held[6]));
}

// Goal: a receiver that fails holds up nobody else, not even another webhook with the same URL.
TEST_F(SchedulerBreakerTest, HoldsOneWebhookOnly) {
  const auto failing = core_.create(webhook_of(1));
  open(failing->id);
  const auto other = core_.create(webhook_of(1));
  const auto both = core_.deliver(events(1));
  EXPECT_THAT(both, SizeIs(2));
  ASSERT_THAT(core_.started(), SizeIs(1));
  EXPECT_EQ(core_.attempts.front().webhook->id, other->id);
}

// Goal: tests that fail open nothing and make no pause longer, and they are sent past an open breaker.
TEST_F(SchedulerBreakerTest, FailedTestsSayNothing) {
  const auto id = core_.create(webhook_of(1))->id;
  const auto test = [&](int status) {
    core_.handle(TestSubmitted{++core_.ticket, id, CoreHarness::draft()});
    core_.commit_all();
    ASSERT_THAT(core_.attempts, SizeIs(1));
    core_.finish_all(status);
  };
  for (int i = 0; i < 20; ++i) test(500);
  EXPECT_EQ(state(id), BreakerState::Closed);
  EXPECT_EQ(core_.scheduler.view(id)->failures_in_a_row, 0);
  EXPECT_EQ(core_.scheduler.view(id)->failing_since, std::nullopt);
  open(id);
  const auto held = core_.deliver(CoreHarness::draft());
  test(500);
  EXPECT_EQ(core_.scheduler.view(id)->next_probe_at, core_.now.wall + 1s);
  core_.advance(1s);
  EXPECT_THAT(core_.started(), ElementsAre(held));
}

// Goal: a test that succeeds shows that the receiver works: what was held goes out.
TEST_F(SchedulerBreakerTest, SuccessfulTestClosesIt) {
  const auto id = core_.create(webhook_of(1))->id;
  open(id);
  const auto held = core_.deliver(CoreHarness::draft());
  core_.handle(TestSubmitted{++core_.ticket, id, CoreHarness::draft()});
  core_.commit_all();
  core_.finish_all(200);
  EXPECT_EQ(state(id), BreakerState::Closed);
  EXPECT_THAT(core_.started(), ElementsAre(held));
}

// Goal: a probe waits for a test that is under way.
TEST_F(SchedulerBreakerTest, ProbeWaitsForATest) {
  const auto id = core_.create(webhook_of(1))->id;
  open(id);
  const auto held = core_.deliver(CoreHarness::draft());
  core_.handle(TestSubmitted{++core_.ticket, id, CoreHarness::draft()});
  core_.commit_all();
  const auto test = core_.take_attempt();
  core_.advance(10s);
  EXPECT_THAT(core_.started(), IsEmpty());
  core_.finish(test, 500);
  EXPECT_THAT(core_.started(), ElementsAre(held));
}

// Goal: a test that fails beside the probe does not end it: the probe's own failure makes the next pause longer.
TEST_F(SchedulerBreakerTest, FailedTestIsNotTheProbe) {
  const auto id = core_.create(webhook_of(1))->id;
  open(id);
  core_.deliver(events(2));
  core_.advance(1s);
  ASSERT_THAT(core_.started(), SizeIs(1));
  const auto probe = core_.take_attempt();
  core_.handle(TestSubmitted{++core_.ticket, id, CoreHarness::draft()});
  core_.commit_all();
  core_.finish_all(500);
  EXPECT_EQ(state(id), BreakerState::HalfOpen);
  core_.finish(probe, 500);
  EXPECT_THAT(core_.started(), IsEmpty());
  EXPECT_EQ(core_.scheduler.view(id)->next_probe_at, core_.now.wall + 2s);
}

// Goal: what went wrong on this side says nothing of the receiver: it opens nothing, and a probe that ends so is made
// again without a longer pause.
TEST_F(SchedulerBreakerTest, InternalCountsForNothing) {
  const auto id = core_.create(webhook_of(1))->id;
  core_.deliver(events(12));
  for (int i = 0; i < 12; ++i) core_.finish(core_.take_attempt(), 0, {}, AttemptOutcome::Internal);
  EXPECT_EQ(state(id), BreakerState::Closed);
  EXPECT_EQ(core_.scheduler.view(id)->failures_in_a_row, 0);
  EXPECT_EQ(core_.scheduler.view(id)->failing_since, std::nullopt);
  open(id);
  const auto held = core_.deliver(events(3));
  core_.advance(1s);
  ASSERT_THAT(core_.started(), ElementsAre(held[0]));
  core_.finish(core_.take_attempt(), 0, {}, AttemptOutcome::Internal);
  ASSERT_THAT(core_.started(), ElementsAre(held[1]));
  core_.finish(core_.take_attempt(), 500);
  EXPECT_EQ(core_.scheduler.view(id)->next_probe_at, core_.now.wall + 2s);
}

// Goal: a probe whose body cannot be read, or is gone, does not keep the breaker waiting.
TEST_F(SchedulerBreakerLoadingTest, ProbesThatAreNotMadeMakeRoom) {
  const auto id = core_.create(webhook_of(1))->id;
  open(id);
  const auto held = core_.deliver(events(3));
  core_.advance(1s);
  ASSERT_THAT(core_.wanted, SizeIs(1));
  EXPECT_THAT(core_.wanted.front().deliveries, ElementsAre(held[0]));
  core_.wanted.clear();
  core_.handle(BodiesLoaded{{held[0]}, {}, true});
  ASSERT_THAT(core_.wanted, SizeIs(1));
  EXPECT_THAT(core_.wanted.front().deliveries, ElementsAre(held[1]));
  core_.wanted.clear();
  core_.handle(BodiesLoaded{{held[1]}, {}, false});  // gone from the store
  EXPECT_THAT(core_.started(), ElementsAre(held[2]));
}

// Goal: what a breaker holds for as long as the schedule is failed without an attempt, says why, and is told of.
TEST_F(SchedulerBreakerTest, FailsWhatIsHeldTooLong) {
  Webhook webhook = webhook_of(1);
  webhook.retry_schedule = std::vector<Duration>{20s, 70s};
  const auto id = core_.create(webhook)->id;
  open(id);
  core_.advance(1s);
  ASSERT_THAT(core_.started(), SizeIs(0));
  const auto probe = core_.deliver(CoreHarness::draft());
  ASSERT_THAT(core_.started(), ElementsAre(probe));  // hangs
  const auto held = core_.deliver(CoreHarness::draft());
  core_.advance_by_deadlines(90s - 1us);
  EXPECT_FALSE(core_.has_answer<HeldTooLong>());
  core_.advance_by_deadlines(1us);
  ASSERT_TRUE(core_.has_answer<HeldTooLong>());
  const auto told = core_.take_answer<HeldTooLong>();
  EXPECT_EQ(told.delivery, held);
  EXPECT_EQ(told.status, DeliveryStatus::Failed);
  EXPECT_EQ(told.webhook->id, id);
  const auto stored = core_.stored_state(held);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, DeliveryStatus::Failed);
  EXPECT_EQ(stored->last_outcome, AttemptOutcome::HeldBack);
  EXPECT_EQ(stored->attempts, 0);
  EXPECT_EQ(stored->http_status, 0);
  EXPECT_EQ(stored->next_attempt_at, std::nullopt);
  core_.finish_all(200);
  EXPECT_THAT(core_.started(), testing::Not(testing::Contains(held)));
}

// Goal: one by one, each at its own time, is given up, without help from outside.
TEST_F(SchedulerBreakerTest, GivesUpEachAtItsTime) {
  Webhook webhook = webhook_of(1);
  webhook.retry_schedule = std::vector<Duration>{30s};
  const auto id = core_.create(webhook)->id;
  open(id);
  core_.advance(1s);
  core_.deliver(CoreHarness::draft());
  ASSERT_THAT(core_.started(), SizeIs(1));  // the probe hangs
  std::vector<DeliveryId> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(core_.deliver(CoreHarness::draft()));
    core_.advance_by_deadlines(5s);
  }
  core_.advance_by_deadlines(15s);
  for (const DeliveryId next : held) {
    EXPECT_EQ(core_.take_answer<HeldTooLong>().delivery, next);
    EXPECT_FALSE(core_.has_answer<HeldTooLong>());
    core_.advance_by_deadlines(5s);
  }
}

// Goal: a retry by hand makes the probe at once and is the probe.
TEST_F(SchedulerBreakerTest, RetryByHandProbesAtOnce) {
  const auto id = core_.create(webhook_of(1))->id;
  open(id);
  core_.deliver(events(3));
  for (int i = 0; i < 4; ++i) {  // a long pause
    core_.advance_by_deadlines(1min);
    core_.finish_all(500);
  }
  core_.advance_by_deadlines(1s);
  ASSERT_THAT(core_.started(), IsEmpty());
  core_.retry(CoreHarness::failed_delivery(1, id));
  EXPECT_THAT(core_.started(), ElementsAre(DeliveryId{1}));
  EXPECT_EQ(state(id), BreakerState::HalfOpen);
}

// Goal: the same for one that waits for its time.
TEST_F(SchedulerBreakerTest, RetryByHandOfAWaitingOneProbesAtOnce) {
  const auto id = core_.create(webhook_of(1))->id;
  core_.deliver(events(10));
  std::vector<DeliveryId> waiting;
  for (int i = 0; i < 10; ++i) {
    const auto attempt = core_.take_attempt();
    waiting.push_back(attempt.delivery);
    core_.finish(attempt, 500);
  }
  core_.commit_all();
  core_.deliver(events(2));
  core_.retry({.id = waiting[4], .webhook = id, .status = DeliveryStatus::Retrying, .attempts = 1});
  EXPECT_THAT(core_.started(), ElementsAre(waiting[4]));
}

}  // namespace
}  // namespace limehook::delivery
