#include "delivery/retry_policy.hpp"

#include <algorithm>

#include "base/limits.hpp"

namespace limehook::delivery {

Decision decide(const Attempt& attempt, int steps_used, std::span<const Duration> schedule,
                std::optional<Duration> retry_after) {
  if (attempt.acknowledged()) return {Verdict::Delivered};
  if (attempt.outcome == AttemptOutcome::Response && attempt.http_status == 410) return {Verdict::Gone};
  if (steps_used >= static_cast<int>(schedule.size())) return {Verdict::Exhausted};
  Duration delay = schedule[static_cast<std::size_t>(steps_used)];
  const bool may_ask = attempt.http_status == 429 || attempt.http_status == 503;
  if (may_ask && retry_after) delay = std::max(delay, std::min<Duration>(*retry_after, limits::kRetryAfterMax));
  return {Verdict::Retry, delay};
}

}  // namespace limehook::delivery
