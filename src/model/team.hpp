#pragma once
// Teams: the tenants (spec, section 1). Whoever calls the API may bring team ids of their own, and use one before the
// team is made; then the team is just its id.

#include <string>

#include "base/time.hpp"

namespace limehook {

struct Team {
  std::string id;  // "team_…", or the caller's own
  std::string name;
  WallTime created_at{};
  WallTime updated_at{};
  bool declared = false;  // an admin has created it, and not only given a name to one that was there
  // Where its log begins. What the id was used for before, when the team was created with nothing of its own, was
  // another's; only admins see that.
  WallTime begins_at{};
  bool operator==(const Team&) const = default;
};

}  // namespace limehook
