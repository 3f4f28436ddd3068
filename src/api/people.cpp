#include "api/people.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "api/render.hpp"
#include "identity/password.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

constexpr std::string_view kLinkTokenPrefix = "lhl_";
constexpr std::size_t kUserAgentBytesMax = 200;

std::string_view page_of(LinkKind kind) {
  switch (kind) {
    case LinkKind::Setup:
      return "/setup";
    case LinkKind::Invitation:
      return "/invitation";
    case LinkKind::PasswordReset:
      return "/reset-password";
    case LinkKind::Portal:
      return "/portal";
    case LinkKind::ConfirmEmail:
      return "/confirm-email";
  }
  return "/";
}

}  // namespace

void write_user(JsonWriter& out, const User& user, const Principal& principal) {
  out.key("id").string(user.id.str()).key("email").string(user.email).key("name").string_or_null(user.name);
  out.key("admin").boolean(user.admin).key("teams").begin_array();
  for (const Membership& member : user.teams) {
    const bool own = principal.user == user.id;
    if (!own && !principal.sees_team(member.team_id)) continue;
    out.begin_object().key("team_id").string(member.team_id).key("role").string(name_of(member.role)).end_object();
  }
  out.end_array().key("enabled").boolean(user.enabled).key("totp").boolean(!user.totp_secret.empty());
  out.key("created_at").string(format_rfc3339(user.created_at));
  out.key("last_sign_in_at").string_or_null(user.last_sign_in_at ? format_rfc3339(*user.last_sign_in_at) : "");
}

Response signed_in(const User& user, const Session& session, std::string_view token) {
  JsonWriter out;
  out.begin_object().key("csrf_token").string(csrf_token(token)).key("user");
  write_user(out.begin_object(), user, {.kind = ActorKind::User, .user = user.id});
  out.end_object().key("expires_at").string(format_rfc3339(session.expires_at)).end_object();
  return {200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

boost::json::object audit_members(const User& user) {
  return {{"name", user.name}, {"admin", user.admin}, {"enabled", user.enabled}, {"totp", !user.totp_secret.empty()}};
}

Issued<Session> new_session(std::int64_t id, WallTime now, Duration age, const http_server::Request& request) {
  Issued<Session> issued{.token = signing::generate_token(kSessionTokenPrefix)};
  issued.row = {.id = SessionId{id},
                .hash = signing::sha256(issued.token),
                .client_address = request.client_address,
                .user_agent = to_utf8(request.header("user-agent").substr(0, kUserAgentBytesMax)),
                .created_at = now,
                .expires_at = now + age,
                .last_seen_at = now};
  return issued;
}

Issued<Link> new_link(std::int64_t id, LinkKind kind, WallTime now, Duration valid) {
  Issued<Link> issued{.token = signing::generate_token(kLinkTokenPrefix)};
  issued.row = {.id = LinkId{id},
                .kind = kind,
                .hash = signing::sha256(issued.token),
                .created_at = now,
                .expires_at = now + valid};
  return issued;
}

void set_membership(User& user, const Membership& membership) {
  const auto found = std::ranges::find(user.teams, membership.team_id, &Membership::team_id);
  if (found == user.teams.end()) user.teams.push_back(membership);
  else found->role = membership.role;
}

void take_invitation(User& user, const Link& link) {
  if (link.admin) user.admin = true;
  else set_membership(user, {link.team_id, link.role});
}

void check_new_password(Body& body, std::string_view name, const std::string& password, std::string_view email) {
  if (password.empty()) return;  // that it is missing has been said
  if (const auto problem = identity::password_problem(password, email)) body.wrong(name, *problem);
}

std::string link_url(std::string_view public_url, const Issued<Link>& link) {
  return std::string(public_url) + std::string(page_of(link.row.kind)) + "#" + link.token;
}

}  // namespace limehook::api
