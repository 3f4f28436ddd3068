#pragma once
// What the routes about people share: how they are shown, sessions and links.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "api/auth.hpp"
#include "api/body.hpp"
#include "api/json_writer.hpp"
#include "http_server/server.hpp"
#include "model/session.hpp"

namespace limehook::api {

// The members of a user that `principal` may see: who is limited to a team sees memberships of that team only.
void write_user(JsonWriter& out, const User& user, const Principal& principal);
// What is answered to a person who has just proved who they are. `token` is the session's.
Response signed_in(const User& user, const Session& session, std::string_view token);
// What of a user goes to the audit log, but for their memberships.
boost::json::object audit_members(const User& user);

// A session or link, with the secret text whose hash it keeps.
template <class Row>
struct Issued {
  Row row;
  std::string token;
};
Issued<Session> new_session(std::int64_t id, WallTime now, Duration age, const http_server::Request& request);
Issued<Link> new_link(std::int64_t id, LinkKind kind, WallTime now, Duration valid);

// Adds the membership, or gives the one in that team its role; its place among the others stays.
void set_membership(User& user, const Membership& membership);
// What the invitation makes of `user`.
void take_invitation(User& user, const Link& link);

// Says in `body` what is wrong with its member `name` as the account's new password.
void check_new_password(Body& body, std::string_view name, const std::string& password, std::string_view email);

// Where a link leads: the token stands behind '#', which browsers keep to themselves.
std::string link_url(std::string_view public_url, const Issued<Link>& link);

}  // namespace limehook::api
