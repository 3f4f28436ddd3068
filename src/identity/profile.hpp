#pragma once
// What a provider tells about a person beside who it is (OIDC Core, section 5.1). Private to this folder.

#include "identity/json_object.hpp"
#include "identity/oidc_types.hpp"

namespace limehook::identity {

// Puts e-mail address and name into `identity`. What cannot be shown or written to is left out. An address counts as
// verified by the JSON value true only; some providers say "true" of what others typed.
void take_profile(OidcIdentity& identity, const boost::json::object& claims);

}  // namespace limehook::identity
