// Backlogs that live in the store: how much of them is in memory, and that nothing is lost, doubled or out of order.

#include "delivery/core_harness.hpp"
#include "store/memory/memory_store.hpp"

namespace limehook::delivery {
namespace {

using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

SchedulerOptions small_memory() {
  SchedulerOptions options = CoreHarness::default_options();
  options.backlog.webhook_max = 4;
  options.backlog.page = 3;
  return options;
}

class SchedulerBacklogTest : public testing::Test {
 protected:
  // Stores what was committed, and answers sweeps from the store, until there are none.
  void serve_sweeps() {
    for (int rounds = 0; rounds < 1000; ++rounds) {
      core_.commit_all();
      for (; stored_ < core_.committed.size(); ++stored_) store_.commit(core_.committed[stored_]);
      if (core_.has_answer<OpenWanted>()) {
        const auto wanted = core_.take_answer<OpenWanted>();
        core_.handle(OpenLoaded{store_.list_open(wanted.after, wanted.limit)});
      } else {
        core_.advance(20ms);
        if (!core_.has_answer<OpenWanted>()) return;
      }
    }
    ADD_FAILURE() << "the sweeps do not end";
  }
  // Ends the attempts under way until none starts any more; answers the deliveries in the order of their starts.
  std::vector<DeliveryId> run_all(int status = 200) {
    std::vector<DeliveryId> order;
    for (serve_sweeps(); !core_.started().empty(); serve_sweeps()) {
      for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) {
        order.push_back(attempt.delivery);
        core_.finish(attempt, status);
      }
    }
    return order;
  }
  std::vector<DeliveryId> accept_many(std::size_t count) {
    return core_.deliver(std::vector<EventDraft>(count, CoreHarness::draft()));
  }

  CoreHarness core_{small_memory()};
  store::MemoryStore store_;
  std::size_t stored_ = 0;
  WebhookPtr webhook_ = core_.create(CoreHarness::webhook());
};

// Goal: memory has a few of many; each is made once, in the order of acceptance.
TEST_F(SchedulerBacklogTest, KeepsABoundedPartInMemory) {
  const auto accepted = accept_many(50);
  EXPECT_EQ(core_.scheduler.gauges().open, 50U);
  EXPECT_EQ(core_.scheduler.in_memory(), 4U);
  EXPECT_EQ(core_.scheduler.view(webhook_->id)->backlog, 50);
  EXPECT_THAT(run_all(), ElementsAreArray(accepted));
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
}

// Goal: another webhook does not notice.
TEST_F(SchedulerBacklogTest, LeavesOthersAlone) {
  accept_many(50);
  const auto other = core_.create(CoreHarness::webhook("team_002"));
  core_.started();
  core_.attempts.clear();
  core_.deliver(CoreHarness::draft("team_002"));
  EXPECT_EQ(core_.take_attempt().webhook->id, other->id);
}

// Goal: what waits for its retry holds no place that one which is due could have.
TEST_F(SchedulerBacklogTest, IsNotHeldUpByRetries) {
  const auto accepted = accept_many(6);
  std::set<DeliveryId> started;
  for (const DeliveryId id : run_all(500)) started.insert(id);
  EXPECT_THAT(started, ElementsAreArray(accepted));
  EXPECT_EQ(core_.scheduler.in_memory(), 6U);
}

// Goal: an ordered webhook keeps its order though most of it is in the store.
TEST_F(SchedulerBacklogTest, KeepsTheOrder) {
  Webhook ordered = *webhook_;
  ordered.ordered = Ordering::Webhook;
  core_.change(ordered);
  EXPECT_THAT(run_all(), IsEmpty());
  const auto accepted = accept_many(30);
  EXPECT_THAT(run_all(), ElementsAreArray(accepted));
}

// Goal: what somebody asks for again after its webhook was disabled and enabled is not canceled with those that still
// wait for that in the store, neither at once nor after a failed attempt.
TEST_F(SchedulerBacklogTest, CancelsNothingThatWasAskedForAgain) {
  for (const Ordering ordering : {Ordering::Webhook, Ordering::None}) {
    Webhook webhook = *core_.scheduler.find_webhook(webhook_->id);
    webhook.ordered = ordering;
    webhook.retry_schedule = std::vector<Duration>{30min};
    core_.change(webhook);
    const auto accepted = accept_many(20);
    serve_sweeps();
    for (const auto& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 200);
    core_.commit_all();
    for (const bool enabled : {false, true}) {
      webhook = *core_.scheduler.find_webhook(webhook_->id);
      webhook.enabled = enabled;
      core_.change(webhook);
    }
    for (const auto& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 200);
    // One page of those in the store is canceled, and one of these wanted back before the next page is looked at.
    for (core_.advance(20ms); !core_.has_answer<OpenWanted>(); core_.advance(20ms)) core_.commit_all();
    for (; stored_ < core_.committed.size(); ++stored_) store_.commit(core_.committed[stored_]);
    const auto wanted = core_.take_answer<OpenWanted>();
    const auto page = store_.list_open(wanted.after, wanted.limit);
    core_.handle(OpenLoaded{page});
    core_.commit_all();
    for (; stored_ < core_.committed.size(); ++stored_) store_.commit(core_.committed[stored_]);
    const DeliveryId again = page.back().id;
    const auto detail = store_.get_delivery(again);
    ASSERT_EQ(detail->delivery.status, DeliveryStatus::Canceled);
    core_.retry(store::open_delivery_of(detail->delivery, detail->event.type));
    EXPECT_THAT(run_all(500), testing::Contains(again));
    EXPECT_EQ(core_.stored_state(again)->status, DeliveryStatus::Retrying);
    core_.advance(30min);
    EXPECT_THAT(run_all(), testing::ElementsAre(again));
    EXPECT_EQ(core_.stored_state(again)->status, DeliveryStatus::Delivered);
    EXPECT_EQ(core_.stored_state(accepted.back())->status, DeliveryStatus::Canceled);
  }
}

// Goal: retries that are due late leave memory when it is short, and come back in time.
TEST_F(SchedulerBacklogTest, ParksLateRetries) {
  Webhook patient = *webhook_;
  patient.retry_schedule = std::vector<Duration>{30min};
  core_.change(patient);
  for (int i = 0; i < 9; ++i) {  // one less than open the breaker
    accept_many(1);
    for (const auto& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
    serve_sweeps();
  }
  EXPECT_EQ(core_.scheduler.gauges().open, 9U);
  EXPECT_LT(core_.scheduler.in_memory(), 9U);
  EXPECT_THAT(core_.attempts, IsEmpty());
  core_.advance(29min);
  EXPECT_THAT(run_all(), IsEmpty());
  core_.advance(1min);
  EXPECT_THAT(run_all(), SizeIs(9));
}

// Goal: what is due is found behind a page of what is due later, and then the store is left in peace.
TEST_F(SchedulerBacklogTest, LooksBehindLateRetries) {
  Webhook patient = *webhook_;
  patient.retry_schedule = std::vector<Duration>{30min};
  core_.change(patient);
  for (int i = 0; i < 4; ++i) {
    const auto accepted = accept_many(9);
    EXPECT_THAT(run_all(500), ElementsAreArray(accepted));  // one less than open the breaker
    accept_many(1);
    EXPECT_THAT(run_all(), SizeIs(1));
  }
  EXPECT_EQ(core_.scheduler.gauges().open, 36U);
  const auto idle_until = core_.scheduler.next_deadline();
  ASSERT_TRUE(idle_until);
  EXPECT_GT(*idle_until, core_.now.mono + 25min);
}

// Goal: what waits in the store is canceled with the rest, retried and skipped by hand like the rest.
TEST_F(SchedulerBacklogTest, ReachesWhatIsInTheStore) {
  const auto accepted = accept_many(20);
  serve_sweeps();
  core_.retry({.id = accepted[15], .webhook = webhook_->id});
  serve_sweeps();
  EXPECT_TRUE(core_.has_answer<Stored>());
  core_.take_answer<Stored>();
  core_.handle(SkipSubmitted{++core_.ticket, accepted[10]});
  serve_sweeps();
  EXPECT_TRUE(core_.has_answer<Stored>());
  EXPECT_EQ(core_.stored_state(accepted[10])->status, DeliveryStatus::Canceled);
  Webhook off = *webhook_;
  off.enabled = false;
  core_.change(off);
  core_.started();
  for (const auto& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 200);
  serve_sweeps();
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
  EXPECT_EQ(core_.stored_state(accepted[19])->status, DeliveryStatus::Canceled);
}

// Goal: two who ask for a retry of what is in the store only get the same one: what they saw is one state.
TEST_F(SchedulerBacklogTest, FetchesOnceForAllWhoAsk) {
  const auto accepted = accept_many(20);
  for (; stored_ < core_.committed.size(); ++stored_) store_.commit(core_.committed[stored_]);
  core_.retry({.id = accepted[15], .webhook = webhook_->id});
  core_.retry({.id = accepted[15], .webhook = webhook_->id});
  int attempts = 0;
  while (core_.has_answer<OpenWanted>()) {
    const auto wanted = core_.take_answer<OpenWanted>();
    core_.handle(OpenLoaded{store_.list_open(wanted.after, wanted.limit)});
    core_.load_bodies();
    for (const StartAttempt& attempt : std::exchange(core_.attempts, {})) {
      attempts += attempt.delivery == accepted[15];
      core_.finish(attempt, 200);
    }
  }
  for (const DeliveryId id : run_all()) attempts += id == accepted[15];
  EXPECT_EQ(attempts, 1);
}

// Goal: what was given up after a retry was asked for is not sent. Method: both come while it leaves memory.
TEST_F(SchedulerBacklogTest, GivesUpWhatIsSkippedAfterARetry) {
  Webhook patient = *webhook_;
  patient.retry_schedule = std::vector<Duration>{30min};
  core_.change(patient);
  const auto accepted = accept_many(3);
  for (const auto& attempt : std::exchange(core_.attempts, {})) core_.finish(attempt, 500);
  core_.commit();
  core_.retry({.id = accepted[2], .webhook = webhook_->id});
  core_.handle(SkipSubmitted{++core_.ticket, accepted[2]});
  EXPECT_THAT(run_all(), testing::Not(testing::Contains(accepted[2])));
  EXPECT_EQ(core_.stored_state(accepted[2])->status, DeliveryStatus::Canceled);
}

// Goal: what goes on by hand behind others is found again. Method: the store is swept after the delivery's end is
// stored and before it is stored that it goes on.
TEST_F(SchedulerBacklogTest, FindsWhatGoesOnBehindOthers) {
  const auto answer_sweeps = [this] {
    while (core_.has_answer<OpenWanted>()) {
      const auto wanted = core_.take_answer<OpenWanted>();
      core_.handle(OpenLoaded{store_.list_open(wanted.after, wanted.limit)});
    }
  };
  Webhook ordered = *webhook_;
  ordered.ordered = Ordering::Webhook;
  core_.change(ordered);
  const auto accepted = accept_many(12);
  serve_sweeps();
  const DeliveryId first_in_store = accepted[4];
  core_.handle(EventsSubmitted{++core_.ticket, {CoreHarness::draft("team_002")}});  // a batch of its own
  for (int i = 0; i < 4; ++i) core_.finish(core_.take_attempt(), 200);
  core_.handle(SkipSubmitted{++core_.ticket, first_in_store});
  answer_sweeps();
  core_.commit();
  core_.retry({.id = first_in_store, .webhook = webhook_->id});
  core_.commit();  // what was skipped; that it goes on is in the next batch
  for (; stored_ < core_.committed.size(); ++stored_) store_.commit(core_.committed[stored_]);
  core_.advance(20ms);
  answer_sweeps();
  EXPECT_THAT(run_all(), testing::Contains(first_in_store));
  EXPECT_EQ(core_.scheduler.gauges().open, 0U);
}

// Goal: after a restart no more is in memory than before, and everything is made.
TEST_F(SchedulerBacklogTest, LoadsABoundedPart) {
  const auto accepted = accept_many(40);
  serve_sweeps();
  CoreHarness next(small_memory());
  next.scheduler.load_webhook(*webhook_);
  for (const auto& open : store_.list_open({}, SIZE_MAX)) next.scheduler.load_delivery(next.now, open);
  EXPECT_EQ(next.scheduler.gauges().open, 40U);
  EXPECT_EQ(next.scheduler.in_memory(), 4U);
}

}  // namespace
}  // namespace limehook::delivery
