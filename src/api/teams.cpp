// /v1/teams: the tenants. A team that nobody has made is there as soon as something belongs to it.

#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/json_writer.hpp"
#include "base/ascii.hpp"
#include "base/characters.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

namespace json = boost::json;

void write_team(JsonWriter& out, const Team& team) {
  const bool made = team.created_at != WallTime{};
  out.key("id").string(team.id).key("name").string_or_null(team.name);
  out.key("created_at").string_or_null(made ? format_rfc3339(team.created_at) : "");
  out.key("updated_at").string_or_null(made ? format_rfc3339(team.updated_at) : "");
}

Response team_response(int status, const Team& team) {
  JsonWriter out;
  write_team(out.begin_object(), team);
  out.end_object();
  return {status, "application/json", out.take(), {}};
}

std::string encoded_step(const std::string& id) { return boost::urls::encode(id, boost::urls::unreserved_chars); }

json::object audit_members(const Team& team) { return {{"name", team.name}}; }

bool is_team_id(std::string_view text) {
  // It stands in paths as it is.
  const auto visible = [](char c) { return c > ' ' && c <= '~' && !std::string_view("/?#%").contains(c); };
  return !text.empty() && text.size() <= limits::kTeamIdCharactersMax && std::ranges::all_of(text, visible);
}

// Applies `name`, and `id` to a team that has none.
void apply(Team& team, const json::object& body) {
  FieldErrors errors;
  for (const auto& [name, value] : body) {
    const std::string_view text = value.is_string() ? std::string_view(value.as_string()) : "";
    if (name == "id" && team.id.empty()) {
      team.id = text;
      if (!is_team_id(text)) errors.push_back({"/id", "must be 1 to 128 visible ASCII characters other than / ? # %"});
    } else if (name == "name") {
      team.name = text;
      if (text.empty() || characters_in(text) > limits::kNameCharactersMax) {
        errors.push_back({"/name", "must be a text of 1 to 200 characters"});
      }
    } else {
      errors.push_back({"/" + std::string(name), "is not a known member"});
    }
  }
  if (team.name.empty() && !body.contains("name")) errors.push_back({"/name", "is required"});
  if (!errors.empty()) throw Fault{invalid(errors)};
}

}  // namespace

std::map<std::string, Team> Api::known_teams() const {
  const auto& directory = engine_.directory();
  std::map<std::string, Team> teams = directory.teams();
  const auto add = [&](const std::string& id) {
    if (!id.empty()) teams.try_emplace(id, Team{.id = id});
  };
  for (const auto& [team, webhooks] : engine_.webhook_index().by_team()) add(team);
  for (const auto& [id, key] : directory.keys().all()) add(key.team_id);
  for (const std::string& team : directory.numbers().teams()) add(team);
  for (const auto& [id, user] : directory.users()) {
    for (const Membership& member : user.teams) add(member.team_id);
  }
  return teams;
}

bool Api::knows_team(const std::string& team_id) const {
  const auto& directory = engine_.directory();
  return directory.teams().contains(team_id) || !engine_.webhook_index().of(team_id).empty() ||
         directory.numbers().count_of(team_id) > 0 ||
         std::ranges::any_of(directory.keys().all(), [&](const auto& row) { return row.second.team_id == team_id; }) ||
         std::ranges::any_of(directory.users(), [&](const auto& row) { return row.second.membership(team_id); });
}

WallTime Api::log_begin(const std::string& team_id) const {
  const auto made = engine_.directory().teams().find(team_id);
  return made == engine_.directory().teams().end() ? WallTime{} : made->second.begins_at;
}

WallTime Api::log_begin(const Principal& principal) const {
  return principal.limited() ? log_begin(principal.team_id) : WallTime{};
}

const Team* Api::team_called(std::string_view name) const {
  const auto& teams = engine_.directory().teams();
  const auto found = std::ranges::find_if(teams, [&](const auto& row) { return ascii::same(row.second.name, name); });
  return found == teams.end() ? nullptr : &found->second;
}

void Api::check_known_team(const std::string& team_id, std::string_view pointer) const {
  if (knows_team(team_id)) return;
  const bool any_declared =
      std::ranges::any_of(engine_.directory().teams(), [](const auto& row) { return row.second.declared; });
  if (!any_declared && is_team_id(team_id) && !team_called(team_id)) return;
  std::string detail = "is not the id of a team";
  if (const Team* called = team_called(team_id)) {
    detail += ": it is the name of the team " + called->id;
  } else if (is_team_id(team_id)) {
    detail += R"(; create the team first: POST /v1/teams {"id":")" + team_id + R"(","name":"..."})";
  }
  throw Fault{invalid({{std::string(pointer), detail}})};
}

void Api::check_team_of_webhook(const Principal& principal, const std::string& team_id) const {
  if (principal.kind == ActorKind::User || team_called(team_id)) check_known_team(team_id, "/team_id");
}

// The team in the path; one's own is always there, others if anything belongs to them.
Team Api::visible_team(const Call& call) const {
  if (call.principal.limited()) {
    if (!call.principal.sees_team(call.id)) throw Fault{not_found("team")};
    const auto made = engine_.directory().teams().find(call.id);
    return made == engine_.directory().teams().end() ? Team{.id = call.id} : made->second;
  }
  const auto teams = known_teams();
  const auto found = teams.find(call.id);
  if (found == teams.end()) throw Fault{not_found("team")};
  return found->second;
}

asio::awaitable<Response> Api::list_teams(const Call& call) {
  std::map<std::string, Team> teams;
  if (call.principal.limited()) {
    Call own = call;
    own.id = call.principal.team_id;
    teams.emplace(own.id, visible_team(own));
  } else {
    teams = known_teams();
  }
  // In the order of their ids, which callers choose: the cursor is the last one.
  const auto limit = call.limit();
  const std::string after = call.text_cursor();
  JsonWriter out;
  out.begin_object().key("data").begin_array();
  auto row = teams.upper_bound(after);
  std::string last;
  for (std::size_t count = 0; row != teams.end() && count < limit; ++row, ++count) {
    write_team(out.begin_object(), row->second);
    out.end_object();
    last = row->first;
  }
  out.end_array()
      .key("next_cursor")
      .string_or_null(call.next_cursor(row != teams.end() ? std::string_view(last) : ""))
      .end_object();
  co_return Response{200, "application/json", out.take(), {}};
}

asio::awaitable<Response> Api::create_team(const Call& call) {
  Team team;
  apply(team, call.json_object());
  if (team.id.empty()) team.id = encode_id("team_", engine_.new_id());
  if (engine_.directory().teams().contains(team.id)) {
    throw Fault{problem(409, "This team exists already.", {{"/id", "is another team's"}})};
  }
  team.created_at = team.updated_at = runtime::now().wall;
  team.declared = true;
  // Where nothing of it is there, whatever events have this id are another's, who had it before.
  if (!knows_team(team.id)) team.begins_at = team.created_at;
  auto entry = audit(call, "team.created", team.id, team.id, team.name);
  set_change(entry, {}, audit_members(team));
  const auto answer = co_await engine_.change("team " + team.id, {team, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  Response response = team_response(201, team);
  response.headers.emplace_back("Location", "/v1/teams/" + encoded_step(team.id));
  co_return response;
}

asio::awaitable<Response> Api::get_team(const Call& call) { co_return team_response(200, visible_team(call)); }

asio::awaitable<Response> Api::patch_team(const Call& call) {
  const Team before = visible_team(call);
  Team team = before;
  apply(team, call.json_object());
  team.updated_at = runtime::now().wall;
  if (team.created_at == WallTime{}) team.created_at = team.updated_at;
  auto entry = audit(call, "team.updated", team.id, team.id, team.name);
  set_change(entry, audit_members(before), audit_members(team));
  const auto answer = co_await engine_.change("team " + team.id, {team, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  co_return team_response(200, team);
}

asio::awaitable<Response> Api::delete_team(const Call& call) {
  const Team team = visible_team(call);
  const auto& directory = engine_.directory();
  const auto of_team = [&](const auto& row) { return row.second.team_id == team.id; };
  const auto has_member = [&](const auto& row) { return row.second.membership(team.id) != nullptr; };
  const bool used = !engine_.webhook_index().of(team.id).empty() ||
                    std::ranges::any_of(directory.keys().all(), of_team) ||
                    std::ranges::any_of(directory.users(), has_member) || directory.numbers().count_of(team.id) > 0;
  if (used) throw Fault{problem(409, "The team has webhooks, keys, numbers or members. Delete those first.")};
  std::vector<store::CatalogChange> changes{store::RemovedTeam{team.id}};
  // What leads to the team goes with it: its portals, links to them, invitations.
  for (const auto& [id, session] : directory.sessions().all()) {
    if (session.team_id == team.id) changes.emplace_back(store::Removed<SessionId>{id});
  }
  for (const auto& [id, link] : directory.links().all()) {
    if (link.team_id == team.id) changes.emplace_back(store::Removed<LinkId>{id});
  }
  auto entry = audit(call, "team.deleted", team.id, team.id, team.name);
  set_change(entry, audit_members(team), {});
  changes.emplace_back(std::move(entry));
  const auto answer = co_await engine_.change("team " + team.id, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

}  // namespace limehook::api
