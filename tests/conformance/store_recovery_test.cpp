// The port's contract for bulk redelivery: each step goes on where the one before stopped.

#include <set>

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class StoreRecoveryTest : public StoreTest {
 protected:
  Recovery recovery(Recovery::Kind kind) {
    Recovery r{.id = RecoveryId{make_.id()}, .webhook = kWebhook};
    r.kind = kind;
    r.since = start_;
    r.until = make_.now + std::chrono::milliseconds(1);
    return r;
  }
  // An event with one delivery in a state.
  NewEvent stored(DeliveryStatus status, WebhookId webhook, bool test = false) {
    NewEvent event = make_.event({webhook});
    event.event.test = event.deliveries[0].test = test;
    WriteBatch batch;
    batch.events.push_back(event);
    if (status != DeliveryStatus::Pending) make_.finish(batch, event.deliveries[0].id, status);
    commit(batch);
    make_.now += std::chrono::milliseconds(1);
    return event;
  }
  struct Found {
    std::vector<DeliveryId> deliveries;
    std::vector<EventId> events;
    std::size_t examined = 0;
    int steps = 0;
  };
  Found walk(Recovery r, std::size_t limit) {
    Found found;
    for (bool done = false; !done; ++found.steps) {
      const RecoveryStep step = store().next_recovery_step(r, limit);
      EXPECT_LE(step.examined, limit);
      EXPECT_GE(step.position, r.position);
      for (const OpenDelivery& d : step.deliveries) found.deliveries.push_back(d.id);
      for (const Event& e : step.events) found.events.push_back(e.id);
      found.examined += step.examined;
      r.position = step.position;
      done = step.done;
      if (found.steps > 1000) {
        ADD_FAILURE() << "the recovery does not end";
        break;
      }
    }
    return found;
  }
  const WallTime start_ = make_.now;
};
LIMEHOOK_FOR_ALL_STORES(StoreRecoveryTest);

TEST_P(StoreRecoveryTest, FailedTakesFailedAndCanceledOfTheWebhook) {
  const auto failed = stored(DeliveryStatus::Failed, kWebhook);
  stored(DeliveryStatus::Delivered, kWebhook);
  stored(DeliveryStatus::Failed, kOtherWebhook);
  const auto canceled = stored(DeliveryStatus::Canceled, kWebhook);
  stored(DeliveryStatus::Retrying, kWebhook);
  stored(DeliveryStatus::Pending, kWebhook);
  stored(DeliveryStatus::Failed, kWebhook, true);
  const Recovery r = recovery(Recovery::Kind::Failed);
  for (const std::size_t limit : {1U, 2U, 3U, 100U}) {
    const Found found = walk(r, limit);
    EXPECT_THAT(found.deliveries, ElementsAre(failed.deliveries[0].id, canceled.deliveries[0].id)) << limit;
    EXPECT_THAT(found.events, IsEmpty());
  }
  const RecoveryStep step = store().next_recovery_step(r, 100);
  EXPECT_EQ(step.deliveries[0].attempts, 1);
  EXPECT_EQ(step.deliveries[0].status, DeliveryStatus::Failed);
  EXPECT_EQ(step.deliveries[0].event, failed.event.id);
}

// Goal: what is taken comes with all that the scheduler needs to send it in its order and as what it is.
TEST_P(StoreRecoveryTest, TakenOnesComeWhole) {
  NewEvent event = make_.event({kWebhook});
  Delivery& made = event.deliveries[0];
  made.order_key = 0x8000'0001U;
  made.body_type = BodyType::CloudEvents;
  WriteBatch batch;
  batch.events.push_back(event);
  make_.finish(batch, made.id, DeliveryStatus::Failed, 1);
  batch.updates.back().attempts = 6;
  batch.updates.back().round_start = 3;
  batch.updates.back().fallback = true;
  batch.updates.back().http_status = 503;
  batch.updates.back().last_outcome = AttemptOutcome::Response;
  commit(batch);
  make_.now += std::chrono::milliseconds(1);
  const RecoveryStep step = store().next_recovery_step(recovery(Recovery::Kind::Failed), 100);
  ASSERT_THAT(step.deliveries, SizeIs(1));
  const OpenDelivery& taken = step.deliveries[0];
  EXPECT_EQ(taken.order_key, 0x8000'0001U);
  EXPECT_EQ(taken.body_type, BodyType::CloudEvents);
  EXPECT_EQ(taken.attempts, 6);
  EXPECT_EQ(taken.round_start, 3);
  EXPECT_TRUE(taken.fallback);
  EXPECT_EQ(taken.http_status, 503);
  EXPECT_EQ(taken.last_outcome, AttemptOutcome::Response);
}

TEST_P(StoreRecoveryTest, MissingTakesCanceledOnesAndEventsWithoutDelivery) {
  stored(DeliveryStatus::Delivered, kWebhook);
  const auto elsewhere = stored(DeliveryStatus::Delivered, kOtherWebhook);
  stored(DeliveryStatus::Failed, kWebhook);
  const auto canceled = stored(DeliveryStatus::Canceled, kWebhook);
  stored(DeliveryStatus::Canceled, kOtherWebhook, true);
  stored(DeliveryStatus::Canceled, kWebhook, true);
  const NewEvent lone = make_.event();
  commit_event(lone);
  const NewEvent redelivered = make_.event();
  commit_event(redelivered);
  WriteBatch batch;
  batch.deliveries.push_back(make_.delivery(redelivered.event.id, kWebhook));
  commit(batch);
  for (const std::size_t limit : {1U, 2U, 3U, 100U}) {
    const Found found = walk(recovery(Recovery::Kind::Missing), limit);
    EXPECT_THAT(found.deliveries, ElementsAre(canceled.deliveries[0].id)) << limit;
    EXPECT_THAT(found.events, ElementsAre(elsewhere.event.id, lone.event.id)) << limit;
  }
  const RecoveryStep step = store().next_recovery_step(recovery(Recovery::Kind::Missing), 100);
  EXPECT_EQ(step.events[0].payload, elsewhere.event.payload);
}

// Goal: what somebody skipped stays skipped, unless the recovery is for those too; what was canceled otherwise comes
// back.
TEST_P(StoreRecoveryTest, LeavesWhatWasSkippedAlone) {
  const auto canceled = stored(DeliveryStatus::Canceled, kWebhook);
  const auto skipped = stored(DeliveryStatus::Canceled, kWebhook);
  WriteBatch batch;
  batch.updates.push_back(make_.update(skipped.deliveries[0].id, DeliveryStatus::Canceled, 1));
  batch.updates.back().reason = EndReason::Skipped;
  commit(batch);
  for (const auto kind : {Recovery::Kind::Failed, Recovery::Kind::Missing}) {
    Recovery r = recovery(kind);
    const Found found = walk(r, 1);
    EXPECT_THAT(found.deliveries, ElementsAre(canceled.deliveries[0].id));
    EXPECT_THAT(found.events, IsEmpty());
    r.skipped = true;
    EXPECT_THAT(walk(r, 1).deliveries, ElementsAre(canceled.deliveries[0].id, skipped.deliveries[0].id));
    WriteBatch recoveries;
    recoveries.recoveries.push_back(r);
    commit(recoveries);
    EXPECT_TRUE(store().get_recovery(r.id)->skipped);
  }
}

// Goal: both kinds take only events of the chosen types and with the wanted term; all are counted as examined.
TEST_P(StoreRecoveryTest, FiltersByTypeAndTerm) {
  const auto put = [&](EventType type, std::vector<std::string> terms, std::vector<WebhookId> to) {
    NewEvent event = make_.event(std::move(to), "team_001", type, std::move(terms));
    WriteBatch batch;
    batch.events.push_back(event);
    if (!event.deliveries.empty()) make_.finish(batch, event.deliveries[0].id, DeliveryStatus::Canceled);
    commit(batch);
    make_.now += std::chrono::milliseconds(1);
    return event;
  };
  const auto call = put(EventType::MissedCall, {"+1234567890", "call-1"}, {kWebhook});
  const auto text = put(EventType::SmsReceived, {"+1234567890"}, {kWebhook});
  const auto lone_call = put(EventType::MissedCall, {"call-1"}, {});
  const auto lone_text = put(EventType::SmsReceived, {"+1234567890"}, {});
  Recovery r = recovery(Recovery::Kind::Missing);
  r.events.reset().set(static_cast<std::size_t>(EventType::SmsReceived));
  Found found = walk(r, 1);
  EXPECT_THAT(found.deliveries, ElementsAre(text.deliveries[0].id));
  EXPECT_THAT(found.events, ElementsAre(lone_text.event.id));
  EXPECT_EQ(found.examined, 4);
  r.kind = Recovery::Kind::Failed;
  EXPECT_THAT(walk(r, 1).deliveries, ElementsAre(text.deliveries[0].id));
  r.events.set();
  r.term = "call-1";
  EXPECT_THAT(walk(r, 2).deliveries, ElementsAre(call.deliveries[0].id));
  r.kind = Recovery::Kind::Missing;
  found = walk(r, 2);
  EXPECT_THAT(found.deliveries, ElementsAre(call.deliveries[0].id));
  EXPECT_THAT(found.events, ElementsAre(lone_call.event.id));
  r.term = "1234567890";
  EXPECT_THAT(walk(r, 2).events, ElementsAre(lone_text.event.id)) << "a number without its plus";
}

// Goal: the last attempt decides; a delivery without one passes no such filter.
TEST_P(StoreRecoveryTest, FiltersByTheLastAttempt) {
  const auto put = [&](int http_status, AttemptOutcome outcome, int attempts = 1) {
    NewEvent event = make_.event({kWebhook});
    WriteBatch batch;
    batch.events.push_back(event);
    DeliveryUpdate update = make_.update(event.deliveries[0].id, DeliveryStatus::Failed, attempts);
    update.http_status = http_status;
    update.last_outcome = outcome;
    batch.updates.push_back(update);
    commit(batch);
    make_.now += std::chrono::milliseconds(1);
    return event.deliveries[0].id;
  };
  const auto unavailable = put(503, AttemptOutcome::Response);
  const auto error = put(500, AttemptOutcome::Response);
  const auto timeout = put(0, AttemptOutcome::Timeout);
  put(0, AttemptOutcome::Response, 0);
  Recovery r = recovery(Recovery::Kind::Failed);
  r.http_status = 503;
  EXPECT_THAT(walk(r, 2).deliveries, ElementsAre(unavailable));
  r.http_status = 0;
  r.outcome = AttemptOutcome::Timeout;
  EXPECT_THAT(walk(r, 2).deliveries, ElementsAre(timeout));
  r.outcome = AttemptOutcome::Response;
  EXPECT_THAT(walk(r, 2).deliveries, ElementsAre(unavailable, error));
}

TEST_P(StoreRecoveryTest, OnlyWhatLiesInTheTimeSpan) {
  const auto before = stored(DeliveryStatus::Failed, kWebhook);
  make_.now += std::chrono::seconds(1);
  Recovery r = recovery(Recovery::Kind::Failed);
  r.since = make_.now;
  const auto inside = stored(DeliveryStatus::Failed, kWebhook);
  make_.now += std::chrono::seconds(1);
  r.until = make_.now;
  stored(DeliveryStatus::Failed, kWebhook);
  EXPECT_THAT(walk(r, 10).deliveries, ElementsAre(inside.deliveries[0].id));
  r.kind = Recovery::Kind::Missing;
  r.webhook = kOtherWebhook;
  EXPECT_THAT(walk(r, 10).events, ElementsAre(inside.event.id));
}

// Goal: a step stays short however much of others is in the way, and examined counts it.
TEST_P(StoreRecoveryTest, StepsAreBounded) {
  for (int i = 0; i < 20; ++i) stored(DeliveryStatus::Failed, kOtherWebhook);
  const auto last = stored(DeliveryStatus::Failed, kWebhook);
  for (const auto kind : {Recovery::Kind::Failed, Recovery::Kind::Missing}) {
    const Found found = walk(recovery(kind), 5);
    EXPECT_EQ(found.examined, 21U);
    EXPECT_GE(found.steps, 5);
  }
  EXPECT_THAT(walk(recovery(Recovery::Kind::Failed), 5).deliveries, ElementsAre(last.deliveries[0].id));
}

// Goal: payloads of any size make steps of bounded size; none is left out, and one that is too large comes alone.
TEST_P(StoreRecoveryTest, StepsAreBoundedInBytes) {
  const auto max = limits::kPageBytesMax;
  std::vector<EventId> expected;
  for (const std::size_t bytes : {max / 2, max / 2, std::size_t{1}, max + 1, max / 2, std::size_t{1}}) {
    NewEvent event = make_.event();
    event.event.payload = std::string(bytes, 'x');
    commit_event(event);
    expected.push_back(event.event.id);
    stored(DeliveryStatus::Delivered, kWebhook);
  }
  Recovery r = recovery(Recovery::Kind::Missing);
  const Found found = walk(r, 100);
  EXPECT_EQ(found.events, expected);
  EXPECT_EQ(found.examined, 12U);
  EXPECT_EQ(found.steps, 4);
  EXPECT_THAT(store().next_recovery_step(r, 100).events, SizeIs(2));
}

// Goal: nothing is taken twice when what was taken fails again, nor skipped when the store is opened anew between two
// steps.
TEST_P(StoreRecoveryTest, ResumesFromItsPosition) {
  std::vector<DeliveryId> expected;
  for (int i = 0; i < 10; ++i) expected.push_back(stored(DeliveryStatus::Failed, kWebhook).deliveries[0].id);
  Recovery r = recovery(Recovery::Kind::Failed);
  std::vector<DeliveryId> taken;
  for (bool done = false; !done;) {
    const RecoveryStep step = store().next_recovery_step(r, 3);
    WriteBatch batch;
    for (const OpenDelivery& d : step.deliveries) {
      taken.push_back(d.id);
      make_.finish(batch, d.id, DeliveryStatus::Failed, 2);
    }
    r.position = step.position;
    batch.recoveries.push_back(r);
    commit(batch);
    reopen();
    r = *store().get_recovery(r.id);
    done = step.done;
  }
  EXPECT_EQ(taken, expected);
}

}  // namespace
}  // namespace limehook::store
