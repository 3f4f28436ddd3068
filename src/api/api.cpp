#include "api/api.hpp"

#include <spdlog/spdlog.h>
#include <boost/url/pct_string_view.hpp>

#include "api/coded_body.hpp"
#include "api/render.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

// A step of a path as it was meant: callers may write any character as %XX, and some they must (RFC 3986, section 2.1).
std::string decoded_step(std::string_view step) {
  const auto text = boost::urls::make_pct_string_view({step.data(), step.size()});
  return text ? to_utf8(text->decode()) : std::string(step);
}

// Does `path` fit `pattern`? Puts the step at "{id}" into `id`.
bool fits(std::string_view pattern, std::string_view path, std::string& id) {
  while (true) {
    const auto pattern_step = pattern.substr(0, pattern.find('/'));
    const auto path_step = path.substr(0, path.find('/'));
    if (pattern_step == "{id}") {
      if (path_step.empty()) return false;
      id = decoded_step(path_step);
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

std::string refusal_of(const Principal& principal, unsigned who) {
  if ((who & kPeople) != 0) return "This is for people who are signed in.";
  if (principal.kind == ActorKind::Portal) return "This is not part of a team's portal.";
  if (!principal.role) return "You are not a member of any team.";
  return (principal.kind == ActorKind::Key ? "A key" : "Somebody") + std::string(" with the role ") +
         std::string(name_of(*principal.role)) + " may not do this.";
}

}  // namespace

std::span<const Api::Route> Api::routes() {
  using enum Other;
  static constexpr Route kRoutes[] = {
      {{"POST", "/v1/events", kSend, Refused}, &Api::post_event},
      {{"POST", "/v1/events/batch", kSend, Refused}, &Api::post_batch},
      {{"GET", "/v1/events", kLook, Filtered, "event since until q team_id limit cursor"}, &Api::list_events},
      {{"GET", "/v1/events/{id}", kLook | kPortal, NotFound}, &Api::get_event},
      {{"GET", "/v1/event-types", kLook | kIngest | kPortal, None}, &Api::list_event_types},
      {{"GET", "/v1/webhooks", kLook | kPortal, Filtered, "team_id health limit cursor"}, &Api::list_webhooks},
      {{"POST", "/v1/webhooks", kChange | kPortal, Refused}, &Api::create_webhook},
      {{"POST", "/v1/webhooks/preview", kLook | kPortal, None}, &Api::preview_payload},
      {{"GET", "/v1/webhooks/{id}", kLook | kPortal, NotFound}, &Api::get_webhook},
      {{"PATCH", "/v1/webhooks/{id}", kChange | kPortal, NotFound}, &Api::patch_webhook},
      {{"DELETE", "/v1/webhooks/{id}", kChange | kPortal, NotFound}, &Api::delete_webhook},
      {{"POST", "/v1/webhooks/{id}/enable", kChange | kPortal, NotFound}, &Api::enable_webhook},
      {{"POST", "/v1/webhooks/{id}/disable", kChange | kPortal, NotFound}, &Api::disable_webhook},
      {{"POST", "/v1/webhooks/{id}/test", kChange | kPortal, NotFound}, &Api::test_webhook},
      {{"POST", "/v1/webhooks/{id}/preview", kLook | kPortal, NotFound}, &Api::preview_webhook},
      {{"GET", "/v1/webhooks/{id}/secret", kChange | kPortal, NotFound}, &Api::get_secret},
      {{"GET", "/v1/webhooks/{id}/public-key", kOpen, None}, &Api::get_public_key},
      {{"POST", "/v1/webhooks/{id}/rotate-secret", kChange | kPortal, NotFound}, &Api::rotate_secret},
      {{"GET", "/v1/webhooks/{id}/deliveries", kLook | kPortal, NotFound, "status event since until q limit cursor"},
       &Api::list_webhook_deliveries},
      {{"GET", "/v1/webhooks/{id}/events", kLook | kPortal, NotFound, "after limit wait"}, &Api::poll_events},
      {{"POST", "/v1/webhooks/{id}/recover", kChange | kPortal, NotFound}, &Api::start_recovery},
      {{"GET", "/v1/webhooks/{id}/recoveries", kLook | kPortal, NotFound, "limit cursor"}, &Api::list_recoveries},
      {{"GET", "/v1/webhooks/{id}/stats", kLook | kPortal, NotFound, "since until"}, &Api::get_webhook_stats},
      {{"GET", "/v1/deliveries", kLook | kPortal, Filtered,
        "webhook_id status event since until q limit cursor team_id"},
       &Api::list_deliveries},
      {{"GET", "/v1/deliveries/{id}", kLook | kPortal, NotFound}, &Api::get_delivery},
      {{"POST", "/v1/deliveries/{id}/retry", kChange | kPortal, NotFound}, &Api::retry_delivery},
      {{"POST", "/v1/deliveries/{id}/skip", kChange | kPortal, NotFound}, &Api::skip_delivery},
      {{"GET", "/v1/recoveries/{id}", kLook | kPortal, NotFound}, &Api::get_recovery},
      {{"POST", "/v1/recoveries/{id}/cancel", kChange | kPortal, NotFound}, &Api::cancel_recovery},
      {{"GET", "/v1/stats", kLook | kPortal, Filtered, "since until team_id"}, &Api::get_stats},
      {{"GET", "/v1/updates", kLook | kPortal, Filtered}, &Api::get_updates},
      {{"GET", "/v1/test-receivers", kLook | kPortal, Filtered, "team_id limit cursor"}, &Api::list_test_receivers},
      {{"POST", "/v1/test-receivers", kChange | kPortal, Refused}, &Api::create_test_receiver},
      {{"GET", "/v1/test-receivers/{id}", kLook | kPortal, NotFound}, &Api::get_test_receiver},
      {{"PATCH", "/v1/test-receivers/{id}", kChange | kPortal, NotFound}, &Api::patch_test_receiver},
      {{"DELETE", "/v1/test-receivers/{id}", kChange | kPortal, NotFound}, &Api::delete_test_receiver},
      {{"POST", "/test-receiver/{id}", kOpen, None, kAnyQuery}, &Api::receive_test},
      {{"GET", "/v1/numbers", kLook, Filtered, "team_id number limit cursor"}, &Api::list_numbers},
      {{"POST", "/v1/numbers", kChange, Refused}, &Api::create_number},
      {{"GET", "/v1/numbers/{id}", kLook, NotFound}, &Api::get_number},
      {{"PATCH", "/v1/numbers/{id}", kChange, NotFound}, &Api::patch_number},
      {{"DELETE", "/v1/numbers/{id}", kChange, NotFound}, &Api::delete_number},
      {{"GET", "/v1/sources", kLook, Filtered, "team_id limit cursor"}, &Api::list_sources},
      {{"GET", "/v1/keys", kAdmin | kTeamAdmin, Filtered, "team_id limit cursor"}, &Api::list_keys},
      {{"POST", "/v1/keys", kAdmin | kTeamAdmin, Refused}, &Api::create_key},
      {{"GET", "/v1/keys/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::get_key},
      {{"PATCH", "/v1/keys/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::patch_key},
      {{"DELETE", "/v1/keys/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::delete_key},
      {{"GET", "/v1/teams", kLook | kPortal, Filtered, "limit cursor"}, &Api::list_teams},
      {{"POST", "/v1/teams", kAdmin, None}, &Api::create_team},
      {{"GET", "/v1/teams/{id}", kLook | kPortal, NotFound}, &Api::get_team},
      {{"PATCH", "/v1/teams/{id}", kChange, NotFound}, &Api::patch_team},
      {{"DELETE", "/v1/teams/{id}", kAdmin, None}, &Api::delete_team},
      {{"POST", "/v1/teams/{id}/portal", kChange, NotFound}, &Api::create_portal_link},
      {{"POST", "/v1/portal/session", kOpen, None}, &Api::open_portal},
      {{"GET", "/v1/sign-in", kOpen, None}, &Api::get_sign_in_options},
      {{"POST", "/v1/setup", kOpen, None}, &Api::set_up},
      {{"POST", "/v1/links/look", kOpen, None}, &Api::look_at_link},
      {{"POST", "/v1/links/confirm-email", kOpen, None}, &Api::confirm_email},
      {{"POST", "/v1/session", kOpen, None}, &Api::sign_in},
      {{"GET", "/v1/session", kAnybody, Own}, &Api::get_session},
      {{"DELETE", "/v1/session", kPeople, Own}, &Api::sign_out},
      {{"PUT", "/v1/session/password", kPeople, Own}, &Api::change_password},
      {{"POST", "/v1/session/totp", kPeople, Own}, &Api::begin_totp},
      {{"PUT", "/v1/session/totp", kPeople, Own}, &Api::finish_totp},
      {{"DELETE", "/v1/session/totp", kPeople, Own}, &Api::end_totp},
      {{"GET", "/v1/sessions", kPeople, Own, "limit cursor"}, &Api::list_sessions},
      {{"DELETE", "/v1/sessions", kPeople, Own}, &Api::end_all_sessions},
      {{"DELETE", "/v1/sessions/{id}", kPeople, Own}, &Api::end_session},
      {{"GET", "/v1/oidc/start", kOpen, None, "return_to"}, &Api::begin_oidc},
      {{"GET", "/v1/oidc/callback", kOpen, None, "state code error iss *"}, &Api::finish_oidc},
      {{"POST", "/v1/password-reset", kOpen, None}, &Api::request_password_reset},
      {{"POST", "/v1/password-reset/complete", kOpen, None}, &Api::complete_password_reset},
      {{"GET", "/v1/users", kAdmin | kTeamAdmin, Filtered, "team_id limit cursor"}, &Api::list_users},
      {{"GET", "/v1/users/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::get_user},
      {{"PATCH", "/v1/users/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::patch_user},
      {{"DELETE", "/v1/users/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::delete_user},
      {{"POST", "/v1/users/{id}/reset-link", kAdmin, None}, &Api::create_reset_link},
      {{"GET", "/v1/invitations", kAdmin | kTeamAdmin, Filtered, "team_id limit cursor"}, &Api::list_invitations},
      {{"POST", "/v1/invitations", kAdmin | kTeamAdmin, Refused}, &Api::create_invitation},
      {{"DELETE", "/v1/invitations/{id}", kAdmin | kTeamAdmin, NotFound}, &Api::delete_invitation},
      {{"POST", "/v1/invitations/accept", kOpen, None}, &Api::accept_invitation},
      {{"GET", "/v1/audit", kAdmin | kTeamAdmin, Filtered, "team_id action actor target since until limit cursor"},
       &Api::list_audit},
      {{"GET", "/v1/settings", kLook | kPortal, None}, &Api::get_settings},
      {{"GET", "/healthz", kOpen, None, kAnyQuery}, &Api::get_health},
      {{"GET", "/readyz", kOpen, None, kAnyQuery}, &Api::get_readiness},
      {{"GET", "/metrics", kOpen, None, kAnyQuery}, &Api::get_metrics},
      {{"GET", "/openapi.json", kOpen, None, kAnyQuery}, &Api::get_openapi},
  };
  return kRoutes;
}

std::vector<AccessRule> Api::access_rules() { return {routes().begin(), routes().end()}; }

Api::Api(runtime::Engine& engine, telemetry::Metrics& metrics, ApiOptions options)
    : engine_(engine),
      metrics_(metrics),
      options_(std::move(options)),
      pages_(options_.frame_ancestors),
      auth_{signing::sha256(options_.admin_key), options_.sessions},
      cursors_(engine.cursor_key()) {
  if (options_.request_rate > 0) {
    request_rate_.emplace(options_.request_rate, std::max(1, static_cast<int>(options_.request_rate)));
  }
}

void Api::set_sign_in(SignInOptions options) {
  sign_in_ = std::move(options);
  auth_.secure_cookies = sign_in_.public_url.starts_with("https://");
}

std::size_t Api::body_bytes_max(std::string_view, std::string_view path) {
  if (path == "/v1/events/batch") return limits::kBatchBytesMax;
  if (path.starts_with("/test-receiver/")) return limits::kShapedBytesMax;
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

Principal Api::principal_of(const Request& request) const {
  auto principal = authenticate(request, auth_, engine_.directory(), runtime::now().wall);
  if (principal) return *std::move(principal);
  const auto& [status, detail] = principal.error();
  throw Fault{status == 401 ? unauthorized(detail) : problem(status, detail)};
}

void Api::check_still_allowed(const Call& call) const {
  const auto now = identify(call.request, auth_, engine_.directory(), runtime::now().wall);
  if (!now || !now->same_reach(call.principal)) {
    throw Fault{unauthorized("The key, session or portal of this request has ended meanwhile.")};
  }
}

const Api::Route& Api::find_route(Call& call) const {
  const Request& request = call.request;
  std::string allowed;
  const bool fixed = is_fixed(request.path());
  for (const Route& route : routes()) {
    if (fixed ? route.pattern != request.path() : !fits(route.pattern, request.path(), call.id)) continue;
    const bool same = route.method == request.method || (route.method == "GET" && request.method == "HEAD");
    if (!same) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) + (route.method == "GET" ? ", HEAD" : "");
      continue;
    }
    call.pattern = route.pattern;
    if (route.who == kOpen) return route;
    call.principal = principal_of(request);
    if (call.principal.may(route.who)) return route;
    throw Fault{problem(403, refusal_of(call.principal, route.who))};
  }
  if (allowed.empty()) {
    throw Fault{pages_.not_found(request).value_or(problem(404, "There is nothing at this path. See /openapi.json."))};
  }
  Response response = problem(405, "This path takes " + allowed + ".");
  response.headers.emplace_back("Allow", allowed);
  throw Fault{std::move(response)};
}

// Is there a route for this very path? Then it is no id in another route's, whatever the method.
bool Api::is_fixed(std::string_view path) {
  return std::ranges::find(routes(), path, &Route::pattern) != routes().end();
}

asio::awaitable<Response> Api::dispatch(const Request& request) {
  if (pages_.has(request)) co_return pages_.answer(request);
  Call call{request, {}, {}, {}, {}, cursors_};
  const Route& route = find_route(call);
  call.query = read_query(request.query(), route.query);
  if (route.handler == &Api::receive_test) co_return co_await receive_test(call);  // shows what came as it came
  const std::string decoded = decoded_body(request);
  call.body = json_text::without_byte_order_mark(is_coded(request) ? decoded : request.body);
  Response response = co_await (this->*route.handler)(call);
  if (route.method == "GET" && route.who != kOpen) check_still_allowed(call);
  co_return response;
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
