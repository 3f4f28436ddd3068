#pragma once
// People who sign in: their accounts, what they may do, and how they prove who they are.

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/api_key.hpp"

namespace limehook {

struct Membership {
  std::string team_id;
  Role role{};  // Manage or Read
  bool operator==(const Membership&) const = default;
};

struct User {
  UserId id;
  std::string email;  // in lower case; unique
  std::string name;
  bool admin = false;             // of the installation: everything
  std::vector<Membership> teams;  // each team once
  bool enabled = true;
  std::string oidc_subject;  // the provider's issuer, a space, and its name for the person; empty: never came that way
  WallTime created_at{};
  WallTime updated_at{};
  std::optional<WallTime> last_sign_in_at;

  // Secrets, stored apart from the rest.
  std::string password_hash;   // as identity::hash_password() gave it; empty: none, and no way in by password
  std::string totp_secret;     // base32; empty: no second factor
  std::int64_t totp_step = 0;  // of the last code that was taken: no code works twice
  std::vector<std::string> recovery_code_hashes;  // of those that were not used yet
  bool operator==(const User&) const = default;

  const Membership* membership(std::string_view team_id) const;
};

// The form that is stored: everything but id and secrets, and the secrets.
boost::json::object user_to_stored_json(const User& user);
boost::json::object user_secrets_to_json(const User& user);
// From what these gave; `id` is not set.
User user_from_stored_json(const boost::json::object& json, const boost::json::object& secrets);

}  // namespace limehook
