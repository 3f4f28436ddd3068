#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

class WatchesTest : public testing::Test {
 protected:
  void submit(EventDraft draft) { core_.handle(EventsSubmitted{++core_.ticket, {std::move(draft)}}); }
  int ended(WebhookId webhook) {
    int count = 0;
    for (const Output& output : core_.answers) {
      const auto* watch = std::get_if<WatchEnded>(&output);
      if (watch && watch->webhook == webhook) ++count;
    }
    core_.answers.clear();
    return count;
  }
  CoreHarness core_;
  const WebhookPtr webhook_ = core_.create(CoreHarness::webhook());
};

// Goal: a watch ends once, when an event that the webhook takes is durable, not before.
TEST_F(WatchesTest, EndsOnceWithTheCommit) {
  core_.scheduler.watch(webhook_->id);
  submit(CoreHarness::draft());
  EXPECT_EQ(ended(webhook_->id), 0);
  submit(CoreHarness::draft());
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 1);
  submit(CoreHarness::draft());
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 0);
}

// Goal: a watch that begins while an event is being stored is ended by it.
TEST_F(WatchesTest, SeesWhatIsBeingStored) {
  submit(CoreHarness::draft());
  core_.scheduler.watch(webhook_->id);
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 1);
}

// Goal: events that the webhook does not take, tests, refused ones and duplicates wake nobody; neither does anything
// after unwatch().
TEST_F(WatchesTest, IgnoresWhatIsNotForTheWebhook) {
  Webhook picky = CoreHarness::webhook();
  picky.numbers = {"+15550001111"};
  const WebhookPtr numbered = core_.create(picky);
  core_.scheduler.watch(webhook_->id);
  core_.scheduler.watch(numbered->id);
  submit(CoreHarness::draft("team_002"));
  core_.commit_all();
  core_.handle(TestSubmitted{++core_.ticket, webhook_->id, CoreHarness::draft()});
  core_.commit_all();
  submit(CoreHarness::draft());
  core_.commit({store::CommitStatus::Failed, "", {}});
  EXPECT_EQ(ended(webhook_->id), 0);
  core_.advance(2s);
  submit(CoreHarness::draft());
  core_.commit({store::CommitStatus::Committed, "", {{0, EventId{1}, 1}}});
  EXPECT_EQ(ended(webhook_->id), 0);
  submit(CoreHarness::draft());
  core_.commit_all();
  EXPECT_EQ(ended(numbered->id), 0);
  core_.scheduler.watch(webhook_->id);
  core_.scheduler.unwatch(webhook_->id);
  submit(CoreHarness::draft());
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 0);
}

// Goal: who waits hears of a change and of the end of the webhook.
TEST_F(WatchesTest, EndsWhenTheWebhookChanges) {
  core_.scheduler.watch(webhook_->id);
  Webhook changed = *webhook_;
  changed.enabled = false;
  core_.handle(WebhookSubmitted{++core_.ticket, changed});
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 1);
  core_.scheduler.watch(webhook_->id);
  core_.handle(WebhookDeleted{++core_.ticket, webhook_->id});
  core_.commit_all();
  EXPECT_EQ(ended(webhook_->id), 1);
  core_.scheduler.watch(webhook_->id);
  EXPECT_EQ(ended(webhook_->id), 0);
}

// Goal: a webhook that is polled gets no deliveries, and who waits hears of its events all the same; what waited to be
// pushed when it became one is canceled.
TEST_F(WatchesTest, NothingIsPushedToAPolledWebhook) {
  submit(CoreHarness::draft());
  Webhook polled = *webhook_;
  polled.mode = WebhookMode::Poll;
  polled.url.clear();
  core_.handle(WebhookSubmitted{++core_.ticket, polled});
  core_.commit_all();
  EXPECT_LE(core_.attempts.size(), 1U) << "only what had begun";
  for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
  core_.commit_all();
  EXPECT_EQ(core_.scheduler.open_deliveries(webhook_->id), 0);
  core_.answers.clear();
  core_.scheduler.watch(webhook_->id);
  const auto receipts = core_.accept({CoreHarness::draft()});
  EXPECT_EQ(receipts[0].deliveries, 0);
  EXPECT_EQ(ended(webhook_->id), 1);
  EXPECT_TRUE(core_.attempts.empty());
}

}  // namespace
}  // namespace limehook::delivery
