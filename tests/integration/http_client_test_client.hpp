#pragma once
// A sender for tests, and a way to wait for its results.

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "http_client/http_sender.hpp"

namespace limehook::http_client::testing {

inline constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
inline constexpr const char* kBody = R"({"event":"missed_call","call_id":"123456"})";

// Hosts that lead to this machine or to private networks, in spellings that resolvers and proxies understand.
inline constexpr const char* kPrivateHosts[] = {"127.0.0.1",
                                                "10.0.0.1",
                                                "169.254.169.254",
                                                "2130706433",
                                                "0x7f.1",
                                                "0x7f000001",
                                                "0177.0.0.1",
                                                "127.1",
                                                "0",
                                                "0x",
                                                "localhost",
                                                "LOCALHOST",
                                                "localhost.",
                                                "a.localhost",
                                                "[::1]",
                                                "[::]",
                                                "[fe80::1]",
                                                "[fd00::1]",
                                                "[::ffff:127.0.0.1]",
                                                "[::ffff:7f00:1]",
                                                "[64:ff9b::7f00:1]",
                                                "[2002:7f00:1::]"};

// One thread, loopback allowed.
SenderOptions test_options();
// A webhook to `url`; change the answer and hand it over.
std::shared_ptr<Webhook> webhook_to(std::string url, Duration timeout = std::chrono::seconds(20));

class TestClient {
 public:
  explicit TestClient(SenderOptions options = test_options());

  // Starts an attempt of a new delivery; answers its id.
  DeliveryId start(WebhookPtr webhook, std::string body = kBody);
  // Waits for the next result.
  AttemptResult next();
  AttemptResult send(WebhookPtr webhook, std::string body = kBody);
  // By one webhook for each URL.
  AttemptResult send(const std::string& url);
  // Waits until `count` more results are there.
  std::vector<AttemptResult> next(std::size_t count);
  std::size_t results_left();
  HttpSender& sender() { return *sender_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<AttemptResult> results_;
  std::int64_t last_delivery_ = 0;
  std::map<std::string, WebhookPtr> webhooks_;
  std::unique_ptr<HttpSender> sender_;
};

}  // namespace limehook::http_client::testing
