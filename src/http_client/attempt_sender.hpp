#pragma once
// The sending port: makes one HTTP request per attempt and says what came of it. The request may be repeated once when
// a kept connection turned out to be stale; see HttpSender::start().

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/delivery.hpp"
#include "model/webhook.hpp"

namespace limehook::http_client {

struct AttemptRequest {
  DeliveryId delivery;
  int number = 0;
  EventType type{};
  bool test = false;
  bool fallback = false;  // to the webhook's fallback URL
  BodyType body_type{};
  WebhookPtr webhook;                       // the version to use; immutable
  std::shared_ptr<const std::string> body;  // sent byte for byte
};

struct AttemptResult {
  DeliveryId delivery;
  Attempt attempt;
  std::optional<Duration> retry_after;  // what a 429 or 503 asked for, not yet capped
};

class AttemptSender {
 public:
  virtual ~AttemptSender() = default;
  // Starts one attempt; `done` (given to the implementation once, at construction) is called exactly once for it,
  // on a thread of the sender. Callable from any thread. Never blocks.
  virtual void start(AttemptRequest request) = 0;
};

using AttemptDone = std::function<void(AttemptResult)>;

}  // namespace limehook::http_client
