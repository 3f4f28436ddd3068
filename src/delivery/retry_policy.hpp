#pragma once
// What becomes of a delivery after an attempt (spec, section 4). Pure decisions.

#include <optional>
#include <span>

#include "model/delivery.hpp"

namespace limehook::delivery {

enum class Verdict : std::uint8_t {
  Delivered,
  Retry,      // again after `delay`
  Exhausted,  // the schedule has no further step
  Gone,       // 410: the receiver wants nothing more, so the webhook is disabled
};

struct Decision {
  Verdict verdict{};
  Duration delay{};  // counted from the end of the attempt
};

// `steps_used`: retries already made in this walk through the schedule. A 429 or 503 may ask to wait longer than the
// schedule does, up to limits::kRetryAfterMax; it never shortens a step.
Decision decide(const Attempt& attempt, int steps_used, std::span<const Duration> schedule,
                std::optional<Duration> retry_after);

}  // namespace limehook::delivery
