#include "http_client_test_client.hpp"

namespace limehook::http_client::testing {

SenderOptions test_options() {
  SenderOptions options;
  options.version = "1.2.3";
  options.policy = AddressPolicy({*parse_network("127.0.0.0/8"), *parse_network("::1")});
  return options;
}

std::shared_ptr<Webhook> webhook_to(std::string url, Duration timeout) {
  static std::atomic<std::int64_t> last_id = 0;
  auto webhook = std::make_shared<Webhook>();
  webhook->id = WebhookId{++last_id};
  webhook->version = 7;
  webhook->url = std::move(url);
  webhook->secret = kSecret;
  webhook->token = "token-of-the-webhook";
  webhook->timeout = timeout;
  return webhook;
}

TestClient::TestClient(SenderOptions options) {
  sender_ = HttpSender::create(std::move(options), [this](AttemptResult result) {
              const std::lock_guard lock(mutex_);
              results_.push_back(std::move(result));
              changed_.notify_all();
            }).value();
}

DeliveryId TestClient::start(WebhookPtr webhook, std::string body) {
  const DeliveryId delivery{++last_delivery_};
  sender_->start({.delivery = delivery,
                  .number = 2,
                  .type = EventType::MissedCall,
                  .test = false,
                  .webhook = std::move(webhook),
                  .body = std::make_shared<const std::string>(std::move(body))});
  return delivery;
}

AttemptResult TestClient::next() { return std::move(next(1).front()); }

AttemptResult TestClient::send(WebhookPtr webhook, std::string body) {
  start(std::move(webhook), std::move(body));
  return next();
}

AttemptResult TestClient::send(const std::string& url) {
  WebhookPtr& webhook = webhooks_[url];
  if (!webhook) webhook = webhook_to(url);
  return send(webhook);
}

std::vector<AttemptResult> TestClient::next(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return results_.size() >= count; });
  const auto end = results_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<AttemptResult> taken(std::make_move_iterator(results_.begin()), std::make_move_iterator(end));
  results_.erase(results_.begin(), end);
  return taken;
}

std::size_t TestClient::results_left() {
  const std::lock_guard lock(mutex_);
  return results_.size();
}

}  // namespace limehook::http_client::testing
