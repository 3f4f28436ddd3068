// Why deliveries end: what is stored of it, and of who gave them or their webhook up.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

class SchedulerReasonsTest : public CoreTest {
 protected:
  EndReason reason(DeliveryId id) { return core_.stored_state(id)->reason; }
  std::vector<store::WebhookEnd> ends() const {
    std::vector<store::WebhookEnd> all;
    for (const auto& batch : core_.committed) {
      all.insert(all.end(), batch.webhook_ends.begin(), batch.webhook_ends.end());
    }
    return all;
  }
  static AuditEntry by_anna() {
    return {.actor_kind = ActorKind::User, .actor_id = "usr_1", .actor_name = "anna@example.com"};
  }
  WebhookPtr create(std::vector<Duration> schedule) {
    Webhook webhook = CoreHarness::webhook();
    webhook.retry_schedule = std::move(schedule);
    return core_.create(webhook);
  }
};

TEST_F(SchedulerReasonsTest, FailuresSayWhy) {
  create({1s});
  const auto exhausted = core_.deliver(CoreHarness::draft());
  core_.finish_all(500);
  EXPECT_EQ(reason(exhausted), EndReason::None);  // it goes on
  core_.advance(1s);
  core_.finish_all(500);
  EXPECT_EQ(reason(exhausted), EndReason::Exhausted);
  const auto refused = core_.deliver(CoreHarness::draft());
  for (int i = 0; i < 2; ++i) {
    core_.started();
    core_.finish(core_.take_attempt(), 0, {}, AttemptOutcome::AddressRefused);
    core_.advance(1s);
  }
  core_.commit_all();
  EXPECT_EQ(reason(refused), EndReason::RefusedByPolicy);
  const auto delivered = core_.deliver(CoreHarness::draft());
  core_.finish_all(200);
  EXPECT_EQ(reason(delivered), EndReason::None);
  const auto gone = core_.deliver(CoreHarness::draft());
  core_.finish_all(410);
  EXPECT_EQ(reason(gone), EndReason::Gone);
}

TEST_F(SchedulerReasonsTest, HeldTooLongSaysSo) {
  const auto webhook = create({2s});
  open(webhook->id);
  const auto held = core_.deliver(events(2)).back();  // behind the one that becomes the probe
  core_.advance_by_deadlines(10s);
  EXPECT_EQ(reason(held), EndReason::HeldTooLong);
}

TEST_F(SchedulerReasonsTest, SkippedSaysByWhom) {
  create({60s});
  const auto by = std::make_shared<const Actor>(Actor{ActorKind::User, "usr_1", "anna@example.com"});
  const auto waiting = core_.deliver(CoreHarness::draft());
  core_.finish_all(500);
  core_.handle(SkipSubmitted{++core_.ticket, waiting, by});
  core_.commit_all();
  EXPECT_EQ(reason(waiting), EndReason::Skipped);
  EXPECT_EQ(core_.stored_state(waiting)->by, by);
  const auto running = core_.deliver(CoreHarness::draft());
  core_.started();
  core_.handle(SkipSubmitted{++core_.ticket, running, by});
  core_.finish_all(500);
  EXPECT_EQ(reason(running), EndReason::Skipped);
  EXPECT_EQ(core_.stored_state(running)->by, by);
  const auto exhausted = core_.deliver(CoreHarness::draft());
  core_.started();
  core_.handle(SkipSubmitted{++core_.ticket, exhausted, by});
  core_.finish_all(200);
  EXPECT_EQ(reason(exhausted), EndReason::None);  // it was delivered
}

TEST_F(SchedulerReasonsTest, CanceledSaysWhatBecameOfTheWebhook) {
  const auto end = [&](EndReason expected, auto ending) {
    core_.answers.clear();
    const auto webhook = create({60s});
    const auto waiting = core_.deliver(CoreHarness::draft());
    core_.finish_all(500);
    const auto running = core_.deliver(CoreHarness::draft());
    core_.started();
    const auto before = ends().size();
    ending(*webhook);
    core_.commit_all();
    core_.finish_all(500);
    EXPECT_EQ(reason(waiting), expected);
    EXPECT_EQ(reason(running), expected);
    ASSERT_EQ(ends().size(), before + 1);
    EXPECT_EQ(ends().back().webhook, webhook->id);
    EXPECT_EQ(ends().back().by.name, "anna@example.com");
    if (core_.scheduler.find_webhook(webhook->id)) core_.handle(WebhookDeleted{++core_.ticket, webhook->id, {}});
    core_.commit_all();
  };
  end(EndReason::WebhookDisabled, [&](Webhook webhook) {
    webhook.enabled = false;
    core_.handle(WebhookSubmitted{++core_.ticket, webhook, by_anna()});
  });
  end(EndReason::WebhookPolled, [&](Webhook webhook) {
    webhook.mode = WebhookMode::Poll;
    core_.handle(WebhookSubmitted{++core_.ticket, webhook, by_anna()});
  });
  end(EndReason::WebhookDeleted,
      [&](const Webhook& webhook) { core_.handle(WebhookDeleted{++core_.ticket, webhook.id, by_anna()}); });
}

TEST_F(SchedulerReasonsTest, LimehookSaysWhyItDisabledAWebhook) {
  const auto webhook = create({60s});
  const auto waiting = core_.deliver(CoreHarness::draft());
  core_.finish_all(500);
  core_.deliver(CoreHarness::draft());
  core_.finish_all(410);
  EXPECT_EQ(reason(waiting), EndReason::WebhookDisabled);
  ASSERT_EQ(ends().size(), 1U);
  EXPECT_EQ(ends()[0].webhook, webhook->id);
  EXPECT_EQ(ends()[0].by.kind, ActorKind::Limehook);
  EXPECT_EQ(ends()[0].because, "The receiver answered 410 Gone.");
}

// Goal: what a start finds open of webhooks that ended, and of tests, says why it is canceled.
TEST_F(SchedulerReasonsTest, AStartSaysWhyItCancels) {
  Webhook disabled = CoreHarness::webhook();
  disabled.id = WebhookId{5};
  disabled.enabled = false;
  Webhook enabled = CoreHarness::webhook();
  enabled.id = WebhookId{6};
  core_.scheduler.load_webhook(disabled);
  core_.scheduler.load_webhook(enabled);
  core_.scheduler.load_delivery(core_.now, {.id = DeliveryId{10}, .event = EventId{1}, .webhook = WebhookId{5}});
  core_.scheduler.load_delivery(core_.now, {.id = DeliveryId{11}, .event = EventId{1}, .webhook = WebhookId{4}});
  core_.scheduler.load_delivery(core_.now,
                                {.id = DeliveryId{12}, .event = EventId{1}, .webhook = WebhookId{6}, .test = true});
  core_.drain_outputs();
  core_.commit_all();
  EXPECT_EQ(reason(DeliveryId{10}), EndReason::WebhookDisabled);
  EXPECT_EQ(reason(DeliveryId{11}), EndReason::WebhookDeleted);
  EXPECT_EQ(reason(DeliveryId{12}), EndReason::Interrupted);
}

}  // namespace
}  // namespace limehook::delivery
