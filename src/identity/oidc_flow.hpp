#pragma once
// The beginning of a sign-in with OpenID Connect and the browser's return: pure but for random bits.

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "identity/oidc_types.hpp"

namespace limehook::identity {

inline constexpr auto kOidcFlowTime = std::chrono::minutes(10);

// A flow with fresh random values of 256 bits. `return_to` counts when is_local_path() takes it, else "/" does.
OidcFlow make_flow(std::string_view return_to, WallTime now);

// Whether a browser that is sent to `path` stays on this server: it begins with one slash, and no browser reads it as
// another host ("//host", "/\host", control characters).
bool is_local_path(std::string_view path);

// Where the browser goes (OIDC Core, section 3.1.2.1), with PKCE by S256.
std::string authorize_url(const OidcFlow& flow, std::string_view authorization_endpoint, std::string_view client_id,
                          std::string_view redirect_uri);

// What the browser brings back: the decoded parameters of the redirect URI's query.
struct OidcCallback {
  std::optional<std::string> state;
  std::optional<std::string> code;
  std::optional<std::string> error;   // RFC 6749, section 4.1.2.1
  std::optional<std::string> issuer;  // "iss" (RFC 9207)
};
// The code to exchange, when this is the return of `flow` in time. `issuer`: the one this server knows.
std::expected<std::string, OidcProblem> code_of_callback(const OidcFlow& flow, const OidcCallback& callback,
                                                         std::string_view issuer, WallTime now);

}  // namespace limehook::identity
