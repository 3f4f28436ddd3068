// /v1/setup, /v1/invitations, /v1/links: how accounts come to be.

#include <boost/json.hpp>

#include "api/api.hpp"
#include "api/audit.hpp"
#include "api/body.hpp"
#include "api/page.hpp"
#include "api/people.hpp"
#include "runtime/clocks.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

std::string_view role_name(const Link& link) { return link.admin ? name_of(Role::Admin) : name_of(link.role); }

std::string_view kind_name(LinkKind kind) {
  switch (kind) {
    case LinkKind::Setup:
      return "setup";
    case LinkKind::Invitation:
      return "invitation";
    case LinkKind::PasswordReset:
      return "password_reset";
    case LinkKind::Portal:
      return "portal";
    case LinkKind::ConfirmEmail:
      return "confirm_email";
  }
  return "";
}

void write_invitation(JsonWriter& out, const Link& link) {
  out.key("id").string(link.id.str()).key("email").string(link.email).key("name").string_or_null(link.name);
  out.key("role").string(role_name(link)).key("team_id").string_or_null(link.team_id);
  out.key("created_at").string(format_rfc3339(link.created_at));
  out.key("expires_at").string(format_rfc3339(link.expires_at));
}

Link read_invitation(Body& body, const Principal& principal) {
  Link link{.kind = LinkKind::Invitation};
  link.email = body.email("email");
  link.name = body.optional_text("name", limits::kNameCharactersMax);
  link.team_id = body.optional_text("team_id", limits::kTeamIdCharactersMax);
  const std::string role = body.text("role", limits::kNameCharactersMax);
  const auto named = role_named(role);
  if (!role.empty() && (!named || *named == Role::Ingest)) body.wrong("role", "must be admin, manage or read");
  link.role = named.value_or(Role::Read);
  link.admin = named == Role::Admin;
  if (link.admin && !link.team_id.empty()) body.wrong("team_id", "must not be given for an admin");
  if (!link.admin && link.team_id.empty()) link.team_id = principal.team_id;
  if (!link.admin && link.team_id.empty()) body.wrong("team_id", "is required for this role");
  body.finish();
  if (link.admin && principal.limited()) {
    throw Fault{problem(403, "Only an admin invites admins.", {{"/role", "is not for you to give"}})};
  }
  if (!link.admin && !principal.sees_team(link.team_id)) {
    throw Fault{problem(403, "That team is not yours.", {{"/team_id", "names a team that is not yours"}})};
  }
  return link;
}

}  // namespace

Link Api::valid_link(const std::string& token, LinkKind kind) const {
  const Link* link = engine_.directory().links().find(signing::sha256(token));
  if (!link || link->kind != kind || !works(*link)) {
    throw Fault{problem(404, "This link is not valid, or not any more.")};
  }
  return *link;
}

// An invitation and a portal's link end with whoever made them, or with their right to make them.
bool Api::works(const Link& link) const {
  const WallTime now = runtime::now().wall;
  if (link.expires_at <= now) return false;
  if (link.kind != LinkKind::Invitation && link.kind != LinkKind::Portal) return true;
  const auto maker = role_of_maker(link.made_by, link.team_id, engine_.directory(), now);
  return maker == Role::Admin || (maker == Role::Manage && !link.admin);
}

std::string Api::team_name(const std::string& team_id) const {
  const auto made = engine_.directory().teams().find(team_id);
  return made == engine_.directory().teams().end() || made->second.name.empty() ? team_id : made->second.name;
}

void Api::check_links(const Principal& principal, std::string_view team_id) const {
  const auto same_team = [&](const auto& row) { return row.second.team_id == team_id; };
  check_room(principal, static_cast<std::size_t>(std::ranges::count_if(engine_.directory().links().all(), same_team)),
             limits::kLinksPerTeamMax);
}

// What a page must know before it asks for anything. The token is in the body, so that it is in no log of requests.
asio::awaitable<Response> Api::look_at_link(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  body.finish();
  const Link* found = engine_.directory().links().find(signing::sha256(token));
  const Link link = valid_link(token, found ? found->kind : LinkKind::Setup);
  const User* user = link.kind == LinkKind::PasswordReset ? engine_.directory().find_user(link.user)
                                                          : engine_.directory().find_user_by_email(link.email);
  JsonWriter out;
  out.begin_object().key("kind").string(kind_name(link.kind));
  out.key("email").string_or_null(user ? user->email : link.email).key("name").string_or_null(link.name);
  out.key("role").string_or_null(link.kind == LinkKind::Invitation ? role_name(link) : "");
  out.key("team_id").string_or_null(link.team_id);
  out.key("team_name")
      .string_or_null(link.team_id.empty() ? "" : team_name(link.team_id))
      .key("account_exists")
      .boolean(user != nullptr);
  out.key("expires_at").string(format_rfc3339(link.expires_at)).end_object();
  co_return Response{200, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

// A link that makes the first admin, as long as there is nobody; older ones stop working.
asio::awaitable<std::optional<std::string>> Api::offer_setup() {
  if (!engine_.directory().users().empty()) co_return std::nullopt;
  std::vector<store::CatalogChange> changes;
  for (const auto& [id, link] : engine_.directory().links().all()) {
    if (link.kind == LinkKind::Setup) changes.emplace_back(store::Removed<LinkId>{id});
  }
  const auto issued = new_link(engine_.new_id(), LinkKind::Setup, runtime::now().wall, limits::kSetupLinkValid);
  changes.emplace_back(issued.row);
  if (!co_await engine_.change("setup", std::move(changes))) co_return std::nullopt;
  co_return link_url(sign_in_.public_url, issued);
}

asio::awaitable<Response> Api::set_up(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  const std::string email = body.email("email");
  const std::string name = body.optional_text("name", limits::kNameCharactersMax);
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  const Link link = token.empty() ? Link{} : valid_link(token, LinkKind::Setup);
  check_new_password(body, "password", password, email);
  body.finish();
  const std::string hash = co_await hash_of(password);
  valid_link(token, LinkKind::Setup);  // it may have been used meanwhile
  if (!engine_.directory().users().empty() || !setting_up_.insert(link.id).second) {
    co_return problem(409, "There is an admin already.");
  }
  const WallTime now = runtime::now().wall;
  const User user{.id = UserId{engine_.new_id()},
                  .email = email,
                  .name = name,
                  .admin = true,
                  .created_at = now,
                  .updated_at = now,
                  .password_hash = hash};
  auto response = co_await begin_session(call, user, "user.created", {store::Removed<LinkId>{link.id}});
  setting_up_.erase(link.id);
  co_return response;
}

asio::awaitable<Response> Api::list_invitations(const Call& call) {
  const auto passes = [this, team = call.team()](const Link& link) {
    return link.kind == LinkKind::Invitation && works(link) && (!team || link.team_id == *team);
  };
  co_return newest_page(call, engine_.directory().links().all(), passes, write_invitation);
}

// Only admins see the link: with it one becomes who is invited, and nobody else vouches that an address belongs to
// somebody.
asio::awaitable<Response> Api::create_invitation(const Call& call) {
  Body body(call);
  const Link wanted = read_invitation(body, call.principal);
  if (!wanted.team_id.empty()) check_known_team(wanted.team_id, "/team_id");
  const bool shows_link = !call.principal.limited();
  if (!shows_link && !options_.send_mail) {
    throw Fault{problem(409, "There is no mail server. Ask an admin to invite.")};
  }
  check_links(call.principal, wanted.team_id);
  // Only admins vouch for whom they write to; and nobody gets one letter after another.
  const auto now = runtime::now().mono;
  const bool mails = options_.send_mail && (shows_link ? mails_to_address_.take(wanted.email, now)
                                                       : may_mail_stranger(wanted.team_id, wanted.email, now));
  if (!shows_link && !mails) {
    Response response =
        problem(429, "No more invitations today, of this team or to this address. Ask an admin to invite.");
    response.headers.emplace_back("Retry-After", "86400");
    throw Fault{std::move(response)};
  }
  auto issued = new_link(engine_.new_id(), LinkKind::Invitation, runtime::now().wall, limits::kInvitationValid);
  issued.row.email = wanted.email;
  issued.row.name = wanted.name;
  issued.row.admin = wanted.admin;
  issued.row.team_id = wanted.team_id;
  issued.row.role = wanted.role;
  issued.row.made_by = call.principal.id;
  auto entry = audit(call, "user.invited", wanted.team_id, issued.row.id.str(), wanted.email);
  set_change(entry, {}, {{"role", role_name(wanted)}, {"team_id", wanted.team_id}});
  const auto answer = co_await engine_.change(issued.row.id.str(), {issued.row, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  const std::string url = link_url(sign_in_.public_url, issued);
  if (mails) {
    options_.send_mail({AccountMail::Kind::Invitation, wanted.email, url, limits::kInvitationValid,
                        call.principal.kind == ActorKind::User ? call.principal.name : "", team_name(wanted.team_id)});
  }
  JsonWriter out;
  write_invitation(out.begin_object(), issued.row);
  out.key("mailed").boolean(mails);
  if (shows_link) out.key("link").string(url);
  out.end_object();
  co_return Response{201, "application/json", out.take(), {{"Cache-Control", "no-store"}}};
}

asio::awaitable<Response> Api::delete_invitation(const Call& call) {
  const Link* link = engine_.directory().links().find(path_id<LinkId>(call, "invitation"));
  const bool visible = link && link->kind == LinkKind::Invitation && call.principal.sees_team(link->team_id);
  if (!visible) throw Fault{not_found("invitation")};
  auto entry = audit(call, "user.invitation_revoked", link->team_id, link->id.str(), link->email);
  const auto answer = co_await engine_.change(link->id.str(), {store::Removed<LinkId>{link->id}, std::move(entry)});
  if (!answer) co_return refusal(answer.error());
  co_return Response{204, "", "", {}};
}

// Who has an account already must be signed in to it; whoever has the link only, makes one.
asio::awaitable<Response> Api::accept_invitation(const Call& call) {
  Body body(call);
  const std::string token = body.text("token", limits::kTokenBytesMax);
  const Link link = token.empty() ? Link{} : valid_link(token, LinkKind::Invitation);
  if (engine_.directory().find_user_by_email(link.email)) {
    body.finish();
    co_return co_await join_by_invitation(call, link);
  }
  const std::string name = body.optional_text("name", limits::kNameCharactersMax);
  const std::string password = body.text("password", limits::kPasswordFieldBytesMax);
  check_new_password(body, "password", password, link.email);
  body.finish();
  const std::string hash = co_await hash_of(password);
  valid_link(token, LinkKind::Invitation);  // it may have been used meanwhile
  if (engine_.directory().find_user_by_email(link.email)) co_return refusal(delivery::Refusal::Conflict);
  const WallTime now = runtime::now().wall;
  User user{.id = UserId{engine_.new_id()},
            .email = link.email,
            .name = name.empty() ? link.name : name,
            .created_at = now,
            .updated_at = now,
            .password_hash = hash};
  take_invitation(user, link);
  co_return co_await begin_session(call, std::move(user), "user.created", {store::Removed<LinkId>{link.id}});
}

asio::awaitable<Response> Api::join_by_invitation(const Call& call, const Link& link) {
  Call as_user = call;
  as_user.principal = principal_of(call.request);
  const User* found = engine_.directory().find_user(as_user.principal.user);
  if (!found || found->email != link.email) throw Fault{unauthorized("Sign in as " + link.email + " first.")};
  const User before = *found;
  User user = before;
  take_invitation(user, link);
  Response saved = co_await save_user(as_user, before, user, "user.joined", {store::Removed<LinkId>{link.id}});
  const Session* session = engine_.directory().sessions().find(as_user.principal.session);
  if (saved.status != 200 || !session) co_return saved;
  co_return signed_in(user, *session, cookie(call.request, session_cookie_name(auth_.secure(call.request))));
}

}  // namespace limehook::api
