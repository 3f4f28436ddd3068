// /v1/webhooks: managing webhooks.

#include <algorithm>
#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/json_writer.hpp"
#include "api/precondition.hpp"
#include "api/render.hpp"
#include "api/sample_event.hpp"
#include "http_client/client_certificate.hpp"
#include "http_client/masking.hpp"
#include "model/json_integer.hpp"
#include "model/verbatim_json.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kTokenPrefix = "lht_";

void generate_missing(Webhook& webhook) {
  if (webhook.secret.empty()) webhook.secret = signing::generate_secret();
  if (webhook.token.empty()) webhook.token = signing::generate_token(kTokenPrefix);
  if (!webhook.signatures.v1a) {
    webhook.signing_key.clear();
    webhook.public_key.clear();
  } else if (webhook.signing_key.empty()) {
    auto pair = signing::generate_key_pair();
    webhook.signing_key = std::move(pair.private_key);
    webhook.public_key = std::move(pair.public_key);
  }
}

// Reads what is in a client certificate that is new.
FieldErrors certificate_problems(Webhook& webhook, const std::optional<ClientCertificate>& before) {
  if (!webhook.client_certificate || webhook.client_certificate == before) return {};
  const auto completed = http_client::complete(*webhook.client_certificate, runtime::now().wall);
  if (completed) return {};
  const bool in_key = completed.error().member == http_client::CertificateProblem::Member::PrivateKey;
  return {{in_key ? "/client_certificate/private_key" : "/client_certificate/certificate", completed.error().detail}};
}

std::string_view name_of(delivery::BreakerState state) {
  switch (state) {
    case delivery::BreakerState::Closed:
      return "closed";
    case delivery::BreakerState::Open:
      return "open";
    case delivery::BreakerState::HalfOpen:
      return "half_open";
  }
  return "";
}

boost::json::value time_or_null(std::optional<WallTime> time) {
  return time ? boost::json::value(boost::json::string(format_rfc3339(*time))) : boost::json::value(nullptr);
}

// How it fares, beside how it is configured.
void add_view(boost::json::object& json, const delivery::WebhookView& view) {
  json["breaker"] = {{"state", name_of(view.breaker)},
                     {"failures_in_a_row", view.failures_in_a_row},
                     {"next_probe_at", time_or_null(view.next_probe_at)}};
  json["backlog"] = view.backlog;
  json["failing_since"] = time_or_null(view.failing_since);
  json["blocked_by"] = nullptr;
  if (const auto& block = view.blocked_by) {
    json["blocked_by"] = {{"delivery_id", block->delivery.str()},
                          {"next_attempt_at", format_rfc3339(block->next_attempt_at)}};
  }
}

// Does the caller ask for failing webhooks only?
bool wants_failing(const Call& call) {
  const auto health = call.parameter("health");
  if (health && *health != "failing") throw Fault{invalid({{"/health", "must be failing"}})};
  return health.has_value();
}

// Has it failed since its last success, or did Limehook disable it?
bool is_failing(const Webhook& webhook, const std::optional<delivery::WebhookView>& view) {
  return webhook.enabled ? view && view->failing_since : !webhook.disabled_reason.empty();
}

// Applies the body's members; a timeout_ms of null is the server's.
FieldErrors apply(Webhook& webhook, const Call& call, const UrlRules& rules, Duration default_timeout) {
  const auto body = call.json_object();
  const auto certificate = webhook.client_certificate;
  FieldErrors errors = apply_webhook_json(webhook, call.body, rules);
  if (errors.empty()) errors = certificate_problems(webhook, certificate);
  if (const auto* timeout = body.if_contains("timeout_ms"); timeout && timeout->is_null())
    webhook.timeout = default_timeout;
  return errors.empty() ? required_problems(webhook) : errors;
}

// The secrets before the current one that still sign.
std::vector<PreviousSecret> signing_secrets(const Webhook& webhook, WallTime now) {
  auto secrets = webhook.previous_secrets;
  std::erase_if(secrets, [now](const PreviousSecret& old) { return old.expires_at <= now; });
  return secrets;
}

void write_previous_secrets(JsonWriter& out, const std::vector<PreviousSecret>& secrets) {
  out.key("previous_secrets").begin_array();
  for (const PreviousSecret& old : secrets) {
    out.begin_object().key("expires_at").string(format_rfc3339(old.expires_at)).end_object();
  }
  out.end_array();
}

// A promise that cannot be kept is not made: each signature takes its place in every request.
void check_room_for_secret(const std::vector<PreviousSecret>& signing) {
  if (signing.size() < limits::kPreviousSecretsMax) return;
  const WallTime first = std::ranges::min(signing, {}, &PreviousSecret::expires_at).expires_at;
  throw Fault{problem(409, std::to_string(signing.size()) +
                               " earlier secrets still sign, and no more can. The first of them ends at " +
                               format_rfc3339(first) +
                               ": rotate again after that, or now with overlap_seconds 0, which ends the current "
                               "secret at once.")};
}

// The overlap asked for in the body, which may be missing.
Duration overlap_of(const Call& call) {
  if (call.body.empty()) return limits::kSecretOverlap;
  const auto body = call.json_object();
  Duration overlap = limits::kSecretOverlap;
  for (const auto& [name, value] : body) {
    if (name != "overlap_seconds") throw Fault{invalid({{"/" + std::string(name), "is not a known member"}})};
    const std::int64_t max = std::chrono::seconds(limits::kSecretOverlapMax).count();
    const auto seconds = json_integer(value);
    if (!seconds || *seconds < 0 || *seconds > max) {
      throw Fault{invalid({{"/overlap_seconds", "must be a whole number from 0 to " + std::to_string(max)}})};
    }
    overlap = std::chrono::seconds(*seconds);
  }
  return overlap;
}

std::optional<int> version_asked_for(const Call& call, const Webhook& current) {
  auto wanted = wanted_version(call.request, current);
  if (!wanted) throw Fault{std::move(wanted.error())};
  return *wanted;
}

// Scheme, host and port.
std::string_view origin_of(std::string_view url) {
  const auto authority = url.find("://");
  return authority == std::string_view::npos ? url : url.substr(0, url.find_first_of("/?", authority + 3));
}

// A portal may be anybody's who came to the platform's page. It must not have the platform's OAuth token sent to a host
// of its own; with credentials of its own it may.
void check_move(const Principal& principal, const Webhook& before, const Webhook& after) {
  const bool keeps = before.oauth && after.oauth && before.oauth->client_secret == after.oauth->client_secret;
  if (principal.kind != ActorKind::Portal || !keeps) return;
  FieldErrors errors;
  const auto check = [&](std::string_view pointer, std::string_view url) {
    if (url.empty() || origin_of(url) == origin_of(before.url) || origin_of(url) == origin_of(before.fallback_url))
      return;
    errors.push_back({std::string(pointer), "must stay at its host: the webhook's OAuth token is sent there"});
  };
  check("/url", after.url);
  check("/fallback_url", after.fallback_url);
  if (!errors.empty()) throw Fault{invalid(errors)};
}

// Why a change was not made. `version`: what its If-Match asked for.
Response refusal_of_change(delivery::Refusal reason, std::optional<int> version) {
  return version && reason == delivery::Refusal::Conflict ? changed_since() : refusal(reason);
}

}  // namespace

// Own headers often hold a receiver's key: who may only look does not see their values.
boost::json::object Api::shown(const Webhook& webhook, const Principal& principal) const {
  auto json = webhook_to_json(webhook);
  if (principal.is(Role::Read)) {
    for (auto& header : json["headers"].as_object()) header.value() = http_client::kMask;
  }
  add_view(json, engine_.view(webhook.id).value_or(delivery::WebhookView{}));
  return json;
}

Response Api::show(int status, const Webhook& webhook, const Principal& principal) const {
  return Response{
      status, "application/json", serialize_verbatim(shown(webhook, principal)), {{"ETag", entity_tag(webhook)}}};
}

AuditEntry Api::webhook_audit(const Call& call, std::string_view action, const Webhook* before,
                              const Webhook* after) const {
  const Webhook& webhook = after ? *after : *before;
  auto entry = audit(call, action, webhook.team_id, webhook.id.str(), webhook.name);
  set_webhook_change(entry, before, after);
  return entry;
}

asio::awaitable<Response> Api::list_webhooks(const Call& call) {
  const auto team = call.team();
  const bool failing_only = wants_failing(call);
  const auto before = call.cursor();
  const auto limit = call.limit();
  const auto& ids = team ? engine_.webhook_index().of(*team) : engine_.webhook_index().all();
  auto row = before == 0 ? ids.end() : ids.lower_bound(WebhookId{before});
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  std::int64_t next = 0;
  for (std::size_t count = 0; row != ids.begin();) {
    const auto webhook = engine_.find_webhook(*std::prev(row));
    const bool listed = webhook && (!failing_only || is_failing(*webhook, engine_.view(webhook->id)));
    if (listed && (count++ == limit || out.size() > limits::kPageBytesMax)) {
      next = row->value;
      break;
    }
    if (listed) out.raw(serialize_verbatim(shown(*webhook, call.principal)));
    --row;
  }
  out.end_array().key("next_cursor").string_or_null(call.next_cursor(next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_webhook(const Call& call) {
  Webhook webhook;
  webhook.timeout = options_.default_timeout;
  FieldErrors errors = apply(webhook, call, options_.url_rules, options_.default_timeout);
  if (!errors.empty()) throw Fault{invalid(errors)};
  if (webhook.team_id.empty()) webhook.team_id = call.principal.team_id;
  if (!call.principal.sees_team(webhook.team_id)) {
    throw Fault{problem(403, "The webhook's team is not yours.", {{"/team_id", "names a team that is not yours"}})};
  }
  if (!webhook.team_id.empty()) check_team_of_webhook(call.principal, webhook.team_id);
  check_room(call.principal, engine_.webhook_index().of(webhook.team_id).size(), limits::kWebhooksPerTeamMax);
  generate_missing(webhook);
  settle_emails(call.principal, webhook);
  auto entry = webhook_audit(call, "webhook.created", nullptr, &webhook);
  const auto stored = co_await engine_.save_webhook(std::move(webhook), std::move(entry));
  if (!stored) co_return refusal(stored.error());
  asio::co_spawn(co_await asio::this_coro::executor, ask_to_confirm(call.principal, *stored), asio::detached);
  auto json = shown(**stored, call.principal);
  json["secret"] = (*stored)->secret;
  json["token"] = (*stored)->token;
  Response response{201, "application/json", serialize_verbatim(json), {}};
  response.headers.emplace_back("Location", "/v1/webhooks/" + (*stored)->id.str());
  response.headers.emplace_back("ETag", entity_tag(**stored));
  response.headers.emplace_back("Cache-Control", "no-store");
  co_return response;
}

asio::awaitable<Response> Api::get_webhook(const Call& call) {
  co_return show(200, *visible_webhook(call), call.principal);
}

asio::awaitable<Response> Api::patch_webhook(const Call& call) {
  const auto current = visible_webhook(call);
  const auto version = version_asked_for(call, *current);
  Webhook changed = *current;
  FieldErrors errors = apply(changed, call, options_.url_rules, options_.default_timeout);
  if (errors.empty() && changed.team_id != current->team_id) {
    errors.push_back({"/team_id", "cannot be changed; create a webhook for the other team"});
  }
  if (!errors.empty()) throw Fault{invalid(errors)};
  check_move(call.principal, *current, changed);
  generate_missing(changed);
  settle_emails(call.principal, changed);
  auto entry = webhook_audit(call, "webhook.updated", current.get(), &changed);
  const auto stored = co_await engine_.save_webhook(std::move(changed), std::move(entry));
  if (!stored) co_return refusal_of_change(stored.error(), version);
  if (!unconfirmed_emails(**stored).empty()) {
    asio::co_spawn(co_await asio::this_coro::executor, ask_to_confirm(call.principal, *stored), asio::detached);
  }
  co_return show(200, **stored, call.principal);
}

asio::awaitable<Response> Api::delete_webhook(const Call& call) {
  const auto webhook = visible_webhook(call);
  const auto version = version_asked_for(call, *webhook);
  auto entry = webhook_audit(call, "webhook.deleted", webhook.get(), nullptr);
  const auto answer = co_await engine_.delete_webhook(webhook->id, version, std::move(entry));
  if (!answer) co_return refusal_of_change(answer.error(), version);
  co_return Response{204, "", "", {}};
}

asio::awaitable<Response> Api::switch_webhook(const Call& call, bool enabled) {
  const auto current = visible_webhook(call);
  const auto version = version_asked_for(call, *current);
  if (current->enabled == enabled) co_return show(200, *current, call.principal);
  Webhook changed = *current;
  changed.enabled = enabled;
  changed.disabled_reason.clear();
  auto entry = webhook_audit(call, enabled ? "webhook.enabled" : "webhook.disabled", current.get(), &changed);
  const auto stored = co_await engine_.save_webhook(std::move(changed), std::move(entry));
  if (!stored) co_return refusal_of_change(stored.error(), version);
  co_return show(200, **stored, call.principal);
}

asio::awaitable<Response> Api::enable_webhook(const Call& call) { co_return co_await switch_webhook(call, true); }

asio::awaitable<Response> Api::disable_webhook(const Call& call) { co_return co_await switch_webhook(call, false); }

asio::awaitable<Response> Api::get_secret(const Call& call) {
  const auto webhook = visible_webhook(call);
  engine_.record(audit(call, "webhook.secret_shown", webhook->team_id, webhook->id.str(), webhook->name));
  JsonWriter out;
  out.begin_object().key("secret").string(webhook->secret).key("token").string(webhook->token);
  write_previous_secrets(out, signing_secrets(*webhook, runtime::now().wall));
  out.end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

// For receivers, which have no key of this API.
asio::awaitable<Response> Api::get_public_key(const Call& call) {
  const auto webhook = engine_.find_webhook(path_id<WebhookId>(call, "webhook"));
  const auto pem = webhook ? signing::public_key_pem(webhook->public_key) : std::nullopt;
  if (!pem) throw Fault{problem(404, "There is no webhook of this id with a public key.")};
  JsonWriter out;
  out.begin_object().key("public_key").string(webhook->public_key).key("algorithm").string("ed25519");
  out.key("pem").string(*pem).end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "public, max-age=60"}}};
}

asio::awaitable<Response> Api::rotate_secret(const Call& call) {
  const auto current = visible_webhook(call);
  const auto version = version_asked_for(call, *current);
  const Duration overlap = overlap_of(call);
  Webhook changed = *current;
  const WallTime now = runtime::now().wall;
  changed.previous_secrets = signing_secrets(*current, now);
  if (overlap > Duration(0)) {
    check_room_for_secret(changed.previous_secrets);
    changed.previous_secrets.insert(changed.previous_secrets.begin(), {current->secret, now + overlap});
  }
  changed.secret = signing::generate_secret();
  auto entry = webhook_audit(call, "webhook.secret_rotated", current.get(), &changed);
  const auto stored = co_await engine_.save_webhook(std::move(changed), std::move(entry));
  if (!stored) co_return refusal_of_change(stored.error(), version);
  JsonWriter out;
  out.begin_object().key("secret").string((*stored)->secret).key("previous_secret_expires_at");
  out.string_or_null(overlap > Duration(0) ? format_rfc3339(now + overlap) : "");
  write_previous_secrets(out, (*stored)->previous_secrets);
  out.end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::test_webhook(const Call& call) {
  const auto webhook = visible_webhook(call);
  if (webhook->mode == WebhookMode::Poll) throw Fault{polled_only()};
  EventDraft event = sample_event(call, call.json_object(), "payload");
  event.team_id = webhook->team_id;  // the log shows a test to those who see the webhook
  const auto result = co_await engine_.test_webhook(webhook->id, std::move(event));
  if (!result) co_return refusal(result.error());
  check_still_allowed(call);
  engine_.record(audit(call, "webhook.tested", webhook->team_id, webhook->id.str(), webhook->name));
  const Attempt& attempt = result->attempt;
  JsonWriter out;
  out.begin_object().key("delivery_id").string(result->delivery.str()).key("response");
  if (attempt.outcome == AttemptOutcome::Response) write_response(out.begin_object(), attempt).end_object();
  else out.null();
  out.key("duration_ms").number(static_cast<double>(attempt.duration.count()) / 1000);
  out.key("error").string_or_null(failure_text(attempt)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

}  // namespace limehook::api
