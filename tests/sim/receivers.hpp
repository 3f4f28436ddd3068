#pragma once
// The systems of the customers. Each webhook's receiver has a temper of its own, drawn when it is first called, and all
// that receivers have processed goes into one ledger. A seed leaves out some ways to fail.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "delivery/messages.hpp"
#include "sim/promises.hpp"
#include "sim/world.hpp"

namespace limehook::sim {

// What one attempt will come to, drawn when it starts.
struct Exchange {
  Attempt attempt;
  std::optional<Duration> retry_after;
  std::optional<Duration> processed_after;  // nothing: the receiver never saw it
};

class Receivers {
 public:
  Receivers(Prng prng, Marks& marks);

  Exchange answer(const delivery::StartAttempt& started, WallTime now);
  // Enters the request into the ledger; throws Violation when an earlier one with this webhook-id had another body.
  void process(DeliveryId webhook_id, const std::string& body);
  bool processed(DeliveryId webhook_id) const { return ledger_.contains(webhook_id); }
  // From now on everybody answers 2xx at once.
  void heal() { healed_ = true; }

 private:
  enum class Temper : std::uint8_t { Healthy, Flaky, Slow, Dead, Hanging, Leaving };
  enum class Failure : std::uint8_t {
    Status,
    Throttles,
    ThrottlesAbsurdly,
    ThrottlesSilently,
    LosesAnswer,
    LosesRequest,
    HangsAfterProcessing,
    Hangs,
    Babbles,
    Unreachable,
    OurOwn,
  };
  Temper temper_of(WebhookId webhook);
  Exchange fail(Exchange exchange, const Webhook& webhook);
  void throttle(Exchange& exchange, Failure failure);

  Prng prng_;
  Marks& marks_;
  std::vector<Failure> failures_;  // those of this seed
  std::map<WebhookId, Temper> tempers_;
  std::map<DeliveryId, std::string> ledger_;
  bool healed_ = false;
};

}  // namespace limehook::sim
