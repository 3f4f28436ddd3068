#pragma once
// A bulk redelivery that runs in the background (spec, section 5: recover).

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "model/delivery.hpp"
#include "model/event.hpp"

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
  WallTime since{};  // the epoch: everything that is kept
  WallTime until{};
  // Filters; every one that is set must hold.
  EventTypeSet events = kAllEventTypes;
  std::string term;                       // exact number, call id or message id, as in the log; empty: any
  int http_status = 0;                    // of the last attempt; 0: any
  std::optional<AttemptOutcome> outcome;  // likewise; nothing: any
  bool skipped = false;                   // also those that somebody skipped
  std::int64_t position = 0;  // everything up to this delivery id (Failed) or event id (Missing) has been seen
  std::int64_t examined = 0;
  std::int64_t redelivered = 0;
  WallTime created_at{};
  WallTime updated_at{};

  bool takes(EndReason reason) const { return skipped || reason != EndReason::Skipped; }
  bool takes(EventType type) const { return events.test(static_cast<std::size_t>(type)); }
  // Does a delivery with this many attempts, the last of which ended so, pass the filters of the last attempt?
  bool takes(int attempts, int last_http_status, AttemptOutcome last_outcome) const {
    const bool unfiltered = http_status == 0 && !outcome;
    const bool ended = attempts > 0 || last_outcome == AttemptOutcome::HeldBack;
    return unfiltered ||
           (ended && (http_status == 0 || http_status == last_http_status) && (!outcome || *outcome == last_outcome));
  }
};

}  // namespace limehook
