// Whose turn it is when the node has few places: teams take turns, within a team its webhooks, and nobody gets all.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "delivery/core_harness.hpp"

namespace limehook::delivery {
namespace {

using testing::Contains;
using testing::SizeIs;

class FairnessTest : public testing::Test {
 protected:
  void make_node(int places) {
    auto options = CoreHarness::default_options();
    options.queue.in_flight_max = places;
    core_.emplace(options);
  }
  WebhookId create(std::string team, int concurrency = 100) {
    Webhook webhook = CoreHarness::webhook(std::move(team));
    webhook.max_concurrency = concurrency;
    return core_->create(webhook)->id;
  }
  void deliver(const std::string& team, std::size_t count) {
    core_->deliver(std::vector<EventDraft>(count, CoreHarness::draft(team)));
  }
  // The webhooks of the next attempts, each of which succeeds when the next one is due.
  std::vector<WebhookId> turns(std::size_t count) {
    std::vector<WebhookId> taken;
    while (taken.size() < count && !core_->started().empty()) {
      const auto attempt = core_->take_attempt();
      taken.push_back(attempt.webhook->id);
      core_->finish(attempt, 200);
    }
    return taken;
  }
  int in_flight() const { return core_->scheduler.gauges().in_flight; }
  std::optional<CoreHarness> core_;
};

// Goal: a team with a thousand webhooks and one with a single webhook take turns.
TEST_F(FairnessTest, TeamsTakeTurns) {
  make_node(1);
  for (int i = 0; i < 20; ++i) create("big");
  const auto small = create("small");
  deliver("big", 3);
  deliver("small", 5);
  const auto taken = turns(10);
  ASSERT_THAT(taken, SizeIs(10));
  for (std::size_t i = 2; i < 10; i += 2) {
    EXPECT_EQ((taken[i] == small) + (taken[i + 1] == small), 1) << i;
  }
}

// Goal: within a team its webhooks take turns, however much one of them has.
TEST_F(FairnessTest, WebhooksOfATeamTakeTurns) {
  make_node(1);
  const auto busy = create("team");
  deliver("team", 100);
  std::set<WebhookId> all{busy};
  for (int i = 0; i < 3; ++i) all.insert(create("team"));
  deliver("team", 5);
  turns(1);  // it was under way before
  for (int round = 0; round < 4; ++round) {
    const auto taken = turns(4);
    EXPECT_EQ(std::set<WebhookId>(taken.begin(), taken.end()), all) << round;
  }
}

// Goal: a team that hangs with all its webhooks leaves an eighth of the places to others.
TEST_F(FairnessTest, OneTeamCannotFillTheNode) {
  make_node(64);
  for (int i = 0; i < 100; ++i) create("big");
  deliver("big", 10);
  EXPECT_EQ(in_flight(), 56);
  for (int i = 0; i < 5; ++i) create("other " + std::to_string(i));
  for (int i = 0; i < 5; ++i) deliver("other " + std::to_string(i), 1);
  EXPECT_EQ(in_flight(), 56 + 5);
}

// Goal: a team that has filled its share goes on with every place that it gives back, to the last delivery.
TEST_F(FairnessTest, ATeamAtItsShareGoesOn) {
  make_node(64);
  for (int i = 0; i < 100; ++i) create("big");
  deliver("big", 3);
  EXPECT_EQ(in_flight(), 56);
  turns(1);
  EXPECT_EQ(in_flight(), 56);
  EXPECT_THAT(turns(1000), SizeIs(299));
  EXPECT_EQ(core_->scheduler.gauges().open, 0U);
}

// Goal: a team whose webhooks are all deleted while it has filled its share leaves nothing behind.
TEST_F(FairnessTest, ATeamAtItsShareMayBeDeleted) {
  make_node(64);
  std::vector<WebhookId> doomed;
  for (int i = 0; i < 100; ++i) doomed.push_back(create("big"));
  deliver("big", 3);
  for (const WebhookId webhook : doomed) core_->handle(WebhookDeleted{++core_->ticket, webhook});
  core_->commit_all();
  turns(1000);
  EXPECT_EQ(core_->scheduler.gauges().open, 0U);
  const auto other = create("other");
  deliver("other", 1);
  EXPECT_THAT(turns(1), Contains(other));
}

// Goal: a team's hanging webhooks take no more than its share, so that its healthy ones go on beside them.
TEST_F(FairnessTest, HealthyWebhooksOfATeamGoOn) {
  make_node(64);
  for (int i = 0; i < 30; ++i) create("team");
  deliver("team", 10);
  EXPECT_EQ(in_flight(), 48);
  const auto healthy = create("team");
  core_->attempts.clear();
  deliver("team", 1);
  std::vector<WebhookId> started;
  for (const StartAttempt& attempt : core_->attempts) started.push_back(attempt.webhook->id);
  EXPECT_THAT(started, Contains(healthy));
}

// Goal: one webhook gets an eighth of the free places, and always one.
TEST_F(FairnessTest, OneWebhookGetsAShareOfTheFreePlaces) {
  for (const auto& [places, most] : std::map<int, int>{{1, 1}, {4, 1}, {8, 1}, {64, 8}, {800, 89}}) {
    make_node(places);
    create("team", 1000);
    deliver("team", 1000);
    EXPECT_GE(in_flight(), std::max(1, most - 1)) << places;
    EXPECT_LE(in_flight(), most) << places;
  }
}

// Goal: places that become free go to who has none, not to the one that hangs with many.
TEST_F(FairnessTest, FreePlacesGoToThoseWithFew) {
  make_node(16);
  std::vector<WebhookId> all;
  for (int i = 0; i < 30; ++i) {
    const std::string team = "team " + std::to_string(i);
    all.push_back(create(team));
    deliver(team, 3);
  }
  EXPECT_EQ(in_flight(), 16);
  const auto taken = turns(90);
  ASSERT_THAT(taken, SizeIs(90));
  const std::set<WebhookId> first(taken.begin(), taken.begin() + 46);
  EXPECT_THAT(first, SizeIs(30));
}

// Goal: who has nothing to send takes no turn, and comes back when it has.
TEST_F(FairnessTest, ComesBackIntoTheTurns) {
  make_node(1);
  const auto idle = create("idle");
  create("busy");
  deliver("idle", 1);
  turns(1);
  deliver("busy", 50);
  turns(5);
  deliver("idle", 1);
  EXPECT_THAT(turns(3), Contains(idle));
}

// Goal: a deleted webhook in the turns does no harm, nor does its team.
TEST_F(FairnessTest, DeletedWebhooksLeaveTheTurns) {
  make_node(1);
  const auto doomed = create("team");
  const auto other = create("other");
  deliver("team", 5);
  deliver("other", 2);
  core_->handle(WebhookDeleted{++core_->ticket, doomed});
  core_->commit_all();
  const auto taken = turns(10);
  EXPECT_EQ(std::ranges::count(taken, other), 2);
  EXPECT_LE(std::ranges::count(taken, doomed), 1);
  EXPECT_EQ(core_->scheduler.gauges().open, 0U);
}

// Goal: however many tests a team asks for, they have few of the node's places, and deliveries go on beside them.
TEST_F(FairnessTest, TestsOfOneTeamLeaveRoom) {
  make_node(32);
  const auto hanging = create("a");
  const auto other = create("b");
  const auto test = [&](WebhookId webhook) {
    core_->handle(TestSubmitted{++core_->ticket, webhook, CoreHarness::draft("a")});
    core_->commit_all();
  };
  for (int i = 0; i < 60; ++i) test(hanging);
  const auto of_team = core_->attempts.size();
  EXPECT_THAT(core_->attempts, SizeIs(2));
  for (int i = 0; i < 58; ++i) EXPECT_EQ(core_->take_answer<Refused>().reason, Refusal::TestsUnderWay);
  for (int i = 0; i < 60; ++i) test(other);  // which has places of its own
  EXPECT_THAT(core_->attempts, SizeIs(2 * of_team));
  const auto tests = std::exchange(core_->attempts, {});
  deliver("b", 3);
  EXPECT_EQ(turns(3), std::vector<WebhookId>(3, other));
  while (core_->has_answer<Refused>()) core_->take_answer<Refused>();
  core_->finish(tests.front(), 500);  // then there is room for another
  core_->commit_all();
  test(hanging);
  EXPECT_THAT(core_->attempts, SizeIs(1));
  EXPECT_FALSE(core_->has_answer<Refused>());
}

// Goal: tests that the store refuses, or whose webhook goes meanwhile, take no room.
TEST_F(FairnessTest, TestsThatComeToNothingLeaveRoom) {
  make_node(32);
  const auto webhook = create("a");
  for (int i = 0; i < 5; ++i) {
    core_->handle(TestSubmitted{++core_->ticket, webhook, CoreHarness::draft("a")});
    core_->commit({store::CommitStatus::Failed, "", {}});
    EXPECT_EQ(core_->take_answer<Refused>().reason, Refusal::StoreFailed);
    core_->advance(std::chrono::seconds(2));
  }
  core_->handle(TestSubmitted{++core_->ticket, webhook, CoreHarness::draft("a")});
  core_->commit_all();
  EXPECT_THAT(core_->attempts, SizeIs(1));
}

}  // namespace
}  // namespace limehook::delivery
