// How webhooks fare: since when they fail, what is stored of it, when they are disabled, and who is told.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class SchedulerHealthTest : public CoreTest {
 protected:
  // A webhook of the same team that wants to hear of others.
  WebhookPtr create_observer(EventType type, std::string team = "team_001") {
    Webhook webhook = CoreHarness::webhook(std::move(team));
    webhook.name = "Operations";
    webhook.events.reset();
    webhook.events.set(static_cast<std::size_t>(type));
    return core_.create(webhook);
  }
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
  std::vector<Notice> notices() {
    std::vector<Notice> taken;
    while (core_.has_answer<Notice>()) taken.push_back(core_.take_answer<Notice>());
    return taken;
  }
  std::vector<EventType> mails() {
    std::vector<EventType> taken;
    while (core_.has_answer<MailDue>()) taken.push_back(core_.take_answer<MailDue>().type);
    return taken;
  }
  std::optional<WallTime> failing_since(WebhookId id) { return core_.scheduler.view(id)->failing_since; }
  WebhookPtr webhook_ = core_.create(CoreHarness::webhook());
};

// Goal: it fails since the first failure after the last success.
TEST_F(SchedulerHealthTest, FailsSinceTheFirstFailure) {
  EXPECT_EQ(failing_since(webhook_->id), std::nullopt);
  fail();
  const auto since = core_.now.wall;
  core_.advance(5s);
  fail(0);
  EXPECT_EQ(failing_since(webhook_->id), since);
  fail(200);
  EXPECT_EQ(failing_since(webhook_->id), std::nullopt);
  core_.advance(5s);
  fail();
  EXPECT_EQ(failing_since(webhook_->id), core_.now.wall);
}

// Goal: it is stored at once when the breaker opens, with the fact that people were told; they are told of the end.
TEST_F(SchedulerHealthTest, OpenBreakerIsStoredAndTold) {
  const auto since = core_.now.wall;
  open_breaker();
  ASSERT_THAT(core_.stored_healths(), Not(IsEmpty()));
  EXPECT_EQ(core_.stored_healths().back().failing_since, since);
  EXPECT_TRUE(core_.stored_healths().back().noticed);
  EXPECT_EQ(core_.stored_healths().back().main.opened_at, core_.now.wall);
  auto told = notices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].type, EventType::WebhookFailing);
  EXPECT_EQ(told[0].webhook->id, webhook_->id);
  EXPECT_THAT(told[0].reason, HasSubstr("10 attempts"));
  EXPECT_THAT(told[0].reason, HasSubstr("500"));
  EXPECT_THAT(core_.stored_events(EventType::WebhookFailing), SizeIs(1));

  core_.deliver(CoreHarness::draft());
  core_.advance_by_deadlines(1s);
  core_.finish_all(500);  // a failed probe is nothing new
  EXPECT_THAT(notices(), IsEmpty());
  core_.advance_by_deadlines(1min);
  core_.finish_all(200);
  told = notices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].type, EventType::WebhookRecovered);
  EXPECT_THAT(core_.stored_events(EventType::WebhookRecovered), SizeIs(1));
  EXPECT_EQ(core_.stored_healths().back().failing_since, std::nullopt);
}

// Goal: a success tells people of the end only if they were told of the beginning.
TEST_F(SchedulerHealthTest, ShortFailuresAreNotTold) {
  for (int i = 0; i < 5; ++i) {
    fail();
    fail(200);
  }
  EXPECT_THAT(notices(), IsEmpty());
}

// Goal: after a restart it fails since when it did, people are not told a second time, and are told of the end.
TEST_F(SchedulerHealthTest, SurvivesARestart) {
  Webhook webhook = CoreHarness::webhook("team_002");
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  const auto since = core_.now.wall - 24h;
  core_.scheduler.load_health(core_.now, {webhook.id, since, true});
  core_.scheduler.load_health(core_.now, {WebhookId{99}, since, true});  // one that is gone
  EXPECT_EQ(failing_since(webhook.id), since);
  core_.deliver(std::vector<EventDraft>(10, CoreHarness::draft("team_002")));
  while (!core_.started().empty()) core_.finish(core_.take_attempt(), 500);
  EXPECT_EQ(failing_since(webhook.id), since);
  EXPECT_THAT(notices(), IsEmpty());
  core_.advance_by_deadlines(1min);
  core_.finish_all(200);
  ASSERT_THAT(notices(), SizeIs(1));
  const auto healths = core_.stored_healths();
  ASSERT_THAT(healths, Not(IsEmpty()));
  EXPECT_EQ(healths.back().failing_since, std::nullopt);
  EXPECT_FALSE(healths.back().noticed);  // or people would be told of the end once more after the next start
}

// Goal: what a process that died has not erased of a disabled webhook's failures does not count once it is enabled.
TEST_F(SchedulerHealthTest, DisabledWebhooksLeaveNothingBehind) {
  Webhook webhook = CoreHarness::webhook("team_002");
  webhook.id = WebhookId{5};
  webhook.enabled = false;
  core_.scheduler.load_webhook(webhook);
  core_.scheduler.load_health(core_.now, {webhook.id, core_.now.wall - 24h * 30, true});
  core_.advance(1s);
  core_.commit_all();
  const auto healths = core_.stored_healths();
  ASSERT_THAT(healths, SizeIs(1));
  EXPECT_EQ(healths[0].failing_since, std::nullopt);
  EXPECT_FALSE(healths[0].noticed);
  webhook.enabled = true;
  core_.change(webhook);
  EXPECT_EQ(failing_since(webhook.id), std::nullopt);
}

// Goal: five days without a success disable it: with a reason, as a new version, what waits is canceled, it is told.
TEST_F(SchedulerHealthTest, DisablesAfterFiveDays) {
  open_breaker();
  const int version = core_.scheduler.find_webhook(webhook_->id)->version;
  core_.advance(std::chrono::days(5) - 1us);
  core_.finish_all(500);  // the probe
  EXPECT_TRUE(core_.scheduler.find_webhook(webhook_->id)->enabled);
  const auto ids = core_.deliver(events(2));
  core_.advance(2s);
  notices();
  core_.finish_all(500);
  const auto disabled = core_.scheduler.find_webhook(webhook_->id);
  EXPECT_FALSE(disabled->enabled);
  EXPECT_EQ(disabled->version, version + 1);
  EXPECT_THAT(disabled->disabled_reason, Not(IsEmpty()));
  EXPECT_EQ(disabled->updated_at, core_.now.wall);
  EXPECT_EQ(disabled->disabled_at, core_.now.wall);
  for (const DeliveryId id : ids) EXPECT_EQ(core_.stored_state(id)->status, DeliveryStatus::Canceled);
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
  EXPECT_EQ(*disabled, core_.committed.back().webhooks.empty() ? *disabled : core_.committed.back().webhooks.back());
  const auto told = notices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].type, EventType::WebhookDisabled);
  EXPECT_FALSE(told[0].webhook->enabled);
  EXPECT_THAT(core_.stored_events(EventType::WebhookDisabled), SizeIs(1));
  EXPECT_EQ(failing_since(webhook_->id), std::nullopt);
  EXPECT_EQ(core_.stored_healths().back().failing_since, std::nullopt);
}

// Goal: one success in between starts the five days anew.
TEST_F(SchedulerHealthTest, OneSuccessStartsTheFiveDaysAnew) {
  open_breaker();
  core_.advance(std::chrono::days(4));
  core_.finish_all(200);
  core_.advance(std::chrono::days(4));
  open_breaker();
  EXPECT_TRUE(core_.scheduler.find_webhook(webhook_->id)->enabled);
}

// Goal: days without an attempt are no failures: few of them disable nothing.
TEST_F(SchedulerHealthTest, QuietDaysAreNoFailures) {
  fail();
  core_.advance(std::chrono::days(6));
  core_.finish_all(500);
  EXPECT_TRUE(core_.scheduler.find_webhook(webhook_->id)->enabled);
}

// Goal: tests do not make it fail, but one that succeeds says that it works.
TEST_F(SchedulerHealthTest, TestsCountAsSuccessOnly) {
  const auto test = [&](int status) {
    core_.handle(TestSubmitted{++core_.ticket, webhook_->id, CoreHarness::draft()});
    core_.commit_all();
    core_.finish_all(status);
  };
  test(500);
  EXPECT_EQ(failing_since(webhook_->id), std::nullopt);
  fail();
  test(200);
  EXPECT_EQ(failing_since(webhook_->id), std::nullopt);
}

// Goal: what happened to a webhook goes to those of its team that asked for it, and to nobody else: not to itself, not
// to another team's.
TEST_F(SchedulerHealthTest, TellsTheWebhooksOfTheTeam) {
  const auto observer = create_observer(EventType::WebhookFailing);
  create_observer(EventType::WebhookDisabled);
  create_observer(EventType::WebhookFailing, "team_002");
  const auto every = create_observer(EventType::WebhookFailing, "");
  Webhook curious = *webhook_;
  curious.events = kAllEventTypes;
  curious.name = "The \"CRM\"";
  core_.change(curious);
  core_.deliver(events(10));
  for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
  for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
  core_.commit_all();
  const auto told = core_.stored_events(EventType::WebhookFailing);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].event.team_id, "team_001");
  std::vector<WebhookId> to;
  for (const Delivery& delivery : told[0].deliveries) to.push_back(delivery.webhook);
  EXPECT_THAT(to, testing::UnorderedElementsAre(observer->id, every->id));
  const auto parsed = parse_event(told[0].event.payload, kAllEventTypes);
  ASSERT_TRUE(parsed) << told[0].event.payload;
  EXPECT_EQ(parsed->type, EventType::WebhookFailing);
  EXPECT_THAT(told[0].event.payload, HasSubstr(webhook_->id.str()));
  EXPECT_THAT(told[0].event.payload, HasSubstr("The \\\"CRM\\\""));
  std::vector<WebhookId> sent;
  for (const StartAttempt& attempt : core_.attempts) {
    if (attempt.type == EventType::WebhookFailing) sent.push_back(attempt.webhook->id);
  }
  EXPECT_THAT(sent, testing::UnorderedElementsAre(observer->id, every->id));
}

// Goal: nothing is sent of it before it is durable.
TEST_F(SchedulerHealthTest, TellsAfterTheCommit) {
  create_observer(EventType::WebhookDisabled);
  core_.deliver(CoreHarness::draft());
  core_.finish(core_.take_attempt(), 410);
  EXPECT_THAT(core_.attempts, IsEmpty());
  core_.commit();
  EXPECT_THAT(core_.started(), SizeIs(1));
}

// Goal: an exhausted delivery is an event only where somebody asked for it; people are told in any case.
TEST_F(SchedulerHealthTest, ExhaustedIsAnEventWhereSomebodyAsks) {
  Webhook brief = *webhook_;
  brief.retry_schedule = std::vector<Duration>{1s};
  core_.change(brief);
  const auto exhaust = [&] {
    const auto id = core_.deliver(CoreHarness::draft());
    core_.finish_all(500);
    core_.advance_by_deadlines(1s);
    core_.finish_all(503);
    return id;
  };
  exhaust();
  EXPECT_THAT(core_.stored_events(EventType::DeliveryExhausted), IsEmpty());
  auto told = notices();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].type, EventType::DeliveryExhausted);
  EXPECT_THAT(told[0].reason, HasSubstr("503"));
  create_observer(EventType::DeliveryExhausted);
  const auto id = exhaust();
  const auto raised = core_.stored_events(EventType::DeliveryExhausted);
  ASSERT_THAT(raised, SizeIs(1));
  EXPECT_TRUE(parse_event(raised[0].event.payload, kAllEventTypes)) << raised[0].event.payload;
  EXPECT_THAT(raised[0].event.payload, HasSubstr(id.str()));
}

// Goal: of deliveries that tell of such things nothing is told, or each would cause the next.
TEST_F(SchedulerHealthTest, SaysNothingOfDeliveriesThatTell) {
  const auto observer = create_observer(EventType::WebhookDisabled);
  create_observer(EventType::DeliveryExhausted);
  Webhook brief = *observer;
  brief.retry_schedule = std::vector<Duration>{1s};
  core_.change(brief);
  fail(410);
  notices();
  core_.finish_all(500);
  core_.advance_by_deadlines(1s);
  core_.finish_all(500);
  EXPECT_THAT(core_.stored_events(EventType::DeliveryExhausted), IsEmpty());
  EXPECT_THAT(notices(), IsEmpty());
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
}

// Goal: webhook.failing and webhook.recovered are about the webhook's own URL, not about its fallback.
TEST_F(SchedulerHealthTest, SaysNothingOfTheFallback) {
  Webhook webhook = CoreHarness::webhook("team_002");
  webhook.fallback_url = "https://example.org/";
  webhook.max_concurrency = 20;
  webhook.id = WebhookId{5};
  core_.scheduler.load_webhook(webhook);
  core_.scheduler.load_health(core_.now, {webhook.id, core_.now.wall - 1h, true});
  for (std::int64_t id = 10; id < 20; ++id) {
    core_.scheduler.load_delivery(core_.now, {.id = DeliveryId{id},
                                              .event = EventId{1},
                                              .webhook = webhook.id,
                                              .status = DeliveryStatus::Retrying,
                                              .attempts = 1,
                                              .fallback = true});
  }
  core_.drain_outputs();
  core_.started();
  core_.finish(core_.take_attempt(), 200);
  EXPECT_THAT(notices(), IsEmpty());
  core_.deliver(CoreHarness::draft("team_002"));
  ASSERT_FALSE(core_.attempts.back().fallback);
  core_.finish(core_.attempts.back(), 200);
  core_.attempts.pop_back();
  ASSERT_THAT(notices(), SizeIs(1));  // recovered
  core_.finish_all(500);
  core_.advance_by_deadlines(5min);
  core_.finish_all(500);
  EXPECT_THAT(notices(), IsEmpty());
}

// Goal: one e-mail per webhook and hour at most; each webhook has its own; single deliveries are not worth a late one.
TEST_F(SchedulerHealthTest, MailsOnceAnHour) {
  Webhook brief = *webhook_;
  brief.retry_schedule = std::vector<Duration>{1s};
  core_.change(brief);
  const auto exhaust = [&] {
    core_.deliver(CoreHarness::draft());
    core_.finish_all(500);
    core_.advance_by_deadlines(1s);
    core_.finish_all(500);
    EXPECT_THAT(notices(), Not(IsEmpty()));
    return mails().size();
  };
  EXPECT_EQ(exhaust(), 1U);
  EXPECT_EQ(exhaust(), 0U);
  core_.advance_by_deadlines(1h - 3s);
  EXPECT_EQ(exhaust(), 0U);
  core_.advance_by_deadlines(5s);
  EXPECT_EQ(exhaust(), 1U);
  Webhook other = brief;
  other.id = {};
  core_.create(other);
  EXPECT_EQ(exhaust(), 1U);  // both fail, one was told of just now
}

// Goal: that a webhook was disabled is told in any case: at the end of the hour when another e-mail was sent before.
TEST_F(SchedulerHealthTest, LateMailsAreSentAtTheEndOfTheHour) {
  open_breaker();
  ASSERT_THAT(mails(), ElementsAre(EventType::WebhookFailing));
  core_.advance_by_deadlines(1min);
  core_.finish_all(410);
  EXPECT_THAT(mails(), IsEmpty());
  core_.advance_by_deadlines(59min - 1us);
  EXPECT_THAT(mails(), IsEmpty());
  EXPECT_EQ(core_.scheduler.next_deadline(), core_.now.mono + 1us);
  core_.advance_by_deadlines(1us);
  EXPECT_THAT(mails(), ElementsAre(EventType::WebhookDisabled));
}

// Goal: a person's change that is being stored is not overwritten by the five days or a 410.
TEST_F(SchedulerHealthTest, APersonsChangeWins) {
  core_.deliver(events(1));
  const auto attempt = core_.take_attempt();
  Webhook renamed = *webhook_;
  renamed.name = "Desk";
  core_.handle(WebhookSubmitted{500, renamed});
  core_.finish(attempt, 410);
  core_.commit_all();
  const auto stored = core_.scheduler.find_webhook(webhook_->id);
  EXPECT_EQ(stored->name, "Desk");
  EXPECT_TRUE(stored->enabled);
  EXPECT_EQ(stored->version, webhook_->version + 1);
  for (const auto& batch : core_.committed) {
    for (const Webhook& written : batch.webhooks) EXPECT_TRUE(written.enabled);
  }
  EXPECT_THAT(core_.stored_events(EventType::WebhookDisabled), IsEmpty());
}

}  // namespace
}  // namespace limehook::delivery
