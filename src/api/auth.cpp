#include "api/auth.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "signing/signing.hpp"

namespace limehook::api {
namespace {

using http_server::Request;
using Found = std::expected<Principal, Unauthenticated>;

constexpr std::string_view kCookieName = "limehook_session";
// Browsers take a cookie of this name only from https and for exactly this host (RFC 6265bis, section 4.1.3).
constexpr std::string_view kSecureCookieName = "__Host-limehook_session";

std::unexpected<Unauthenticated> unknown(std::string detail) {
  return std::unexpected(Unauthenticated{401, std::move(detail)});
}
std::unexpected<Unauthenticated> refused(std::string detail) {
  return std::unexpected(Unauthenticated{403, std::move(detail)});
}

// In constant time: of the configured key, which somebody has chosen, even the hash's first bytes would tell something.
bool same_hash(const KeyHash& a, const KeyHash& b) {
  const auto text = [](const KeyHash& hash) {
    return std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size());
  };
  return signing::equal_constant_time(text(a), text(b));
}

bool changes_something(const Request& request) { return request.method != "GET" && request.method != "HEAD"; }

bool alive(const Session& session, const SessionLimits& limits, WallTime now) {
  return now < session.expires_at && (session.portal() || now < session.last_seen_at + limits.idle);
}

Found by_portal_token(std::string_view token, const AuthOptions& options, const runtime::Directory& directory,
                      WallTime now) {
  const Session* session = directory.sessions().find(signing::sha256(token));
  const auto maker = session ? role_of_maker(session->made_by, session->team_id, directory, now) : std::nullopt;
  const bool made_well = maker == Role::Admin || maker == Role::Manage;
  if (!session || !session->portal() || !made_well || !alive(*session, options.sessions, now)) {
    return unknown("This portal session has ended. Open the portal again.");
  }
  return Principal{.kind = ActorKind::Portal,
                   .role = session->role,
                   .team_id = session->team_id,
                   .id = session->id.str(),
                   .name = "portal of " + session->team_id,
                   .session = session->id,
                   .account = "portals of " + session->team_id};
}

Found by_key(std::string_view key, const AuthOptions& options, const runtime::Directory& directory, WallTime now) {
  if (key.starts_with(kPortalTokenPrefix)) return by_portal_token(key, options, directory, now);
  const KeyHash hash = signing::sha256(key);
  if (same_hash(hash, options.admin_key)) {
    return Principal{.kind = ActorKind::Key, .role = Role::Admin, .name = "configured admin key"};
  }
  const ApiKey* found = directory.keys().find(hash);
  if (!found) return unknown("This key is not known.");
  if (found->expires_at && now >= *found->expires_at) return unknown("This key has expired.");
  return Principal{.kind = ActorKind::Key,
                   .role = found->role,
                   .team_id = found->team_id,
                   .id = found->id.str(),
                   .name = found->name,
                   .key = found->id};
}

// The team that a person acts in: the one they name, or else their first.
Found in_team(Principal principal, const User& user, std::string_view team) {
  if (user.admin) {
    principal.role = Role::Admin;
    return principal;
  }
  const Membership* member = !team.empty() ? user.membership(team) : user.teams.empty() ? nullptr : &user.teams.front();
  if (!member && !team.empty()) return refused("You are not a member of this team.");
  if (member) {
    principal.role = member->role;
    principal.team_id = member->team_id;
  }
  return principal;
}

Found by_cookie(std::string_view token, const Request& request, const AuthOptions& options,
                const runtime::Directory& directory, WallTime now) {
  const Session* session = directory.sessions().find(signing::sha256(token));
  const User* user = session && !session->portal() ? directory.find_user(session->user) : nullptr;
  if (!user || !user->enabled || !alive(*session, options.sessions, now)) return unknown("Sign in first.");
  if (changes_something(request) && !signing::equal_constant_time(request.header(kCsrfHeader), csrf_token(token))) {
    return refused("The header X-CSRF-Token must carry the csrf_token of GET /v1/session.");
  }
  const auto names_team = [](const auto& header) { return header.first == kTeamHeader; };
  const bool empty = request.header(kTeamHeader).empty() && std::ranges::any_of(request.headers, names_team);
  if (empty) return refused("The header Limehook-Team names no team. Leave it out for your first one.");
  return in_team(
      {.kind = ActorKind::User, .id = user->id.str(), .name = user->email, .user = user->id, .session = session->id},
      *user, request.header(kTeamHeader));
}

}  // namespace

bool Principal::may(unsigned who) const {
  if ((who & kAnybody) != 0) return true;
  if ((who & kPeople) != 0) return kind == ActorKind::User;
  if ((who & kTeamAdmin) != 0 && kind == ActorKind::User && is(Role::Manage)) return true;
  if (kind == ActorKind::Portal && (who & kPortal) == 0) return false;
  return role && (who >> static_cast<unsigned>(*role) & 1U) != 0;
}

std::optional<Role> role_of_maker(std::string_view made_by, std::string_view team_id,
                                  const runtime::Directory& directory, WallTime now) {
  if (made_by.empty()) return Role::Admin;
  if (const auto id = KeyId::parse(made_by)) {
    const ApiKey* key = directory.keys().find(*id);
    if (!key || (key->expires_at && now >= *key->expires_at)) return std::nullopt;
    return key->role == Role::Admin || key->team_id == team_id ? std::optional(key->role) : std::nullopt;
  }
  const auto id = UserId::parse(made_by);
  const User* user = id ? directory.find_user(*id) : nullptr;
  if (!user || !user->enabled) return std::nullopt;
  if (user->admin) return Role::Admin;
  const Membership* member = user->membership(team_id);
  return member ? std::optional(member->role) : std::nullopt;
}

std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (authorization.size() <= kScheme.size()) return std::nullopt;
  if (!ascii::same(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const auto begin = authorization.find_first_not_of(' ', kScheme.size());
  return begin == std::string_view::npos ? std::nullopt : std::optional(authorization.substr(begin));
}

Found identify(const Request& request, const AuthOptions& options, const runtime::Directory& directory, WallTime now) {
  if (const auto authorization = request.header("authorization"); !authorization.empty()) {
    if (const auto key = bearer(authorization)) return by_key(*key, options, directory, now);
  } else if (const auto token = cookie(request, session_cookie_name(options.secure(request))); !token.empty()) {
    return by_cookie(token, request, options, directory, now);
  }
  return unknown("A key is needed: Authorization: Bearer lh_…");
}

Found authenticate(const Request& request, const AuthOptions& options, runtime::Directory& directory, WallTime now) {
  auto found = identify(request, options, directory, now);
  if (!found) return found;
  if (found->key) directory.use(found->key, now);
  if (found->session) directory.use(found->session, now);
  return found;
}

std::string_view cookie(const Request& request, std::string_view name) {
  std::string_view rest = request.header("cookie");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

std::string_view session_cookie_name(bool secure) { return secure ? kSecureCookieName : kCookieName; }

std::string session_cookie(std::string_view token, bool secure, Duration age) {
  const auto seconds = token.empty() ? 0 : std::chrono::duration_cast<std::chrono::seconds>(age).count();
  std::string out(session_cookie_name(secure));
  out += "=" + std::string(token) + "; Path=/; HttpOnly; SameSite=Lax; Max-Age=" + std::to_string(seconds);
  return secure ? out + "; Secure" : out;
}

std::string csrf_token(std::string_view session_token) {
  return signing::hex(signing::sha256("csrf " + std::string(session_token)));
}

}  // namespace limehook::api
