#pragma once
// The values of a sign-in with OpenID Connect (OpenID Connect Core 1.0, "OIDC Core" below).

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace limehook::identity {

// What is remembered between sending a browser to the provider and its coming back: in this browser only, such as in a
// short-lived cookie that is HttpOnly, or here under `state` with a cookie that holds it. Good for one return.
struct OidcFlow {
  std::string state;      // ties the return to this browser (RFC 6749, section 10.12)
  std::string nonce;      // ties the ID token to this flow
  std::string verifier;   // of PKCE (RFC 7636); nobody but the provider's token endpoint gets it
  std::string return_to;  // a path on this server, with its query
  WallTime expires_at{};
  bool operator==(const OidcFlow&) const = default;
};

// Who has signed in, as the provider says. `issuer` and `subject` together are who it is, for ever; an e-mail address
// may pass from one person to another, and counts for nothing unless `email_verified`.
struct OidcIdentity {
  std::string issuer;
  std::string subject;
  std::string email;  // one that email_problem() takes; empty: the provider told none
  bool email_verified = false;
  std::string name;  // for display; empty: the provider told none
  bool operator==(const OidcIdentity&) const = default;
};

// Why a sign-in did not succeed. Neither text holds a token, a code or a secret.
struct OidcProblem {
  enum class Kind : std::uint8_t {
    Unavailable,  // the provider or this server cannot do it now; trying again may help
    Refused,      // this sign-in is over; a new one may succeed
  };
  Kind kind{};
  std::string log;     // for the operator: what is wrong, and where
  std::string person;  // a sentence or two for who wants to sign in
  bool operator==(const OidcProblem&) const = default;
};

inline OidcProblem unavailable(std::string log) {
  return {OidcProblem::Kind::Unavailable, std::move(log),
          "The sign-in service does not answer as it should. Try again in a minute."};
}
inline OidcProblem refused(std::string log) {
  return {OidcProblem::Kind::Refused, std::move(log), "The sign-in could not be completed. Start again."};
}

}  // namespace limehook::identity
