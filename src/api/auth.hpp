#pragma once
// Who is asking, and what they may see (spec, section 5: keys).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/api_key.hpp"
#include "model/webhook.hpp"

namespace limehook::api {

// Roles as a set.
enum RoleSet : unsigned {
  kAdmin = 1U << static_cast<unsigned>(Role::Admin),
  kManage = 1U << static_cast<unsigned>(Role::Manage),
  kIngest = 1U << static_cast<unsigned>(Role::Ingest),
  kRead = 1U << static_cast<unsigned>(Role::Read),
};

struct Principal {
  Role role{};
  std::string team_id;  // empty: not limited to a team

  bool in(unsigned roles) const { return (roles >> static_cast<unsigned>(role) & 1U) != 0; }
  bool limited() const { return !team_id.empty(); }
  // Another team's things, and those of the installation as a whole, do not exist for a team's key.
  bool sees_team(std::string_view other) const { return !limited() || other == team_id; }
};

// The key in "Authorization: Bearer …"; nothing for any other value.
std::optional<std::string_view> bearer(std::string_view authorization);

// Finds who a presented key belongs to, by its hash: what is compared tells nothing about any key's characters.
std::optional<Principal> find_principal(std::string_view key, const KeyHash& admin, const std::vector<ApiKey>& keys);

}  // namespace limehook::api
