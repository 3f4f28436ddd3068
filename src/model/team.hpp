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
  bool operator==(const Team&) const = default;
};

}  // namespace limehook
