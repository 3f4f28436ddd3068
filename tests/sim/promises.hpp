#pragma once
// What the product promises, as far as the core can keep or break it. Every check of a run names one of these, and for
// each one a mistake is planted (tamper.hpp), so that none is a promise which nothing watches.

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace limehook::sim {

enum class Promise : std::uint8_t {
  Kept,
  Durable,
  Answered,
  Ended,
  Final,
  OneAttempt,
  Logged,
  RetryTime,
  Schedule,
  Status,
  NoRepeat,
  Concurrency,
  Rate,
  Breaker,
  Memory,
  Quiet,
  Body,
  Address,
  Enabled,
  Loggable,
  Fallback,
  Idempotency,
  Order,
  ByHand,
  Recovery,
  Disabling,
  Catalog,
  Watch,
  Isolation,
  Restart,
  Health,
  Reason,
};

struct PromiseInfo {
  Promise promise;
  std::string_view name;
  std::string_view text;
};

inline constexpr std::array<PromiseInfo, 32> kPromises{{
    {Promise::Kept, "kept", "an accepted event stays, with one delivery for each webhook that takes it"},
    {Promise::Durable, "durable", "nobody hears of anything before it is stored"},
    {Promise::Answered, "answered", "a request has one answer, and what can be done is done"},
    {Promise::Ended, "ended", "every delivery and recovery ends, in the time that its waits and the limits need"},
    {Promise::Final, "final", "what has ended stays so until somebody asks for it again"},
    {Promise::OneAttempt, "one attempt", "a delivery has one attempt at a time"},
    {Promise::Logged, "logged", "attempts are numbered 1 to n, and none is missing from the log"},
    {Promise::RetryTime, "retry time", "a retry waits for its step and its Retry-After, whatever the wall clock does"},
    {Promise::Schedule, "schedule", "a delivery gets the attempts of its schedule"},
    {Promise::Status, "status", "a delivery's status follows from what its receiver answered"},
    {Promise::NoRepeat, "no repeat",
     "what was acknowledged is sent again only if the process died before it was stored"},
    {Promise::Concurrency, "concurrency", "the limits of the node and of the webhook hold"},
    {Promise::Rate, "rate", "a webhook's rate holds, and it rests when its receiver asks for it"},
    {Promise::Breaker, "breaker", "after failures in a row there is a pause, then one probe at a time"},
    {Promise::Memory, "memory", "bodies, deliveries and unwritten work in memory keep within their limits"},
    {Promise::Quiet, "quiet", "where nothing is to be done nothing is: no timer, no reading in vain, a drain ends"},
    {Promise::Body, "body", "each attempt carries the bytes that were accepted"},
    {Promise::Address, "address", "an attempt goes to its webhook as it was saved last, and never to another team's"},
    {Promise::Enabled, "enabled", "nothing is sent to a webhook that is disabled, only polled or deleted"},
    {Promise::Loggable, "loggable", "no attempt begins that could not be logged"},
    {Promise::Fallback, "fallback", "the fallback URL comes after the schedule, and only then"},
    {Promise::Idempotency, "idempotency", "one key makes one event within its window, and answers it"},
    {Promise::Order, "order", "an ordered webhook gets what was accepted first"},
    {Promise::ByHand, "by hand", "a retry that was confirmed is made"},
    {Promise::Recovery, "recovery", "a recovery that is done has reached all that it was for"},
    {Promise::Disabling, "disabling", "a webhook is disabled for 410 or for failing long enough, and only then"},
    {Promise::Catalog, "catalog", "webhooks are stored in the order of their changes, and shown as they are stored"},
    {Promise::Watch, "watch", "who waits for a webhook's events is told of the next one, once"},
    {Promise::Isolation, "isolation", "a webhook that works is not held up by others"},
    {Promise::Restart, "restart", "what is rebuilt from the store is what was in memory"},
    {Promise::Health, "health", "how a webhook fares, its breaker included, is what it was before a restart"},
    {Promise::Reason, "reason", "what failed or was canceled says why, and who skipped it"},
}};
constexpr const PromiseInfo& info_of(Promise promise) { return kPromises[static_cast<std::size_t>(promise)]; }
static_assert([] {
  for (std::size_t i = 0; i < kPromises.size(); ++i) {
    if (kPromises[i].promise != static_cast<Promise>(i)) return false;
  }
  return true;
}());

// A promise that the run broke.
struct Violation : std::runtime_error {
  Violation(Promise broken, const std::string& what)
      : std::runtime_error(std::string(info_of(broken).name) + ": " + what), promise(broken) {}
  Promise promise;
};

// `id`: of the delivery, event or webhook that it is about; 0: none.
inline void check(bool holds, Promise promise, std::string_view what, std::int64_t id = 0) {
  if (holds) return;
  throw Violation(promise, std::string(what) + (id ? " (" + std::to_string(id) + ")" : ""));
}

}  // namespace limehook::sim
