#include "model/user.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace limehook {
namespace {

std::int64_t us(WallTime time) { return time.time_since_epoch().count(); }
WallTime time_of(const boost::json::value& value) { return WallTime(Duration(value.as_int64())); }
std::string text_of(const boost::json::object& json, std::string_view name) {
  return std::string(json.at(name).as_string());
}

}  // namespace

const Membership* User::membership(std::string_view team_id) const {
  const auto found = std::ranges::find(teams, team_id, &Membership::team_id);
  return found == teams.end() ? nullptr : &*found;
}

boost::json::object user_to_stored_json(const User& user) {
  boost::json::array teams;
  for (const Membership& member : user.teams) {
    teams.push_back({{"team_id", member.team_id}, {"role", name_of(member.role)}});
  }
  return {{"email", user.email},
          {"name", user.name},
          {"admin", user.admin},
          {"teams", std::move(teams)},
          {"enabled", user.enabled},
          {"oidc_subject", user.oidc_subject},
          {"created_at", us(user.created_at)},
          {"updated_at", us(user.updated_at)},
          {"last_sign_in_at", user.last_sign_in_at ? boost::json::value(us(*user.last_sign_in_at)) : nullptr}};
}

boost::json::object user_secrets_to_json(const User& user) {
  boost::json::array codes;
  for (const std::string& hash : user.recovery_code_hashes) codes.push_back(boost::json::string(hash));
  return {{"password_hash", user.password_hash},
          {"totp_secret", user.totp_secret},
          {"totp_step", user.totp_step},
          {"recovery_code_hashes", std::move(codes)}};
}

User user_from_stored_json(const boost::json::object& json, const boost::json::object& secrets) {
  User user;
  user.email = text_of(json, "email");
  user.name = text_of(json, "name");
  user.admin = json.at("admin").as_bool();
  for (const auto& member : json.at("teams").as_array()) {
    const auto role = role_named(member.at("role").as_string());
    user.teams.push_back({text_of(member.as_object(), "team_id"), role.value_or(Role::Read)});
  }
  user.enabled = json.at("enabled").as_bool();
  user.oidc_subject = text_of(json, "oidc_subject");
  user.created_at = time_of(json.at("created_at"));
  user.updated_at = time_of(json.at("updated_at"));
  if (const auto& at = json.at("last_sign_in_at"); !at.is_null()) user.last_sign_in_at = time_of(at);
  user.password_hash = text_of(secrets, "password_hash");
  user.totp_secret = text_of(secrets, "totp_secret");
  user.totp_step = secrets.at("totp_step").as_int64();
  for (const auto& hash : secrets.at("recovery_code_hashes").as_array()) {
    user.recovery_code_hashes.emplace_back(hash.as_string());
  }
  return user;
}

}  // namespace limehook
