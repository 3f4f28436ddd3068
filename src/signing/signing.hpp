#pragma once
// Signatures of a delivery (spec, section 2): Standard Webhooks 1.0.0 and X-LimeCall-Signature. Pure functions over
// bytes; the time is passed in.

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/types.h>

#include "base/ids.hpp"

namespace limehook::signing {

using Mac = std::array<unsigned char, 32>;

// HMAC-SHA256 (RFC 2104) with one key, prepared once and used for many messages.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  Mac mac(std::initializer_list<std::string_view> parts) const;

 private:
  // SHA-256's chaining values after the key's block. There may be 100,000 of these, so no more than that is kept.
  using Chaining = std::array<std::uint32_t, 8>;
  Chaining inner_;
  Chaining outer_;
};

std::string hex(std::span<const unsigned char> bytes);  // lower case
std::string base64(std::span<const unsigned char> bytes);
std::optional<std::string> base64_decode(std::string_view text);  // strict: standard alphabet, padded

// "whsec_" and the base64 of 32 bytes from the system's random source.
std::string generate_secret();
// A bearer token: 32 random bytes in base64url after `prefix`.
std::string generate_token(std::string_view prefix);
// What is wrong with `secret` as a signing secret: it must be "whsec_" and the base64 of 24 to 64 bytes.
std::optional<std::string> secret_problem(std::string_view secret);

// The signatures of one attempt as Attempt::signatures keeps them: for each a byte that says which it is, then its
// bytes. The numbers are stored; never reuse one.
enum class SignatureKind : unsigned char {
  Limecall = 1,          // HMAC-SHA256, 32 bytes
  Standard = 2,          // "v1": HMAC-SHA256, 32 bytes
  StandardEd25519 = 3,   // "v1a": Ed25519, 64 bytes
  LimecallPrevious = 4,  // by the last of the secrets that are being replaced
  StandardPrevious = 5,  // by each of them
};

struct SignedHeaders {
  std::string limecall;           // value of X-LimeCall-Signature
  std::string limecall_previous;  // value of X-LimeCall-Signature-Previous; empty: no such header
  std::string webhook_signature;  // value of webhook-signature: "v1,…", "v1a,…", several with spaces between them
};
// `signatures` is what Signer::sign() gave.
SignedHeaders headers_of(std::string_view signatures);

// An Ed25519 key pair (RFC 8032) in the text form of Standard Webhooks.
struct KeyPair {
  std::string private_key;  // "whsk_" and the base64 of the seed and the public key, 64 bytes
  std::string public_key;   // "whpk_" and the base64 of 32 bytes
};
KeyPair generate_key_pair();
// The public key as SubjectPublicKeyInfo (RFC 8410) in PEM. Nothing when `public_key` is none.
std::optional<std::string> public_key_pem(std::string_view public_key);

// An Ed25519 private key, prepared once and used for many messages. Copies share it.
class Ed25519Signer {
 public:
  // `private_key` is one of generate_key_pair().
  explicit Ed25519Signer(std::string_view private_key);
  std::array<unsigned char, 64> sign(std::string_view message) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
};

// A secret that is being replaced. Satisfies secret_problem().
struct ExpiringSecret {
  std::string_view secret;
  WallTime expires_at{};
};

// What one webhook version signs with.
struct SigningKeys {
  std::string_view secret;               // must satisfy secret_problem()
  std::vector<ExpiringSecret> previous;  // the last to be replaced first
  bool v1 = true;                        // put HMACs into webhook-signature
  std::string_view private_key;          // "whsk_…", for v1a; empty: none
};

// Signs for one webhook version.
class Signer {
 public:
  explicit Signer(const SigningKeys& keys);
  // The signatures; `timestamp` is the attempt's in whole Unix seconds.
  std::string sign(std::string_view webhook_id, std::int64_t timestamp, std::string_view body) const;

 private:
  struct Key {
    HmacSha256 limecall;
    HmacSha256 standard;
  };
  struct PreviousKey {
    Key key;
    std::int64_t expires_at;  // Unix seconds
  };
  Key current_;
  bool v1_;
  std::vector<PreviousKey> previous_;     // rare
  std::optional<Ed25519Signer> ed25519_;  // rare
};

// Verification as a receiver does it (`limehook verify`, `limehook listen`).
enum class VerifyError { MissingHeader, BadTimestamp, TimestampTooOld, TimestampInFuture, NoMatch };
std::string_view text_of(VerifyError error);
inline constexpr std::int64_t kTimestampToleranceSeconds = 300;

// The values of the headers of that name, as received.
struct StandardHeaders {
  std::string_view id;
  std::string_view timestamp;
  std::string_view signature;
};
// By the webhook's secret ("v1").
std::expected<void, VerifyError> verify_standard(std::string_view secret, const StandardHeaders& headers,
                                                 std::string_view body, WallTime now);
// By the webhook's public key, "whpk_…" ("v1a").
std::expected<void, VerifyError> verify_standard_ed25519(std::string_view public_key, const StandardHeaders& headers,
                                                         std::string_view body, WallTime now);
// What is wrong with `public_key`: it must be "whpk_" and the base64 of 32 bytes.
std::optional<std::string> public_key_problem(std::string_view public_key);
bool verify_limecall(std::string_view secret, std::string_view signature, std::string_view body);

// Equal in constant time for texts of equal length.
bool equal_constant_time(std::string_view a, std::string_view b);
std::array<unsigned char, 32> sha256(std::string_view bytes);

}  // namespace limehook::signing
