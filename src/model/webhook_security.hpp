#pragma once
// How a webhook and its receiver prove to each other who they are, beyond the secret and the token.

#include <cstdint>
#include <string>

#include "base/time.hpp"

namespace limehook {

// Which signatures the webhook-signature header carries (Standard Webhooks 1.0.0). At least one.
struct SignatureSchemes {
  bool v1 = true;    // HMAC-SHA256 by the secret
  bool v1a = false;  // Ed25519 by the webhook's own key pair
  bool operator==(const SignatureSchemes&) const = default;
};

// Where the Authorization header's token comes from (OAuth 2.0 client credentials, RFC 6749 section 4.4).
struct OauthSettings {
  enum class ClientAuth : std::uint8_t { Basic, Body };  // RFC 6749 section 2.3.1

  std::string token_url;
  std::string client_id;
  std::string client_secret;
  std::string scope;     // empty: not sent
  std::string audience;  // likewise
  ClientAuth auth = ClientAuth::Basic;
  bool operator==(const OauthSettings&) const = default;
};

// What Limehook shows of itself to receivers that ask for a certificate (mutual TLS).
struct ClientCertificate {
  std::string certificate;  // PEM: the client's first, then those between it and its authority
  std::string private_key;  // PEM, not encrypted
  std::string subject;      // of the first certificate, as RFC 2253 writes names
  WallTime not_after{};     // likewise
  bool operator==(const ClientCertificate&) const = default;
};

}  // namespace limehook
