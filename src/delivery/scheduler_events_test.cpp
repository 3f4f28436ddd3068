// Limehook's own events on their way into the store: beside requests, and through commits that fail.

#include <gtest/gtest.h>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SchedulerEventsTest : public testing::Test {
 protected:
  // A webhook that hears of others being disabled.
  void create_observer() {
    Webhook webhook = CoreHarness::webhook();
    webhook.events.reset();
    webhook.events.set(static_cast<std::size_t>(EventType::WebhookDisabled));
    core_.create(webhook);
  }
  CoreHarness core_;
  WebhookPtr webhook_ = core_.create(CoreHarness::webhook());
};

// Goal: what was raised survives a store that fails, goes out once it is stored, and requests of the same batch keep
// their own events. Method: the event and two requests wait while a commit is out that fails.
TEST_F(SchedulerEventsTest, SurvivesAFailingStore) {
  create_observer();
  const auto other = core_.create(CoreHarness::webhook("team_002"));
  for (const auto status : {store::CommitStatus::Failed, store::CommitStatus::Full}) {
    Webhook enabled = *core_.scheduler.find_webhook(webhook_->id);
    enabled.enabled = true;
    core_.change(enabled);
    core_.deliver(CoreHarness::draft());
    const auto attempt = core_.take_attempt();
    const auto before = core_.stored_events(EventType::WebhookDisabled).size();
    core_.handle(EventsSubmitted{500, {CoreHarness::draft("nobody")}});  // outstanding
    core_.finish(attempt, 410);
    core_.handle(EventsSubmitted{501, {CoreHarness::draft("team_002"), CoreHarness::draft("nobody")}});
    core_.commit();
    EXPECT_EQ(core_.take_answer<EventsAccepted>().ticket, 500U);
    core_.commit({status, "no", {}});
    EXPECT_EQ(core_.take_answer<Refused>().ticket, 501U);
    core_.advance(1s);
    ASSERT_THAT(core_.batches, SizeIs(1));  // the fact, again
    core_.handle(EventsSubmitted{502, {CoreHarness::draft("nobody")}});
    core_.commit();
    EXPECT_EQ(core_.stored_events(EventType::WebhookDisabled).size(), before + 1);
    const auto tells = core_.started();
    ASSERT_THAT(tells, SizeIs(1));
    EXPECT_EQ(core_.take_attempt().type, EventType::WebhookDisabled);
    EXPECT_EQ(core_.take_answer<EventsAccepted>().ticket, 502U);
  }
  EXPECT_EQ(core_.scheduler.open_deliveries(other->id), 0);
}

// Goal: several events that are raised in one batch, or across a commit that fails, are each sent as what they are.
TEST_F(SchedulerEventsTest, SendsEachRaisedEvent) {
  create_observer();
  const auto second = core_.create(CoreHarness::webhook());
  const auto third = core_.create(CoreHarness::webhook());
  core_.deliver(CoreHarness::draft());
  ASSERT_THAT(core_.attempts, SizeIs(3));
  core_.handle(EventsSubmitted{500, {CoreHarness::draft("nobody")}});  // outstanding
  core_.finish(core_.take_attempt(), 410);
  core_.finish(core_.take_attempt(), 410);
  core_.commit();
  core_.finish(core_.take_attempt(), 410);  // while the first two are being stored
  core_.commit({store::CommitStatus::Failed, "no", {}});
  core_.advance(1s);
  ASSERT_THAT(core_.started(), SizeIs(3));
  std::string bodies;
  for (const StartAttempt& attempt : core_.attempts) bodies += *attempt.body;
  for (const auto& webhook : {webhook_, second, third}) EXPECT_THAT(bodies, HasSubstr(webhook->id.str()));
}

// Goal: in a batch with raised events each request is answered with its own events, and each delivery with its own
// body.
TEST_F(SchedulerEventsTest, RequestsKeepTheirOwnEvents) {
  create_observer();
  core_.create(CoreHarness::webhook("team_002"));
  core_.deliver(CoreHarness::draft());
  const auto attempt = core_.take_attempt();
  core_.handle(EventsSubmitted{500, {CoreHarness::draft("nobody")}});  // outstanding
  core_.handle(EventsSubmitted{501, {CoreHarness::draft("nobody"), CoreHarness::draft("team_002")}});
  core_.finish(attempt, 410);
  core_.commit();
  core_.take_answer<EventsAccepted>();
  const auto batch = core_.commit();
  ASSERT_THAT(batch.events, SizeIs(3));
  const auto answer = core_.take_answer<EventsAccepted>();
  EXPECT_EQ(answer.ticket, 501U);
  ASSERT_THAT(answer.receipts, SizeIs(2));
  for (const EventReceipt& receipt : answer.receipts) {
    const auto stored = std::ranges::find(batch.events, receipt.id, [](const auto& added) { return added.event.id; });
    ASSERT_NE(stored, batch.events.end());
    EXPECT_FALSE(is_operational(stored->event.type));
    EXPECT_EQ(static_cast<std::size_t>(receipt.deliveries), stored->deliveries.size());
  }
  EXPECT_EQ(answer.receipts[1].deliveries, 1);
  ASSERT_THAT(core_.started(), SizeIs(2));
  for (const StartAttempt& started : core_.attempts) {
    EXPECT_THAT(*started.body, HasSubstr(std::string(name_of(started.type))));
  }
}

// Goal: who may not know of webhooks for every team is not told how many of them an event goes to.
TEST_F(SchedulerEventsTest, CountsForATeamAreOfItsWebhooks) {
  core_.create(CoreHarness::webhook(""));
  for (const auto& [of_teams_only, told] : {std::pair{true, 1}, {false, 2}}) {
    core_.handle(EventsSubmitted{500, {CoreHarness::draft()}, of_teams_only});
    const auto batch = core_.commit();
    ASSERT_THAT(batch.events, SizeIs(1));
    EXPECT_THAT(batch.events[0].deliveries, SizeIs(2));
    EXPECT_EQ(core_.take_answer<EventsAccepted>().receipts.at(0).deliveries, told);
  }
}

}  // namespace
}  // namespace limehook::delivery
