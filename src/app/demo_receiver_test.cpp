#include "app/demo_receiver.hpp"

#include <gtest/gtest.h>

#include "signing/signing.hpp"

namespace limehook::app {
namespace {

const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
const WallTime kNow = parse_rfc3339("2025-01-30T15:00:00Z").value();

ReceivedRequest signed_request(const std::string& id, int attempt, const std::string& secret = kSecret) {
  ReceivedRequest request{"POST", "/crm", {}, R"({"event":"missed_call"})"};
  const auto timestamp = to_us(kNow) / 1'000'000;
  signing::Signer signer({.secret = secret});
  const auto headers = signing::headers_of(signer.sign(id, timestamp, request.body));
  request.headers = {{"webhook-id", id},
                     {"Webhook-Timestamp", std::to_string(timestamp)},
                     {"webhook-signature", headers.webhook_signature},
                     {"x-limecall-signature", headers.limecall},
                     {"X-LimeCall-Attempt", std::to_string(attempt)}};
  return request;
}

TEST(DemoReceiver, RefusesWhatIsNotGenuine) {
  DemoReceiver receiver{Prng(1)};
  EXPECT_EQ(receiver.handle(signed_request("dlv_1", 3), kNow).status, 503) << "no secret is known yet";
  receiver.set_secret("/crm", kSecret);
  EXPECT_EQ(receiver.handle(signed_request("dlv_1", 3), kNow).status, 200);
  EXPECT_EQ(receiver.handle(signed_request("dlv_1", 3, signing::generate_secret()), kNow).status, 401);
  auto changed = signed_request("dlv_1", 3);
  changed.body += " ";
  EXPECT_EQ(receiver.handle(changed, kNow).status, 401);
  EXPECT_EQ(receiver.handle(signed_request("dlv_1", 3), kNow + std::chrono::minutes(6)).status, 401);
  EXPECT_EQ(receiver.counts().refused, 3U);
}

TEST(DemoReceiver, CountsRepetitions) {
  DemoReceiver receiver{Prng(1)};
  receiver.set_secret("/crm", kSecret);
  for (const auto* id : {"dlv_1", "dlv_2", "dlv_1"}) receiver.handle(signed_request(id, 3), kNow);
  EXPECT_EQ(receiver.counts().acknowledged, 3U);
  EXPECT_EQ(receiver.counts().repeated, 1U);
}

// Goal: retries show, and everything is delivered in the end. Method: many requests of each attempt number.
TEST(DemoReceiver, FirstAttemptsFailNowAndThenThirdOnesNever) {
  DemoReceiver receiver{Prng(1)};
  receiver.set_secret("/crm", kSecret);
  const auto count = [&](int attempt, auto matches) {
    int matching = 0;
    for (int i = 0; i < 1000; ++i) matching += matches(receiver.handle(signed_request("dlv_1", attempt), kNow));
    return matching;
  };
  const auto fails = [](const ReceiverReply& r) { return r.kind != ReceiverReply::Kind::Answer || r.status != 200; };
  EXPECT_NEAR(count(1, fails), 100, 40);
  EXPECT_GT(count(1, [](const ReceiverReply& r) { return r.kind == ReceiverReply::Kind::Hang; }), 0);
  EXPECT_GT(count(1, [](const ReceiverReply& r) { return r.kind == ReceiverReply::Kind::Reset; }), 0);
  EXPECT_GT(count(2, fails), 0);
  EXPECT_EQ(count(3, fails), 0);
  receiver.stop_failing();
  EXPECT_EQ(count(1, fails), 0);
}

}  // namespace
}  // namespace limehook::app
