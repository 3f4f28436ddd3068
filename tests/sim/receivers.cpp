#include "sim/receivers.hpp"

#include "base/limits.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;

Receivers::Receivers(Prng prng, Marks& marks) : prng_(prng), marks_(marks) {
  for (auto i = 0; i <= static_cast<int>(Failure::OurOwn); ++i) {
    if (prng_.chance(0.7)) failures_.push_back(static_cast<Failure>(i));
  }
  if (failures_.empty()) failures_.push_back(Failure::Status);
}

Receivers::Temper Receivers::temper_of(WebhookId webhook) {
  const auto [at, added] = tempers_.try_emplace(webhook);
  if (added) {
    at->second = pick(prng_, {Temper::Healthy, Temper::Healthy, Temper::Flaky, Temper::Flaky, Temper::Slow,
                              Temper::Dead, Temper::Hanging, Temper::Leaving});
  }
  return at->second;
}

Exchange Receivers::answer(const delivery::StartAttempt& started, WallTime now) {
  Exchange exchange;
  exchange.attempt = {.number = started.number,
                      .started_at = now,
                      .duration = between(prng_, 1ms, 300ms),
                      .http_status = pick(prng_, {200, 200, 200, 201, 202, 204, 299}),
                      .webhook_version = started.webhook->version,
                      .fallback = started.fallback};
  exchange.processed_after = exchange.attempt.duration / 2;
  if (healed_) return exchange;
  if (prng_.chance(0.02)) {
    exchange.attempt.response_body.assign(limits::kResponseBodyBytesMax, '.');
    exchange.attempt.response_body_cut = true;
    marks_.hit("large answer");
  }
  const Temper temper = temper_of(started.webhook->id);
  if (temper == Temper::Slow) exchange.attempt.duration = between(prng_, 1s, started.webhook->timeout);
  if (temper == Temper::Leaving && prng_.chance(0.2)) {
    exchange.attempt.http_status = 410;
    marks_.hit("gone");
    return exchange;
  }
  if (temper == Temper::Hanging) {
    exchange.attempt.outcome = AttemptOutcome::Timeout;
    exchange.attempt.http_status = 0;
    exchange.attempt.duration = started.webhook->timeout;
    exchange.processed_after.reset();
    return exchange;
  }
  const double failing = temper == Temper::Dead ? 1 : temper == Temper::Flaky ? 0.5 : 0.05;
  return prng_.chance(failing) ? fail(std::move(exchange), *started.webhook) : exchange;
}

void Receivers::throttle(Exchange& exchange, Failure failure) {
  exchange.attempt.http_status = pick(prng_, {429, 503});
  if (failure == Failure::ThrottlesSilently) return;
  const bool absurd = failure == Failure::ThrottlesAbsurdly;
  marks_.hit(absurd ? "absurd retry after" : "retry after");
  exchange.retry_after = absurd ? pick<Duration>(prng_, {0s, 24h * 3650}) : between(prng_, 1s, 1h);
}

Exchange Receivers::fail(Exchange exchange, const Webhook& webhook) {
  Attempt& attempt = exchange.attempt;
  const auto breaks = [&](AttemptOutcome outcome) {
    attempt.outcome = outcome;
    attempt.http_status = 0;
    marks_.hit(name_of(outcome));
  };
  const Failure failure = failures_[prng_.below(failures_.size())];
  bool processed = true;
  switch (failure) {
    case Failure::Status:
      attempt.http_status = pick(prng_, {100, 300, 302, 308, 400, 401, 404, 413, 422, 500, 502, 504, 599});
      if (prng_.chance(0.2)) exchange.retry_after = 1h;  // means nothing with these
      break;
    case Failure::Throttles:
    case Failure::ThrottlesAbsurdly:
    case Failure::ThrottlesSilently:
      throttle(exchange, failure);
      processed = false;
      break;
    case Failure::LosesAnswer:  // nobody will know that it was processed
      breaks(AttemptOutcome::ConnectionLost);
      marks_.hit("reset after processing");
      break;
    case Failure::LosesRequest:
      breaks(AttemptOutcome::ConnectionLost);
      processed = false;
      break;
    case Failure::HangsAfterProcessing:
    case Failure::Hangs:
      breaks(AttemptOutcome::Timeout);
      attempt.duration = webhook.timeout;
      processed = failure == Failure::HangsAfterProcessing;
      break;
    case Failure::Babbles:
      breaks(AttemptOutcome::BadResponse);
      break;
    case Failure::Unreachable:
      breaks(pick(prng_, {AttemptOutcome::NameNotResolved, AttemptOutcome::AddressRefused,
                          AttemptOutcome::ConnectFailed, AttemptOutcome::TlsFailed, AttemptOutcome::OauthFailed}));
      processed = false;
      break;
    case Failure::OurOwn:
      breaks(AttemptOutcome::Internal);
      processed = false;
      break;
  }
  if (!processed) exchange.processed_after.reset();
  return exchange;
}

void Receivers::process(DeliveryId webhook_id, const std::string& body) {
  const auto [at, added] = ledger_.try_emplace(webhook_id, body);
  check(added || at->second == body, Promise::Body, "a receiver got two bodies with one webhook-id", webhook_id.value);
  if (!added) marks_.hit("received twice");
}

}  // namespace limehook::sim
