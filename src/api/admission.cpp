// What is judged by a request's head, before its body is read: whether there is such a route for this caller, and
// whether the caller has made too many requests, and whether its body comes in a coding that is taken.

#include <spdlog/spdlog.h>

#include "api/api.hpp"
#include "api/coded_body.hpp"
#include "http_server/client_address.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

Response too_many(std::string_view detail, Duration wait) {
  Response response = problem(429, detail);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
  return response;
}

// It has no id, and is the only one that somebody has chosen, and others might guess.
bool is_configured_key(const Principal& principal) { return principal.kind == ActorKind::Key && principal.id.empty(); }

std::string_view requests_account(const Principal& principal) {
  if (!principal.account.empty()) return principal.account;
  return principal.id.empty() ? principal.name : principal.id;
}

}  // namespace

std::optional<Response> Api::admit(const Request& head) {
  if (pages_.has(head)) return std::nullopt;
  Call call{head, {}, {}, {}, {}, cursors_};
  std::optional<Response> refusal;
  try {
    const Route& route = find_route(call);
    refusal = rate_refusal(call, route);
    if (!refusal && route.handler != &Api::receive_test) refusal = coding_refusal(head);
  } catch (Fault& fault) {
    refusal =
        fault.response.status == 401 ? unknown_caller(head, std::move(fault.response)) : std::move(fault.response);
  } catch (const std::exception& error) {
    spdlog::error("A request failed: {}", error.what());
    refusal = problem(500, "Something went wrong in the server.");
  }
  if (refusal) metrics_.responses[static_cast<std::size_t>(refusal->status / 100)]->Increment();
  return refusal;
}

std::optional<Response> Api::rate_refusal(const Call& call, const Route& route) {
  const auto now = runtime::now().mono;
  const auto& principal = call.principal;
  std::optional<Duration> wait;
  if (is_configured_key(principal) &&
      unknown_callers_.exhausted(http_server::address_block(call.request.client_address), now)) {
    wait = std::chrono::seconds(1);
  } else if (request_rate_ && principal.kind != ActorKind::Nobody) {
    wait = request_rate_->count(requests_account(principal), now);
  } else if (request_rate_ &&
             route.pattern.starts_with("/v1/")) {  // health and metrics are for those who look after it
    wait = request_rate_->count(http_server::address_block(call.request.client_address), now);
  }
  if (!wait) return std::nullopt;
  metrics_.refused[telemetry::kRefusedByRate]->Increment();
  return too_many("There were too many requests. Wait before the next one.", *wait);
}

Response Api::unknown_caller(const Request& head, Response refusal) {
  const auto wait = unknown_callers_.count(http_server::address_block(head.client_address), runtime::now().mono);
  if (!wait) return refusal;
  metrics_.refused[telemetry::kRefusedByRate]->Increment();
  return too_many("There were too many requests with unknown keys. Wait before the next one.", *wait);
}

std::string Api::payer_of(const Request& head) const {
  const auto found = identify(head, auth_, engine_.directory(), runtime::now().wall);
  if (!found) return "address " + http_server::address_block(head.client_address);
  return found->limited() ? "team " + found->team_id : found->id.empty() ? found->name : found->id;
}

}  // namespace limehook::api
