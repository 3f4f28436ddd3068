// OAuth tokens of webhooks (RFC 6749 section 4.4): asked for when needed, by exchanges like those of attempts, and kept
// as long as they may be used.

#include <fmt/format.h>

#include "http_client/clocks.hpp"
#include "http_client/masking.hpp"
#include "http_client/oauth.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {

// Goes on with the attempt when there is a token, which may be now.
void Worker::await_token(Exchange& exchange) {
  TokenSource& source = *exchange.token_source;
  const auto now = monotonic_now();
  if (source.token && now < source.usable_until) return begin_with_token(exchange);
  exchange.phase = Exchange::Phase::AwaitingToken;
  schedule(exchange, exchange.deadline, now);
  source.waiters.push_back(exchange);
  if (!source.fetching) fetch_token(exchange.token_source, exchange.request.webhook);
}

void Worker::begin_with_token(Exchange& exchange) {
  exchange.access_token = exchange.token_source->token;
  // It could be made when the attempt was taken up, and mostly is still there.
  const auto plan = plan_for(exchange.request.webhook);
  if (!plan) return finish(exchange, AttemptOutcome::Internal, "the webhook's URL cannot be used: " + plan.error());
  begin(exchange, **plan);
}

// `webhook` lends its time limit.
void Worker::fetch_token(const std::shared_ptr<TokenSource>& source, const WebhookPtr& webhook) {
  source->fetching = true;
  Exchange& exchange = new_exchange(
      {.webhook = webhook, .body = std::make_shared<const std::string>(token_request_body(source->settings))});
  exchange.token_source = source;
  exchange.fetches_token = true;
  const auto route = route_to(source->settings.token_url);
  if (!route) return finish(exchange, AttemptOutcome::Internal, "the URL cannot be used: " + route.error());
  exchange.origin = route->origin;
  exchange.pool = source->pool;
  write_token_request_head(exchange.head, target_of(*route), options_.version, source->settings,
                           exchange.request.body->size());
  send(exchange);
}

// What the end of an exchange means for tokens. Answers the source whose request has ended, if it was one.
std::shared_ptr<TokenSource> Worker::finish_with_token(Exchange& exchange, const Attempt& attempt) {
  const auto source = std::move(exchange.token_source);
  const auto used = std::move(exchange.access_token);
  if (exchange.fetches_token) return source;
  const bool refused = attempt.outcome == AttemptOutcome::Response && attempt.http_status == 401;
  if (refused && used && source->token == used) source->token.reset();
  return nullptr;
}

void Worker::on_token_answer(TokenSource& source, const Attempt& answer) {
  source.fetching = false;
  std::string error = answer.error;
  if (answer.outcome == AttemptOutcome::Response) {
    auto token = answer.response_body_cut
                     ? std::unexpected<std::string>("its answer is too long")
                     : read_token_response(answer.http_status, answer.response_body, source.settings);
    if (token) error.clear();
    else if (error.empty()) error = std::move(token.error());
    if (token) {
      source.token = std::make_shared<const std::string>(std::move(token->text));
      source.usable_until = monotonic_now() + token->lifetime;
    }
  }
  // Only those who wait now: what becomes of them may make others wait.
  ExchangeWaitList served;
  served.swap(source.waiters);
  while (!served.empty()) {
    Exchange& exchange = served.front();
    served.pop_front();
    if (error.empty()) begin_with_token(exchange);
    else finish(exchange, AttemptOutcome::OauthFailed, no_token(source, error));
  }
}

std::string Worker::no_token(const TokenSource& source, std::string_view why) {
  return fmt::format("no OAuth token from {}: {}", origin_text(source.settings.token_url), why);
}

}  // namespace limehook::http_client
