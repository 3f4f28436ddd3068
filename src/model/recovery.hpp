#pragma once
// A bulk redelivery that runs in the background (spec, section 5: recover).

#include <cstdint>
#include <string>

#include "base/ids.hpp"

namespace limehook {

struct Recovery {
  enum class Kind : std::uint8_t {
    Failed = 0,   // deliveries that failed or were canceled
    Missing = 1,  // the same canceled ones, and events that match now but never had a delivery to this webhook
  };
  enum class State : std::uint8_t { Running = 0, Done = 1, Canceled = 2 };

  RecoveryId id;
  WebhookId webhook;
  Kind kind{};
  State state{};
  WallTime since{};
  WallTime until{};
  std::int64_t position = 0;  // everything up to this delivery id (Failed) or event id (Missing) has been seen
  std::int64_t examined = 0;
  std::int64_t redelivered = 0;
  WallTime created_at{};
  WallTime updated_at{};
};

}  // namespace limehook
