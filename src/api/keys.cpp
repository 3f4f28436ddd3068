// /v1/keys: who may use the API.

#include <algorithm>
#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kKeyPrefix = "lh_";
constexpr std::size_t kHintSize = 4;

void write_key(JsonWriter& out, const ApiKey& key) {
  out.key("id").string(key.id.str()).key("name").string(key.name).key("role").string(name_of(key.role));
  out.key("team_id").string_or_null(key.team_id).key("hint").string(key.hint);
  out.key("created_at").string(format_rfc3339(key.created_at));
}

ApiKey parse_key(const boost::json::object& body) {
  FieldErrors errors;
  ApiKey key;
  std::optional<Role> role;
  for (const auto& [name, value] : body) {
    const std::string pointer = "/" + std::string(name);
    const std::string_view text = value.is_string() ? std::string_view(value.as_string()) : "";
    if (name == "name") {
      key.name = text;
      if (text.empty() || text.size() > limits::kNameCharactersMax)
        errors.push_back({pointer, "must be a text of 1 to 200 bytes"});
    } else if (name == "role") {
      role = role_named(text);
      if (!role) errors.push_back({pointer, "must be admin, manage, ingest or read"});
    } else if (name == "team_id") {
      key.team_id = text;
      const bool wrong = !value.is_null() && (text.empty() || text.size() > limits::kTeamIdBytesMax);
      if (wrong) errors.push_back({pointer, "must be a text of 1 to 128 bytes"});
    } else {
      errors.push_back({pointer, "is not a known member"});
    }
  }
  for (const auto* required : {"name", "role"}) {
    if (!body.contains(required)) errors.push_back({"/" + std::string(required), "is required"});
  }
  if (role) {
    key.role = *role;
    if (*role == Role::Admin && !key.team_id.empty())
      errors.push_back({"/team_id", "must not be given for an admin key"});
    const bool needs_team = *role == Role::Manage || *role == Role::Read;
    if (needs_team && key.team_id.empty()) errors.push_back({"/team_id", "is required for this role"});
  }
  if (!errors.empty()) throw Fault{invalid(errors)};
  return key;
}

}  // namespace

asio::awaitable<Response> Api::list_keys(const Call&) {
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  for (const ApiKey& key : engine_.keys()) {
    write_key(out.begin_object(), key);
    out.end_object();
  }
  out.end_array().key("next_cursor").null().end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_key(const Call& call) {
  ApiKey key = parse_key(call.json_object());
  const std::string secret = signing::generate_token(kKeyPrefix);
  key.id = KeyId{engine_.new_id()};
  key.hash = signing::sha256(secret);
  key.hint = secret.substr(secret.size() - kHintSize);
  key.created_at = runtime::now().wall;
  const auto answer = co_await engine_.save_key(key);
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  out.begin_object();
  write_key(out, key);
  out.key("key").string(secret).end_object();
  co_return Response{201, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::delete_key(const Call& call) {
  const auto id = path_id<KeyId>(call, "key");
  if (std::ranges::find(engine_.keys(), id, &ApiKey::id) == engine_.keys().end()) throw Fault{not_found("key")};
  const auto answer = co_await engine_.delete_key(id);
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

}  // namespace limehook::api
