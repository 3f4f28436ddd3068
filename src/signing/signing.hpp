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

// The MACs of one attempt, in the order in which Attempt::signatures keeps them: LimeCall, Standard, and while a
// secret is being rotated the old secret's LimeCall and Standard.
struct SignedHeaders {
  std::string limecall;           // value of X-LimeCall-Signature
  std::string limecall_previous;  // value of X-LimeCall-Signature-Previous; empty: no such header
  std::string webhook_signature;  // value of webhook-signature: "v1,…", two of them during a rotation
};
SignedHeaders headers_of(std::string_view macs);

// Signs for one webhook version.
class Signer {
 public:
  // Both must satisfy secret_problem(); `previous_secret` may be empty.
  Signer(std::string_view secret, std::string_view previous_secret, std::optional<WallTime> previous_expires_at);
  // The raw MACs; `timestamp` is the attempt's in whole Unix seconds.
  std::string sign(std::string_view webhook_id, std::int64_t timestamp, std::string_view body) const;

 private:
  struct Key {
    HmacSha256 limecall;
    HmacSha256 standard;
  };
  Key current_;
  std::unique_ptr<const Key> previous_;   // rare
  std::int64_t previous_expires_at_ = 0;  // Unix seconds
};

// Verification as a receiver does it (`limehook verify`, `limehook listen`).
enum class VerifyError { MissingHeader, BadTimestamp, TimestampTooOld, TimestampInFuture, NoMatch };
std::string_view text_of(VerifyError error);
inline constexpr std::int64_t kTimestampToleranceSeconds = 300;

std::expected<void, VerifyError> verify_standard(std::string_view secret, std::string_view webhook_id,
                                                 std::string_view webhook_timestamp, std::string_view webhook_signature,
                                                 std::string_view body, WallTime now);
bool verify_limecall(std::string_view secret, std::string_view signature, std::string_view body);

// Equal in constant time for texts of equal length.
bool equal_constant_time(std::string_view a, std::string_view b);
std::array<unsigned char, 32> sha256(std::string_view bytes);

}  // namespace limehook::signing
