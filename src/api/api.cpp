#include "api/api.hpp"

#include <spdlog/spdlog.h>
#include <boost/url/parse_query.hpp>

#include "signing/signing.hpp"

namespace limehook::api {
namespace {

// Does `path` fit `pattern`? Puts the step at "{id}" into `id`.
bool fits(std::string_view pattern, std::string_view path, std::string& id) {
  while (true) {
    const auto pattern_step = pattern.substr(0, pattern.find('/'));
    const auto path_step = path.substr(0, path.find('/'));
    if (pattern_step == "{id}") {
      if (path_step.empty()) return false;
      id = path_step;
    } else if (pattern_step != path_step) {
      return false;
    }
    const bool pattern_ends = pattern_step.size() == pattern.size();
    const bool path_ends = path_step.size() == path.size();
    if (pattern_ends || path_ends) return pattern_ends && path_ends;
    pattern.remove_prefix(pattern_step.size() + 1);
    path.remove_prefix(path_step.size() + 1);
  }
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (text.empty()) return parameters;  // Boost.URL 1.81 reads a null pointer here
  const auto parsed = boost::urls::parse_query({text.data(), text.size()});
  if (!parsed) throw Fault{problem(400, "The query is not valid.")};
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  for (const auto& parameter : *parsed) {
    if (parameter.key.empty() && !parameter.has_value) continue;
    parameters.emplace_back(parameter.key.decode(options), parameter.value.decode(options));
  }
  return parameters;
}

}  // namespace

std::span<const Api::Route> Api::routes() {
  static constexpr unsigned kLook = kAdmin | kManage | kRead;
  static constexpr unsigned kChange = kAdmin | kManage;
  static constexpr Route kRoutes[] = {
      {"POST", "/v1/events", kAdmin | kManage | kIngest, &Api::post_event},
      {"POST", "/v1/events/batch", kAdmin | kManage | kIngest, &Api::post_batch},
      {"GET", "/v1/events", kLook, &Api::list_events},
      {"GET", "/v1/events/{id}", kLook, &Api::get_event},
      {"GET", "/v1/event-types", kLook | kIngest, &Api::list_event_types},
      {"GET", "/v1/webhooks", kLook, &Api::list_webhooks},
      {"POST", "/v1/webhooks", kChange, &Api::create_webhook},
      {"POST", "/v1/webhooks/preview", kLook, &Api::preview_payload},
      {"GET", "/v1/webhooks/{id}", kLook, &Api::get_webhook},
      {"PATCH", "/v1/webhooks/{id}", kChange, &Api::patch_webhook},
      {"DELETE", "/v1/webhooks/{id}", kChange, &Api::delete_webhook},
      {"POST", "/v1/webhooks/{id}/enable", kChange, &Api::enable_webhook},
      {"POST", "/v1/webhooks/{id}/disable", kChange, &Api::disable_webhook},
      {"POST", "/v1/webhooks/{id}/test", kChange, &Api::test_webhook},
      {"POST", "/v1/webhooks/{id}/preview", kLook, &Api::preview_webhook},
      {"GET", "/v1/webhooks/{id}/secret", kChange, &Api::get_secret},
      {"GET", "/v1/webhooks/{id}/public-key", 0, &Api::get_public_key},
      {"POST", "/v1/webhooks/{id}/rotate-secret", kChange, &Api::rotate_secret},
      {"GET", "/v1/webhooks/{id}/deliveries", kLook, &Api::list_webhook_deliveries},
      {"GET", "/v1/webhooks/{id}/events", kLook, &Api::poll_events},
      {"POST", "/v1/webhooks/{id}/recover", kChange, &Api::start_recovery},
      {"GET", "/v1/webhooks/{id}/recoveries", kLook, &Api::list_recoveries},
      {"GET", "/v1/webhooks/{id}/stats", kLook, &Api::get_webhook_stats},
      {"GET", "/v1/deliveries", kLook, &Api::list_deliveries},
      {"GET", "/v1/deliveries/{id}", kLook, &Api::get_delivery},
      {"POST", "/v1/deliveries/{id}/retry", kChange, &Api::retry_delivery},
      {"POST", "/v1/deliveries/{id}/skip", kChange, &Api::skip_delivery},
      {"GET", "/v1/recoveries/{id}", kLook, &Api::get_recovery},
      {"POST", "/v1/recoveries/{id}/cancel", kChange, &Api::cancel_recovery},
      {"GET", "/v1/stats", kLook, &Api::get_stats},
      {"GET", "/v1/numbers", kLook, &Api::list_numbers},
      {"POST", "/v1/numbers", kChange, &Api::create_number},
      {"GET", "/v1/numbers/{id}", kLook, &Api::get_number},
      {"PATCH", "/v1/numbers/{id}", kChange, &Api::patch_number},
      {"DELETE", "/v1/numbers/{id}", kChange, &Api::delete_number},
      {"GET", "/v1/keys", kAdmin, &Api::list_keys},
      {"POST", "/v1/keys", kAdmin, &Api::create_key},
      {"DELETE", "/v1/keys/{id}", kAdmin, &Api::delete_key},
      {"GET", "/healthz", 0, &Api::get_health},
      {"GET", "/readyz", 0, &Api::get_readiness},
      {"GET", "/metrics", 0, &Api::get_metrics},
      {"GET", "/openapi.json", 0, &Api::get_openapi},
  };
  return kRoutes;
}

Api::Api(runtime::Engine& engine, telemetry::Metrics& metrics, ApiOptions options)
    : engine_(engine),
      metrics_(metrics),
      options_(std::move(options)),
      admin_hash_(signing::sha256(options_.admin_key)) {}

std::size_t Api::body_bytes_max(std::string_view, std::string_view path) {
  if (path == "/v1/events/batch") return limits::kBatchBytesMax;
  return path == "/v1/events" ? limits::kEventBytesMax : limits::kWebhookBodyBytesMax;
}

asio::awaitable<Response> Api::handle(const Request& request) {
  Response response;
  try {
    response = co_await dispatch(request);
  } catch (Fault& fault) {
    response = std::move(fault.response);
  } catch (const store::StoreError& error) {
    spdlog::error("A read from the store failed: {}", error.what());
    response = problem(500, "The store could not be read.");
  } catch (const std::exception& error) {
    spdlog::error("A request failed: {}", error.what());
    response = problem(500, "Something went wrong in the server.");
  }
  metrics_.responses[static_cast<std::size_t>(response.status / 100)]->Increment();
  co_return response;
}

Principal Api::authenticate(const Request& request) const {
  const auto key = bearer(request.header("authorization"));
  const auto principal = key ? find_principal(*key, admin_hash_, engine_.keys()) : std::nullopt;
  if (principal) return *principal;
  Response response = problem(401, key ? "This key is not known." : "A key is needed: Authorization: Bearer lh_…");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  throw Fault{std::move(response)};
}

const Api::Route& Api::find_route(Call& call) const {
  const Request& request = call.request;
  std::string allowed;
  for (const Route& route : routes()) {
    if (!fits(route.pattern, request.path(), call.id)) continue;
    const bool same = route.method == request.method || (route.method == "GET" && request.method == "HEAD");
    if (!same) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    if (route.roles == 0) return route;
    call.principal = authenticate(request);
    if (call.principal.in(route.roles)) return route;
    throw Fault{problem(403, "A key with the role " + std::string(name_of(call.principal.role)) + " may not do this.")};
  }
  if (allowed.empty()) throw Fault{problem(404, "There is nothing at this path. See /openapi.json.")};
  Response response = problem(405, "This path takes " + allowed + ".");
  response.headers.emplace_back("Allow", allowed);
  throw Fault{std::move(response)};
}

std::optional<Response> Api::admit(const Request& head) const {
  Call call{head, {}, {}, {}};
  try {
    find_route(call);
    return std::nullopt;
  } catch (Fault& fault) {
    metrics_.responses[static_cast<std::size_t>(fault.response.status / 100)]->Increment();
    return std::move(fault.response);
  }
}

asio::awaitable<Response> Api::dispatch(const Request& request) {
  Call call{request, {}, {}, {}};
  const Route& route = find_route(call);
  call.query = parse_query(request.query());
  co_return co_await (this->*route.handler)(call);
}

bool Api::sees_webhook(const Principal& principal, WebhookId id) const {
  const auto team = engine_.team_of(id);
  return team && principal.sees_team(*team);
}

WebhookPtr Api::visible_webhook(const Call& call) const {
  const auto webhook = engine_.find_webhook(path_id<WebhookId>(call, "webhook"));
  if (!webhook || !call.principal.sees_team(webhook->team_id)) throw Fault{not_found("webhook")};
  return webhook;
}

}  // namespace limehook::api
