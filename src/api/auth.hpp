#pragma once
// Who is asking, and what they may see (spec, section 5: keys).

#include <optional>
#include <string>
#include <string_view>

#include "api/access.hpp"
#include "http_server/server.hpp"
#include "model/audit.hpp"
#include "model/session.hpp"
#include "runtime/directory.hpp"

namespace limehook::api {

struct Principal {
  ActorKind kind = ActorKind::Nobody;
  std::optional<Role> role;  // nothing: a person who is in no team
  std::string team_id;       // empty: not limited to a team
  std::string id;            // of the key, the user or the portal's session; empty: of the configured key
  std::string name;          // of the key; the user's e-mail address
  UserId user;               // of a person
  SessionId session;         // of a person or a portal
  KeyId key;                 // of a key that is not the configured one
  std::string account;       // with whose requests its own are counted: of a portal all those of its team

  bool may(unsigned who) const;
  bool operator==(const Principal&) const = default;
  bool is(Role wanted) const { return role == wanted; }
  // The same caller, who may do the same.
  bool same_reach(const Principal& other) const {
    return kind == other.kind && id == other.id && role == other.role && team_id == other.team_id;
  }
  bool limited() const { return role != Role::Admin && !(role == Role::Ingest && team_id.empty()); }
  // Another team's things, and those of the installation as a whole, do not exist for who is limited to a team.
  bool sees_team(std::string_view other) const { return !limited() || (!team_id.empty() && other == team_id); }
};

struct SessionLimits {
  Duration idle{};  // a session that is not used for that long ends
  Duration age{};   // however much it is used
};

struct AuthOptions {
  KeyHash admin_key{};  // the configured key
  SessionLimits sessions;
  bool secure_cookies = false;  // people come over https, though a proxy may not say so

  // Which cookie a request's session is in.
  bool secure(const http_server::Request& request) const { return request.secure || secure_cookies; }
};

// Why nobody could be found behind a request, in words for whoever sent it.
struct Unauthenticated {
  int status;  // 401, or 403 where somebody was found who must not do this
  std::string detail;
};

// Finds who sent `request`: by its key, or else by its cookie. What is compared are hashes, which tells nothing about
// any key's characters.
std::expected<Principal, Unauthenticated> identify(const http_server::Request& request, const AuthOptions& options,
                                                   const runtime::Directory& directory, WallTime now);
// The same, and notes the use of the key or session in `directory`.
std::expected<Principal, Unauthenticated> authenticate(const http_server::Request& request, const AuthOptions& options,
                                                       runtime::Directory& directory, WallTime now);

// What whoever made something for a team may do there now; nothing when they are gone, disabled or expired. `made_by`
// is their id; empty: of the configured key.
std::optional<Role> role_of_maker(std::string_view made_by, std::string_view team_id,
                                  const runtime::Directory& directory, WallTime now);

// The key in "Authorization: Bearer …"; nothing for any other value.
std::optional<std::string_view> bearer(std::string_view authorization);

// ---- cookies of signed-in people ----
inline constexpr std::string_view kSessionTokenPrefix = "lhs_";
inline constexpr std::string_view kPortalTokenPrefix = "lhp_";
// In which team a person acts.
inline constexpr std::string_view kTeamHeader = "limehook-team";
inline constexpr std::string_view kCsrfHeader = "x-csrf-token";

// The value of the cookie of that name; empty when there is none.
std::string_view cookie(const http_server::Request& request, std::string_view name);
std::string_view session_cookie_name(bool secure);
// Set-Cookie's value; an empty token takes the cookie away.
std::string session_cookie(std::string_view token, bool secure, Duration age);
// What a page must send with every change: known to who has the session's answer, but not to other sites, which can
// only make a browser send the cookie.
std::string csrf_token(std::string_view session_token);

}  // namespace limehook::api
