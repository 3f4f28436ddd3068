#pragma once
// Who may use which route, and what is answered for another team's things: one table (spec, section 5). It is part of
// the table of routes in api.cpp; tests walk through all of it.

#include <string_view>

#include "model/api_key.hpp"

namespace limehook::api {

// Who may use a route, as a set. A signed-in person has a role too: an admin's, or that of a membership.
enum Who : unsigned {
  kAdmin = 1U << static_cast<unsigned>(Role::Admin),
  kManage = 1U << static_cast<unsigned>(Role::Manage),
  kIngest = 1U << static_cast<unsigned>(Role::Ingest),
  kRead = 1U << static_cast<unsigned>(Role::Read),
  kLook = kAdmin | kManage | kRead,
  kChange = kAdmin | kManage,
  kSend = kAdmin | kManage | kIngest,
  kPortal = 1U << 8,     // portals of a team as well, with one of these roles
  kTeamAdmin = 1U << 9,  // people who manage a team, but not its keys: a leaked one must not bring forth others
  kPeople = 1U << 10,    // people who are signed in, with any role or none; nobody else
  kAnybody = 1U << 11,   // whoever has proved who they are
  kOpen = 0,             // everybody: no key is needed
};

// What happens to those who are limited to a team and name another team's thing. To them it does not exist.
enum class Other : std::uint8_t {
  None,      // the route has nothing that belongs to a team
  NotFound,  // 404: the id in the path is another team's
  Filtered,  // a list without it; 403 when the query asks for another team by name
  Refused,   // 403: the body names another team
  Own,       // it is about whoever asks
};

struct AccessRule {
  std::string_view method;
  std::string_view pattern;  // "{id}" stands for one step
  unsigned who = kOpen;
  Other other = Other::None;
  std::string_view query = "";  // the parameters it takes, as read_query() knows them
};

}  // namespace limehook::api
