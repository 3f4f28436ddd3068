// /v1/users: the accounts of people, for those who manage them.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/page.hpp"
#include "api/people.hpp"
#include "base/characters.hpp"
#include "runtime/clocks.hpp"

namespace limehook::api {
namespace {

Response user_response(const User& user, const Principal& principal) {
  JsonWriter out;
  write_user(out.begin_object(), user, principal);
  out.end_object();
  return {200, "application/json", out.take(), {}};
}

bool sees_user(const Principal& principal, const User& user) {
  return !principal.limited() || user.membership(principal.team_id) != nullptr;
}

std::optional<Membership> membership_of(Body& body, std::size_t index, const boost::json::value& value) {
  const std::string pointer = "teams/" + std::to_string(index);
  const auto* object = value.if_object();
  const auto* team = object ? object->if_contains("team_id") : nullptr;
  const auto* role = object ? object->if_contains("role") : nullptr;
  if (!object || object->size() != 2 || !team || !role) {
    body.wrong(pointer, "must be an object with team_id and role");
    return std::nullopt;
  }
  const bool team_fits = team->is_string() && !team->as_string().empty() &&
                         characters_in(team->as_string()) <= limits::kTeamIdCharactersMax;
  if (!team_fits) body.wrong(pointer + "/team_id", "must be a text of 1 to 128 characters");
  const auto named = role->is_string() ? role_named(role->as_string()) : std::nullopt;
  const bool role_fits = named == Role::Manage || named == Role::Read;
  if (!role_fits) body.wrong(pointer + "/role", "must be manage or read");
  if (!team_fits || !role_fits) return std::nullopt;
  return Membership{std::string(team->as_string()), *named};
}

// The memberships in the member `teams`; nothing when it is missing or wrong.
std::optional<std::vector<Membership>> memberships(Body& body) {
  const auto* value = body.take("teams");
  if (!value) return std::nullopt;
  if (!value->is_array() || value->as_array().size() > limits::kMembershipsMax) {
    body.wrong("teams", "must be an array of at most 100 memberships");
    return std::nullopt;
  }
  std::vector<Membership> teams;
  for (const auto& item : value->as_array()) {
    auto member = membership_of(body, teams.size(), item);
    if (!member) return std::nullopt;
    if (std::ranges::find(teams, member->team_id, &Membership::team_id) != teams.end()) {
      body.wrong("teams/" + std::to_string(teams.size()) + "/team_id", "is there twice");
      return std::nullopt;
    }
    teams.push_back(std::move(*member));
  }
  return teams;
}

// Who is limited to a team changes the membership in it, and sees no other.
void set_memberships(User& user, const std::vector<Membership>& wanted, const Principal& principal) {
  for (const Membership& member : wanted) {
    if (principal.sees_team(member.team_id)) continue;
    throw Fault{problem(403, "That team is not yours.", {{"/teams", "names a team that is not yours"}})};
  }
  if (!principal.limited()) user.teams = wanted;
  else if (!wanted.empty()) set_membership(user, wanted.front());  // each team is there once
  else std::erase_if(user.teams, [&](const Membership& member) { return principal.sees_team(member.team_id); });
}

bool is_active_admin(const User& user) { return user.admin && user.enabled; }

}  // namespace

User Api::visible_user(const Call& call) const {
  const User* user = engine_.directory().find_user(path_id<UserId>(call, "user"));
  if (!user || !sees_user(call.principal, *user)) throw Fault{not_found("user")};
  return *user;
}

Api::LeavingAdmin Api::leave_admins(const User& user) {
  if (!is_active_admin(user)) return {};
  leaving_admins_.insert(user.id);
  LeavingAdmin guard(&leaving_admins_, {user.id});
  const bool others = std::ranges::any_of(engine_.directory().users(), [&](const auto& entry) {
    return is_active_admin(entry.second) && !leaving_admins_.contains(entry.first);
  });
  if (!others) throw Fault{problem(409, "This is the last admin. Make somebody else an admin first.")};
  return guard;
}

asio::awaitable<Response> Api::list_users(const Call& call) {
  const auto team = call.team();
  const auto passes = [&](const User& user) { return !team || user.membership(*team) != nullptr; };
  const auto write = [&](JsonWriter& out, const User& user) { write_user(out, user, call.principal); };
  co_return newest_page(call, engine_.directory().users(), passes, write);
}

asio::awaitable<Response> Api::get_user(const Call& call) {
  co_return user_response(visible_user(call), call.principal);
}

asio::awaitable<Response> Api::patch_user(const Call& call) {
  const User before = visible_user(call);
  User user = before;
  Body body(call);
  const auto teams = memberships(body);
  const auto admin = body.flag("admin");
  const auto enabled = body.flag("enabled");
  const auto totp = body.flag("totp");
  const bool renamed = body.has("name");
  const std::string name = body.optional_text("name", limits::kNameCharactersMax);
  if (totp == true) body.wrong("totp", "can only be turned on by its owner");
  body.finish();
  const bool needs_admin = admin || enabled || totp || renamed;
  if (call.principal.limited() && needs_admin) throw Fault{problem(403, "Only an admin may change this.")};
  if (teams) {
    set_memberships(user, *teams, call.principal);
    for (std::size_t i = 0; i < teams->size(); ++i) {
      const std::string& team = (*teams)[i].team_id;
      if (!before.membership(team)) check_known_team(team, "/teams/" + std::to_string(i) + "/team_id");
    }
  }
  user.admin = admin.value_or(user.admin);
  user.enabled = enabled.value_or(user.enabled);
  if (renamed) user.name = name;
  if (totp == false) {
    user.totp_secret.clear();
    user.recovery_code_hashes.clear();
  }
  LeavingAdmin leaving;
  if (!is_active_admin(user)) leaving = leave_admins(before);
  user.updated_at = runtime::now().wall;
  std::vector<store::CatalogChange> changes;
  if (!user.enabled) end_sessions(user.id, SessionId{}, changes);
  co_return co_await save_user(call, before, user, "user.updated", std::move(changes));
}

asio::awaitable<Response> Api::save_user(const Call& call, const User& before, const User& user,
                                         std::string_view action, std::vector<store::CatalogChange> changes) {
  changes.emplace_back(user);
  const bool of_teams = audit_memberships(call, action, &before, &user, changes);
  if (!of_teams || audit_members(before) != audit_members(user)) audit_account(call, action, &before, &user, changes);
  const auto answer = co_await engine_.change("user " + user.email, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return user_response(user, call.principal);
}

// An account, for who may do everything; else only its membership in the caller's team.
asio::awaitable<Response> Api::delete_user(const Call& call) {
  const User before = visible_user(call);
  if (call.principal.limited()) {
    User user = before;
    set_memberships(user, {}, call.principal);
    Response answer = co_await save_user(call, before, user, "user.removed_from_team", {});
    co_return answer.status == 200 ? Response{204, "", "", {}} : std::move(answer);
  }
  const LeavingAdmin leaving = leave_admins(before);
  std::vector<store::CatalogChange> changes{store::Removed<UserId>{before.id}};
  end_sessions(before.id, SessionId{}, changes);
  audit_memberships(call, "user.deleted", &before, nullptr, changes);
  audit_account(call, "user.deleted", &before, nullptr, changes);
  const auto answer = co_await engine_.change("user " + before.email, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

// For who has lost the password where no e-mail is sent.
asio::awaitable<Response> Api::create_reset_link(const Call& call) {
  const User user = visible_user(call);
  std::vector<store::CatalogChange> changes;
  void_reset_links(user.id, changes);  // only the newest that an admin hands over works
  const auto issued = reset_link(user, changes);
  changes.emplace_back(audit(call, "user.password_reset_requested", "", user.id.str(), user.email));
  const auto answer = co_await engine_.change("reset " + user.email, std::move(changes));
  if (!answer) co_return refusal(answer.error());
  JsonWriter out;
  out.begin_object().key("link").string(link_url(sign_in_.public_url, issued));
  out.key("expires_at").string(format_rfc3339(issued.row.expires_at)).end_object();
  co_return Response{201, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

}  // namespace limehook::api
