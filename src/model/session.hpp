#pragma once
// What people hold after they have proved who they are, and the links with which they get there. Of both only the hash
// of the secret part is kept, as of API keys.

#include <cstdint>
#include <optional>
#include <string>

#include "model/user.hpp"

namespace limehook {

// A signed-in browser, or an embedded portal of one team.
struct Session {
  SessionId id;
  KeyHash hash{};              // of the token
  UserId user;                 // nobody: a portal's
  std::string team_id;         // of a portal
  Role role{};                 // of a portal: Manage or Read
  std::string made_by;         // of a portal: as of the link that opened it
  std::string client_address;  // where it began
  std::string user_agent;      // likewise, shortened
  WallTime created_at{};
  WallTime expires_at{};    // however much it is used
  WallTime last_seen_at{};  // to the minute
  bool operator==(const Session&) const = default;

  bool portal() const { return !user; }
};

// That a session is in use. It does not bring back a session that has ended meanwhile.
struct SessionUse {
  SessionId session;
  WallTime at{};
};

// A link that works once, for as long as it is valid. The numbers are stored; never reuse one.
enum class LinkKind : std::uint8_t {
  Setup = 0,       // makes the first admin
  Invitation = 1,  // makes an account, or adds to one
  PasswordReset = 2,
  Portal = 3,        // opens a portal's session
  ConfirmEmail = 4,  // proves that somebody wants a team's notices at their address
};

struct Link {
  LinkId id;
  LinkKind kind{};
  KeyHash hash{};       // of the token
  std::string email;    // who is invited, or confirms
  std::string name;     // likewise
  bool admin = false;   // what an invitation makes of them: an admin,
  std::string team_id;  // or a member of this team,
  Role role{};          // with this role; likewise of a portal
  UserId user;          // whose password is reset
  std::string made_by;  // the id of the person or key that made it; empty: the configured key, or Limehook itself
  WallTime created_at{};
  WallTime expires_at{};
  bool operator==(const Link&) const = default;
};

}  // namespace limehook
