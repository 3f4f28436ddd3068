#include "identity/profile.hpp"

#include <algorithm>

#include "base/characters.hpp"
#include "base/email_address.hpp"
#include "base/limits.hpp"

namespace limehook::identity {

void take_profile(OidcIdentity& identity, const boost::json::object& claims) {
  const auto email = text_member(claims, "email").value_or("");
  if (!email_problem(email)) {
    const auto* const verified = claims.if_contains("email_verified");
    identity.email = email;
    identity.email_verified = verified && verified->is_bool() && verified->get_bool();
  }
  const auto name = text_member(claims, "name").value_or("");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  if (!name.empty() && characters_in(name) <= limits::kNameCharactersMax && std::ranges::none_of(name, is_control))
    identity.name = name;
}

}  // namespace limehook::identity
