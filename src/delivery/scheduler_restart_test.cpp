// How webhooks fare over restarts: what is stored of it, when, and what a start makes of it.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class SchedulerRestartTest : public CoreTest {
 protected:
  // One delivery that fails.
  void fail(int status = 500) {
    core_.deliver(CoreHarness::draft());
    core_.finish_all(status);
  }
  void open_breaker() {
    core_.deliver(events(10));
    while (!core_.started().empty()) core_.finish(core_.take_attempt(), 500);
    core_.commit_all();
  }
  WebhookPtr webhook_ = core_.create(CoreHarness::webhook());
};

// Goal: every failure in a row is stored with the attempt that made it, and the end of them; what works costs no write.
TEST_F(SchedulerRestartTest, IsStoredWithEachFailure) {
  fail(200);
  EXPECT_THAT(core_.stored_healths(), IsEmpty());
  fail();
  const auto since = core_.now.wall;
  core_.advance(5s);
  fail();
  const auto healths = core_.stored_healths();
  ASSERT_THAT(healths, SizeIs(2));
  EXPECT_EQ(healths[1].webhook, webhook_->id);
  EXPECT_EQ(healths[1].failing_since, since);
  EXPECT_EQ(healths[1].main.failures_in_a_row, 2);
  EXPECT_FALSE(healths[1].noticed);
  EXPECT_THAT(core_.committed.back().attempts, SizeIs(1));  // one batch, one sync
  fail(200);
  ASSERT_THAT(core_.stored_healths(), SizeIs(3));
  EXPECT_TRUE(core_.stored_healths()[2].is_well());
  fail(200);
  EXPECT_THAT(core_.stored_healths(), SizeIs(3));
}

// Goal: however many attempts a batch has, it says once how the webhook fares after the last of them.
TEST_F(SchedulerRestartTest, IsStoredOnceInABatch) {
  core_.deliver(events(5));
  core_.started();
  core_.handle(CatalogSubmitted{++core_.ticket, {Team{}}});  // a commit is under way
  for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
  core_.commit_all();
  const auto healths = core_.stored_healths();
  ASSERT_THAT(healths, SizeIs(1));
  EXPECT_EQ(healths[0].main.failures_in_a_row, 5);
}

// Goal: what the store did not take is not lost, and what came since is what counts.
TEST_F(SchedulerRestartTest, IsStoredAfterARefusal) {
  core_.deliver(events(2));
  core_.started();
  core_.finish(core_.take_attempt(), 500);
  core_.commit({store::CommitStatus::Failed, "", {}});
  core_.advance(2s);
  core_.commit_all();
  ASSERT_THAT(core_.stored_healths(), Not(IsEmpty()));
  EXPECT_EQ(core_.stored_healths().back().main.failures_in_a_row, 1);
  core_.finish_all(500);
  EXPECT_EQ(core_.stored_healths().back().main.failures_in_a_row, 2);
}

// Goal: after a restart as many failures count as before, and an open breaker stays open until its probe was due.
TEST_F(SchedulerRestartTest, BreakerSurvivesARestart) {
  open_breaker();
  const auto before = *core_.scheduler.view(webhook_->id);
  const auto health = core_.stored_healths().back();
  EXPECT_EQ(before.breaker, BreakerState::Open);

  CoreHarness next;
  next.now = core_.now;
  next.advance(500ms);
  next.scheduler.load_webhook(*webhook_);
  next.scheduler.load_health(next.now, health);
  const auto after = *next.scheduler.view(webhook_->id);
  EXPECT_EQ(after.breaker, BreakerState::Open);
  EXPECT_EQ(after.failures_in_a_row, before.failures_in_a_row);
  EXPECT_EQ(after.failing_since, before.failing_since);
  EXPECT_EQ(after.next_probe_at, before.next_probe_at);
  next.deliver(events(3));
  EXPECT_THAT(next.started(), IsEmpty());
  next.advance(499ms);
  EXPECT_THAT(next.started(), IsEmpty());
  next.advance(1ms);
  EXPECT_THAT(next.started(), SizeIs(1));
  next.finish(next.take_attempt(), 500);
  next.commit_all();
  EXPECT_EQ(next.scheduler.view(webhook_->id)->next_probe_at, next.now.wall + 2s);  // the pause goes on growing
  next.advance(2s);
  next.finish_all(200);
  EXPECT_EQ(next.scheduler.view(webhook_->id)->breaker, BreakerState::Closed);
  EXPECT_TRUE(next.stored_healths().back().is_well());
}

// Goal: failures of several lives of the process add up: to the breaker, to people being told, to disabling.
TEST_F(SchedulerRestartTest, FailuresAddUpOverRestarts) {
  for (int i = 0; i < 6; ++i) fail();
  CoreHarness next;
  next.now = core_.now;
  next.advance(std::chrono::days(6));
  next.scheduler.load_webhook(*webhook_);
  next.scheduler.load_health(next.now, core_.stored_healths().back());
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(next.scheduler.find_webhook(webhook_->id)->enabled);
    next.deliver(CoreHarness::draft());
    next.finish_all(500);
  }
  EXPECT_FALSE(next.scheduler.find_webhook(webhook_->id)->enabled);
  EXPECT_EQ(next.take_answer<Notice>().type, EventType::WebhookFailing);
  EXPECT_EQ(next.take_answer<Notice>().type, EventType::WebhookDisabled);
}

// Goal: a clock that was set back between two lives holds a probe back no longer than its pause.
TEST_F(SchedulerRestartTest, ProbeIsDueWhateverTheClockDoes) {
  open_breaker();
  CoreHarness next;
  next.now = {core_.now.mono, core_.now.wall - 24h};
  next.scheduler.load_webhook(*webhook_);
  next.scheduler.load_health(next.now, core_.stored_healths().back());
  next.deliver(CoreHarness::draft());
  next.advance(1s);
  EXPECT_THAT(next.started(), SizeIs(1));
}

// Goal: a new URL begins anew, after a restart too; a webhook that is deleted leaves nothing.
TEST_F(SchedulerRestartTest, ANewUrlBeginsAnew) {
  open_breaker();
  Webhook moved = *core_.scheduler.find_webhook(webhook_->id);
  moved.url = "https://example.org/";
  core_.change(moved);
  EXPECT_EQ(core_.stored_healths().back().main, store::TargetHealth{});
  core_.handle(WebhookDeleted{++core_.ticket, webhook_->id, {}});
  core_.commit_all();
  EXPECT_TRUE(core_.stored_healths().back().is_well());
}

}  // namespace
}  // namespace limehook::delivery
