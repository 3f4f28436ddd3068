// The port's contract for ends: a delivery says why it failed or was canceled, and who gave it up.

#include "store_harness.hpp"

namespace limehook::store {
namespace {

using testing::SizeIs;

class StoreReasonTest : public StoreTest {
 protected:
  // A delivery that ends so.
  DeliveryId ended(DeliveryStatus status, EndReason reason, std::shared_ptr<const Actor> by = nullptr) {
    NewEvent event = make_.event({kWebhook});
    WriteBatch batch;
    batch.events.push_back(event);
    batch.updates.push_back(make_.update(event.deliveries[0].id, status, 0));
    batch.updates.back().reason = reason;
    batch.updates.back().by = std::move(by);
    commit(batch);
    make_.now += std::chrono::milliseconds(1);
    event_ = event.event.id;
    return event.deliveries[0].id;
  }
  void end_webhook(Actor by, std::string because = "") {
    WriteBatch batch;
    batch.webhook_ends.push_back({kWebhook, make_.now, std::move(by), std::move(because)});
    commit(batch);
    make_.now += std::chrono::milliseconds(1);
  }
  // The same in each of the three ways to see it.
  void expect(DeliveryId id, EndReason reason, std::optional<Actor> by, std::string because = "") {
    const auto check = [&](const Delivery& d) {
      EXPECT_EQ(d.reason, reason);
      EXPECT_EQ(d.ended_by ? std::optional(*d.ended_by) : std::nullopt, by);
      EXPECT_EQ(d.ended_because, because);
    };
    const auto detail = store().get_delivery(id);
    check(detail->delivery);
    const auto event = store().get_event(detail->event.id);
    ASSERT_THAT(event->deliveries, SizeIs(1));
    check(event->deliveries[0]);
    for (const DeliveryRow& row : store().list_deliveries({.webhook = kWebhook}).rows) {
      if (row.delivery.id == id) check(row.delivery);
    }
  }
  const Actor kAnna{ActorKind::User, "usr_1", "anna@example.com"};
  const Actor kKey{ActorKind::Key, "key_1", "a key"};
  EventId event_;
};
LIMEHOOK_FOR_ALL_STORES(StoreReasonTest);

TEST_P(StoreReasonTest, EveryReasonComesBack) {
  for (std::size_t i = 1; i < kEndReasonCount; ++i) {
    const auto reason = static_cast<EndReason>(i);
    const auto id = ended(i <= 4 ? DeliveryStatus::Failed : DeliveryStatus::Canceled, reason);
    reopen();
    expect(id, reason, std::nullopt);
  }
}

// Goal: it is known who skipped it, until somebody asks for it again.
TEST_P(StoreReasonTest, WhoSkippedItIsKnown) {
  const auto id = ended(DeliveryStatus::Canceled, EndReason::Skipped, std::make_shared<const Actor>(kAnna));
  ended(DeliveryStatus::Canceled, EndReason::Skipped, std::make_shared<const Actor>(kKey));
  reopen();
  expect(id, EndReason::Skipped, kAnna);
  WriteBatch again;
  again.updates.push_back(make_.update(id, DeliveryStatus::Pending, 0));
  commit(again);
  expect(id, EndReason::None, std::nullopt);
}

// Goal: what was canceled with its webhook says who ended that, the last time before it; also when the process died in
// between, and once the webhook is gone.
TEST_P(StoreReasonTest, WhoEndedTheWebhookIsKnown) {
  end_webhook(kAnna);
  const auto first = ended(DeliveryStatus::Canceled, EndReason::WebhookDisabled);
  end_webhook({.kind = ActorKind::Limehook}, "Every attempt failed.");
  const auto second = ended(DeliveryStatus::Canceled, EndReason::WebhookDisabled);
  end_webhook(kKey);
  const auto third = ended(DeliveryStatus::Canceled, EndReason::WebhookDeleted);
  const auto failed = ended(DeliveryStatus::Failed, EndReason::Exhausted);
  reopen();
  expect(first, EndReason::WebhookDisabled, kAnna);
  expect(second, EndReason::WebhookDisabled, Actor{.kind = ActorKind::Limehook}, "Every attempt failed.");
  expect(third, EndReason::WebhookDeleted, kKey);
  expect(failed, EndReason::Exhausted, std::nullopt);
}

// Goal: nothing of it is left when its delivery is.
TEST_P(StoreReasonTest, PruningLeavesNothing) {
  ended(DeliveryStatus::Canceled, EndReason::Skipped, std::make_shared<const Actor>(kAnna));
  const WallTime later = make_.now + std::chrono::hours(1);
  while (!store().prune(later, 100).done) {
  }
  EXPECT_FALSE(store().get_event(event_));
  reopen();
}

}  // namespace
}  // namespace limehook::store
