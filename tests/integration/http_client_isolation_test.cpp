// A storm at some receivers must not hold up the others on the same thread. Counted in results, not in time.

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;

// Goal: when hundreds of attempts time out in the same instant, another attempt is taken up after a few of them.
// Method: with the first timeout an attempt is started that ends as soon as it is taken up; it is counted how many
// timeouts are told before its end.
TEST(Isolation, TimeoutsAreWorkedOffInSlices) {
  constexpr int kHanging = 300;
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  std::mutex mutex;
  std::condition_variable changed;
  int timeouts = 0;
  int timeouts_before_probe = -1;
  HttpSender* sender = nullptr;
  const auto start = [&](WebhookPtr webhook) {
    sender->start({.delivery = DeliveryId{1},
                   .number = 1,
                   .webhook = std::move(webhook),
                   .body = std::make_shared<const std::string>(kBody)});
  };
  const auto probe = webhook_to("ftp://cannot.be.used/");
  auto made = HttpSender::create(test_options(), [&](const AttemptResult& result) {
    const std::lock_guard lock(mutex);
    if (result.attempt.outcome == AttemptOutcome::Internal) {
      timeouts_before_probe = timeouts;
    } else if (++timeouts == 1) {
      start(probe);
    }
    changed.notify_all();
  });
  sender = made->get();
  const auto webhook = webhook_to(hanging.url(), milliseconds(1500));
  for (int i = 0; i < kHanging; ++i) start(webhook);
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return timeouts == kHanging && timeouts_before_probe >= 0; });
  EXPECT_LT(timeouts_before_probe, 20);
}

// Goal: many attempts at a receiver that has stopped answering do not stand in the way of an attempt behind them that
// has a kept connection. Method: its result must be there when the fewest of the others have been connected. The
// threads of this test may be late, so it has a few tries.
TEST(Isolation, HangingReceiversDoNotHoldUpTheInbox) {
  constexpr int kHanging = 300;
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  TestServer good(always(response_text(200)));
  TestClient client;
  const auto dead = webhook_to(hanging.url(), milliseconds(1000));
  const auto healthy = webhook_to(good.url());
  client.send(dead);  // from now on it is known to be unresponsive
  int fewest = kHanging;
  for (int round = 0; round < 10 && fewest >= kHanging / 2; ++round) {
    client.send(healthy);
    const int before = hanging.connections();
    for (int i = 0; i < kHanging; ++i) client.start(dead);
    ASSERT_EQ(client.send(healthy).attempt.http_status, 200);
    fewest = std::min(fewest, hanging.connections() - before);
    client.next(kHanging);
  }
  RecordProperty("connected_before", fewest);
  EXPECT_LT(fewest, kHanging / 2);
}

}  // namespace
}  // namespace limehook::http_client::testing
