#pragma once
// What is said between this server and a provider of OpenID Connect: its discovery document (OpenID Connect Discovery
// 1.0) and the exchange of a code (RFC 6749, section 4.1.3). No I/O. Private to this folder.

#include <expected>
#include <string>
#include <string_view>

#include "identity/oidc_types.hpp"
#include "identity/web_fetch.hpp"

namespace limehook::identity {

struct ProviderDocument {
  std::string authorization_endpoint;
  std::string token_endpoint;
  std::string jwks_uri;
  std::string userinfo_endpoint;  // empty: there is none
  bool secret_in_header = true;   // client_secret_basic, else client_secret_post
};

std::string discovery_url(std::string_view issuer);

// The error is a sentence for the log. The document must name exactly `issuer`, and endpoints with https; with http too
// where they and the issuer are on this machine's loopback addresses.
std::expected<ProviderDocument, std::string> read_provider_document(std::string_view json, std::string_view issuer);

struct ClientCredentials {
  std::string id;
  std::string secret;
};
FetchRequest token_request(const ProviderDocument& provider, const ClientCredentials& client, const OidcFlow& flow,
                           std::string_view code, std::string_view redirect_uri);

struct Tokens {
  std::string id_token;
  std::string access_token;  // visible ASCII; empty: none
};
std::expected<Tokens, OidcProblem> read_token_answer(const FetchAnswer& answer);

}  // namespace limehook::identity
