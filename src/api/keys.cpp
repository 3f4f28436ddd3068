// /v1/keys: who may use the API.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/json_writer.hpp"
#include "api/page.hpp"
#include "base/characters.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kKeyPrefix = "lh_";
constexpr std::size_t kHintSize = 4;

std::string time_text(const std::optional<WallTime>& time) { return time ? format_rfc3339(*time) : ""; }

void write_key(JsonWriter& out, const ApiKey& key) {
  out.key("id").string(key.id.str()).key("name").string(key.name).key("role").string(name_of(key.role));
  out.key("team_id").string_or_null(key.team_id).key("hint").string(key.hint);
  out.key("created_at").string(format_rfc3339(key.created_at));
  out.key("expires_at").string_or_null(time_text(key.expires_at));
  out.key("last_used_at").string_or_null(time_text(key.last_used_at));
}

Response key_response(const ApiKey& key) {
  JsonWriter out;
  write_key(out.begin_object(), key);
  out.end_object();
  return {200, "application/json", out.take(), {}};
}

json::object audit_members(const ApiKey& key) {
  return {{"name", key.name}, {"role", name_of(key.role)}, {"expires_at", time_text(key.expires_at)}};
}

// Applies the members of a request's body: `role` and `team_id` only to a key that is not made yet.
class KeyReader {
 public:
  KeyReader(ApiKey& key, WallTime now) : key_(key), now_(now) {}

  FieldErrors read(const json::object& body) {
    const bool is_new = !key_.id;
    for (const auto& [name, value] : body) {
      const std::string_view text = value.is_string() ? std::string_view(value.as_string()) : "";
      if (name == "name") take_name(text);
      else if (name == "expires_at") take_expiry(value);
      else if (name == "role" && is_new) take_role(text);
      else if (name == "team_id" && is_new) take_team(value, text);
      else wrong(name, "is not a known member");
    }
    if (is_new) {
      for (const auto* required : {"name", "role"}) {
        if (!body.contains(required)) wrong(required, "is required");
      }
    }
    return std::move(errors_);
  }

 private:
  void take_name(std::string_view text) {
    key_.name = text;
    if (text.empty() || characters_in(text) > limits::kNameCharactersMax)
      wrong("name", "must be a text of 1 to 200 characters");
  }
  void take_expiry(const json::value& value) {
    key_.expires_at = value.is_string() ? parse_rfc3339(value.as_string()) : std::nullopt;
    if (value.is_null()) return;
    if (!key_.expires_at) wrong("expires_at", "must be an RFC 3339 date-time such as 2025-01-30T15:00:00Z");
    else if (*key_.expires_at <= now_) wrong("expires_at", "must be in the future");
  }
  void take_role(std::string_view text) {
    const auto role = role_named(text);
    if (role) key_.role = *role;
    else wrong("role", "must be admin, manage, ingest or read");
  }
  void take_team(const json::value& value, std::string_view text) {
    key_.team_id = text;
    const bool bad = !value.is_null() && (text.empty() || characters_in(text) > limits::kTeamIdCharactersMax);
    if (bad) wrong("team_id", "must be a text of 1 to 128 characters");
  }
  void wrong(std::string_view name, std::string_view detail) {
    errors_.push_back({"/" + std::string(name), std::string(detail)});
  }

  ApiKey& key_;
  WallTime now_;
  FieldErrors errors_;
};

// Who is limited to a team makes keys for that team only, and none that can do more.
void check_reach(const Principal& principal, const ApiKey& key) {
  if (!principal.limited()) return;
  if (key.role == Role::Admin) {
    throw Fault{problem(403, "Only an admin makes admin keys.", {{"/role", "is not for you to give"}})};
  }
  if (!principal.sees_team(key.team_id)) {
    throw Fault{problem(403, "The key's team is not yours.", {{"/team_id", "names a team that is not yours"}})};
  }
}

ApiKey parse_key(const Call& call, WallTime now) {
  ApiKey key;
  const auto body = call.json_object();
  FieldErrors errors = KeyReader(key, now).read(body);
  if (key.role == Role::Admin && !key.team_id.empty()) {
    errors.push_back({"/team_id", "must not be given for an admin key"});
  }
  if (key.team_id.empty()) key.team_id = key.role == Role::Admin ? "" : call.principal.team_id;
  const bool needs_team = body.contains("role") && (key.role == Role::Manage || key.role == Role::Read);
  if (needs_team && key.team_id.empty()) errors.push_back({"/team_id", "is required for this role"});
  if (!errors.empty()) throw Fault{invalid(errors)};
  check_reach(call.principal, key);
  return key;
}

}  // namespace

ApiKey Api::visible_key(const Call& call) const {
  const ApiKey* key = engine_.directory().keys().find(path_id<KeyId>(call, "key"));
  if (!key || !call.principal.sees_team(key->team_id)) throw Fault{not_found("key")};
  return *key;
}

asio::awaitable<Response> Api::list_keys(const Call& call) {
  const auto passes = [team = call.team()](const ApiKey& key) { return !team || key.team_id == *team; };
  co_return newest_page(call, engine_.directory().keys().all(), passes, write_key);
}

asio::awaitable<Response> Api::create_key(const Call& call) {
  const WallTime now = runtime::now().wall;
  ApiKey key = parse_key(call, now);
  if (!key.team_id.empty()) check_known_team(key.team_id, "/team_id");
  const auto same_team = [&](const auto& row) { return row.second.team_id == key.team_id; };
  check_room(call.principal,
             static_cast<std::size_t>(std::ranges::count_if(engine_.directory().keys().all(), same_team)),
             limits::kKeysPerTeamMax);
  const std::string secret = signing::generate_token(kKeyPrefix);
  key.id = KeyId{engine_.new_id()};
  key.hash = signing::sha256(secret);
  key.hint = secret.substr(secret.size() - kHintSize);
  key.created_at = now;
  auto entry = audit(call, "key.created", key.team_id, key.id.str(), key.name);
  set_change(entry, {}, audit_members(key));
  const auto answer = co_await engine_.change(key.id.str(), {key, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  write_key(out.begin_object(), key);
  out.key("key").string(secret).end_object();
  co_return Response{
      201, "application/json", out.take(), {{"Location", "/v1/keys/" + key.id.str()}, {"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::get_key(const Call& call) { co_return key_response(visible_key(call)); }

asio::awaitable<Response> Api::patch_key(const Call& call) {
  const ApiKey before = visible_key(call);
  ApiKey key = before;
  const FieldErrors errors = KeyReader(key, runtime::now().wall).read(call.json_object());
  if (!errors.empty()) throw Fault{invalid(errors)};
  auto entry = audit(call, "key.updated", key.team_id, key.id.str(), key.name);
  set_change(entry, audit_members(before), audit_members(key));
  const auto answer = co_await engine_.change(key.id.str(), {key, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  co_return key_response(key);
}

asio::awaitable<Response> Api::delete_key(const Call& call) {
  const ApiKey key = visible_key(call);
  auto entry = audit(call, "key.revoked", key.team_id, key.id.str(), key.name);
  set_change(entry, audit_members(key), {});
  const auto answer = co_await engine_.change(key.id.str(), {store::Removed<KeyId>{key.id}, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

}  // namespace limehook::api
