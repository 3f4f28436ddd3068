// GET /v1/sources: where events come from. Today that is the HTTP API, so there is one for each key that may send.

#include "api/api.hpp"
#include "api/json_writer.hpp"
#include "api/page.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kSourcePrefix = "src_";

bool may_send(const ApiKey& key) { return key.role != Role::Read; }

std::string time_text(const std::optional<WallTime>& time) { return time ? format_rfc3339(*time) : ""; }

void write_source(JsonWriter& out, const ApiKey& key) {
  out.key("id").string(encode_id(kSourcePrefix, key.id.value)).key("type").string("http_api");
  out.key("name").string(key.name).key("team_id").string_or_null(key.team_id);
  out.key("key_id").string(key.id.str()).key("role").string(name_of(key.role));
  out.key("created_at").string(format_rfc3339(key.created_at));
  out.key("expires_at").string_or_null(time_text(key.expires_at));
  out.key("last_used_at").string_or_null(time_text(key.last_used_at));
}

}  // namespace

asio::awaitable<Response> Api::list_sources(const Call& call) {
  const auto passes = [team = call.team()](const ApiKey& key) {
    return may_send(key) && (!team || key.team_id == *team);
  };
  co_return newest_page(call, engine_.directory().keys().all(), passes, write_source);
}

}  // namespace limehook::api
