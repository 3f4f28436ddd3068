// /v1/webhooks: managing webhooks.

#include <algorithm>
#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/render.hpp"
#include "api/sample_event.hpp"
#include "http_client/masking.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kTokenPrefix = "lht_";

void generate_missing(Webhook& webhook) {
  if (webhook.secret.empty()) webhook.secret = signing::generate_secret();
  if (webhook.token.empty()) webhook.token = signing::generate_token(kTokenPrefix);
}

// Own headers often hold a receiver's key: who may only look does not see their values.
std::string shown(const Webhook& webhook, const Principal& principal) {
  auto json = webhook_to_json(webhook);
  if (principal.role == Role::Read) {
    for (auto& header : json["headers"].as_object()) header.value() = http_client::kMask;
  }
  return boost::json::serialize(json);
}

// Applies the body's members; a timeout_ms of null is the server's.
FieldErrors apply(Webhook& webhook, const boost::json::object& body, const UrlRules& rules, Duration default_timeout) {
  FieldErrors errors = apply_webhook_json(webhook, body, rules);
  if (const auto* timeout = body.if_contains("timeout_ms"); timeout && timeout->is_null())
    webhook.timeout = default_timeout;
  return errors.empty() ? required_problems(webhook) : errors;
}

// The overlap asked for in the body, which may be missing.
Duration overlap_of(const Call& call) {
  if (call.request.body.empty()) return limits::kSecretOverlap;
  const auto body = call.json_object();
  Duration overlap = limits::kSecretOverlap;
  for (const auto& [name, value] : body) {
    if (name != "overlap_seconds") throw Fault{invalid({{"/" + std::string(name), "is not a known member"}})};
    const std::int64_t max = std::chrono::seconds(limits::kSecretOverlapMax).count();
    if (!value.is_int64() || value.as_int64() < 0 || value.as_int64() > max) {
      throw Fault{invalid({{"/overlap_seconds", "must be a whole number from 0 to " + std::to_string(max)}})};
    }
    overlap = std::chrono::seconds(value.as_int64());
  }
  return overlap;
}

}  // namespace

asio::awaitable<Response> Api::list_webhooks(const Call& call) {
  call.allow_query({"team_id", "limit", "cursor"});
  const auto team = call.team();
  const auto before = call.cursor();
  const auto limit = call.limit();
  const auto all = engine_.webhooks();
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  std::size_t count = 0;
  std::int64_t next = 0;
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const Webhook& webhook = **it;
    if ((before != 0 && webhook.id.value >= before) || (team && webhook.team_id != *team)) continue;
    if (count++ == limit) {
      next = (*std::prev(it))->id.value;
      break;
    }
    out.raw(shown(webhook, call.principal));
  }
  out.end_array().key("next_cursor").string_or_null(cursor_text(next)).end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_webhook(const Call& call) {
  Webhook webhook;
  webhook.timeout = options_.default_timeout;
  FieldErrors errors = apply(webhook, call.json_object(), options_.url_rules, options_.default_timeout);
  if (!errors.empty()) throw Fault{invalid(errors)};
  if (webhook.team_id.empty()) webhook.team_id = call.principal.team_id;
  if (!call.principal.sees_team(webhook.team_id)) {
    throw Fault{
        problem(403, "The webhook's team is not the key's.", {{"/team_id", "names a team that this key is not for"}})};
  }
  generate_missing(webhook);
  const auto stored = co_await engine_.save_webhook(std::move(webhook));
  if (!stored) co_return refusal(stored.error());
  auto json = webhook_to_json(**stored);
  json["secret"] = (*stored)->secret;
  json["token"] = (*stored)->token;
  Response response{201, "application/json", boost::json::serialize(json), {}};
  response.headers.emplace_back("Location", "/v1/webhooks/" + (*stored)->id.str());
  co_return response;
}

asio::awaitable<Response> Api::get_webhook(const Call& call) {
  co_return Response{200, "application/json", shown(*visible_webhook(call), call.principal), {}};
}

asio::awaitable<Response> Api::patch_webhook(const Call& call) {
  const auto current = visible_webhook(call);
  Webhook changed = *current;
  FieldErrors errors = apply(changed, call.json_object(), options_.url_rules, options_.default_timeout);
  if (errors.empty() && changed.team_id != current->team_id) {
    errors.push_back({"/team_id", "cannot be changed; create a webhook for the other team"});
  }
  if (!errors.empty()) throw Fault{invalid(errors)};
  generate_missing(changed);
  const auto stored = co_await engine_.save_webhook(std::move(changed));
  if (!stored) co_return refusal(stored.error());
  co_return Response{200, "application/json", shown(**stored, call.principal), {}};
}

asio::awaitable<Response> Api::delete_webhook(const Call& call) {
  const auto answer = co_await engine_.delete_webhook(visible_webhook(call)->id);
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

asio::awaitable<Response> Api::switch_webhook(const Call& call, bool enabled) {
  const auto current = visible_webhook(call);
  if (current->enabled == enabled) co_return Response{200, "application/json", shown(*current, call.principal), {}};
  Webhook changed = *current;
  changed.enabled = enabled;
  changed.disabled_reason.clear();
  const auto stored = co_await engine_.save_webhook(std::move(changed));
  if (!stored) co_return refusal(stored.error());
  co_return Response{200, "application/json", shown(**stored, call.principal), {}};
}

asio::awaitable<Response> Api::enable_webhook(const Call& call) { co_return co_await switch_webhook(call, true); }

asio::awaitable<Response> Api::disable_webhook(const Call& call) { co_return co_await switch_webhook(call, false); }

asio::awaitable<Response> Api::get_secret(const Call& call) {
  const auto webhook = visible_webhook(call);
  JsonWriter out;
  out.begin_object().key("secret").string(webhook->secret).key("token").string(webhook->token).end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::rotate_secret(const Call& call) {
  const auto current = visible_webhook(call);
  const Duration overlap = overlap_of(call);
  Webhook changed = *current;
  changed.secret = signing::generate_secret();
  changed.previous_secret.clear();
  changed.previous_secret_expires_at.reset();
  if (overlap > Duration(0)) {
    changed.previous_secret = current->secret;
    changed.previous_secret_expires_at = runtime::now().wall + overlap;
  }
  const auto stored = co_await engine_.save_webhook(std::move(changed));
  if (!stored) co_return refusal(stored.error());
  const auto expires = (*stored)->previous_secret_expires_at;
  JsonWriter out;
  out.begin_object().key("secret").string((*stored)->secret).key("previous_secret_expires_at");
  out.string_or_null(expires ? format_rfc3339(*expires) : "").end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::test_webhook(const Call& call) {
  const auto webhook = visible_webhook(call);
  EventDraft event = sample_event(call, call.json_object(), "payload");
  event.team_id = webhook->team_id;  // the log shows a test to those who see the webhook
  const auto result = co_await engine_.test_webhook(webhook->id, std::move(event));
  if (!result) co_return refusal(result.error());
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
