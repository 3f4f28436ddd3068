#pragma once
// Keys with which callers of the API prove who they are (spec, section 5).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace limehook {

// The numbers are stored; never reuse one.
enum class Role : std::uint8_t {
  Admin = 0,   // everything
  Manage = 1,  // one team: its webhooks, log, events
  Ingest = 2,  // send events, for one team or for all
  Read = 3,    // one team, look only
};
std::string_view name_of(Role role);
std::optional<Role> role_named(std::string_view name);

using KeyHash = std::array<unsigned char, 32>;  // SHA-256 of the key's characters

struct ApiKey {
  KeyId id;
  std::string name;
  Role role{};
  std::string team_id;  // empty: not limited to a team
  KeyHash hash{};
  std::string hint;  // the key's last characters, to recognise it by
  WallTime created_at{};
  std::optional<WallTime> expires_at;    // refused from then on; nothing: never
  std::optional<WallTime> last_used_at;  // to the minute
  bool operator==(const ApiKey&) const = default;
};

// That a key is in use. It does not bring back a key that was revoked meanwhile.
struct KeyUse {
  KeyId key;
  WallTime at{};
};

}  // namespace limehook
