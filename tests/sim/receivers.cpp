#include "sim/receivers.hpp"

namespace limehook::sim {

using namespace std::chrono_literals;

Receivers::Temper Receivers::temper_of(WebhookId webhook) {
  const auto [at, added] = tempers_.try_emplace(webhook);
  if (added)
    at->second =
        pick(prng_, {Temper::Healthy, Temper::Flaky, Temper::Flaky, Temper::Slow, Temper::Dead, Temper::Leaving});
  return at->second;
}

Exchange Receivers::answer(const delivery::StartAttempt& started, WallTime now) {
  Exchange exchange;
  exchange.attempt = {.number = started.number,
                      .started_at = now,
                      .duration = between(prng_, 1ms, 300ms),
                      .http_status = 200,
                      .webhook_version = started.webhook->version};
  exchange.processed_after = exchange.attempt.duration / 2;
  if (healed_) return exchange;
  const Temper temper = temper_of(started.webhook->id);
  if (temper == Temper::Slow) exchange.attempt.duration = between(prng_, 1s, started.webhook->timeout);
  if (temper == Temper::Leaving && prng_.chance(0.2)) {
    exchange.attempt.http_status = 410;
    return exchange;
  }
  const double failing = temper == Temper::Dead ? 1 : temper == Temper::Flaky ? 0.5 : 0.05;
  return prng_.chance(failing) ? fail(std::move(exchange), *started.webhook) : exchange;
}

Exchange Receivers::fail(Exchange exchange, const Webhook& webhook) {
  Attempt& attempt = exchange.attempt;
  const auto breaks = [&](AttemptOutcome outcome) {
    attempt.outcome = outcome;
    attempt.http_status = 0;
  };
  switch (prng_.below(7)) {
    case 0:
      attempt.http_status = pick(prng_, {302, 400, 404, 500, 502});
      if (prng_.chance(0.2)) exchange.retry_after = 1h;  // means nothing with these
      break;
    case 1:
      attempt.http_status = pick(prng_, {429, 503});
      exchange.retry_after = between(prng_, 1s, 1h);
      marks_.hit("retry after");
      break;
    case 2:
      attempt.http_status = pick(prng_, {429, 503});
      exchange.retry_after = pick<Duration>(prng_, {0s, 24h * 3650});
      marks_.hit("absurd retry after");
      break;
    case 3:  // the request was processed, and nobody will know
      breaks(AttemptOutcome::ConnectionLost);
      marks_.hit("reset after processing");
      return exchange;
    case 4:
      breaks(AttemptOutcome::Timeout);
      attempt.duration = webhook.timeout;
      return exchange;
    case 5:
      breaks(AttemptOutcome::Timeout);
      attempt.duration = webhook.timeout;
      break;
    default:
      breaks(AttemptOutcome::ConnectFailed);
  }
  exchange.processed_after.reset();
  return exchange;
}

void Receivers::process(DeliveryId webhook_id, const std::string& body) {
  const auto [at, added] = ledger_.try_emplace(webhook_id, body);
  if (!added && at->second != body) throw Violation("a receiver got two bodies with one webhook-id");
  if (!added) marks_.hit("received twice");
}

}  // namespace limehook::sim
