#pragma once
// ID tokens: whether one was made by the provider, for us, for this sign-in, and now (OIDC Core, section 3.1.3.7). No
// I/O; the time is passed in. Any thread.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cjose/jwk.h>

#include "identity/oidc_types.hpp"

namespace limehook::identity {

inline constexpr std::size_t kIdTokenBytesMax = 16 * 1024;
inline constexpr auto kClockSkew = std::chrono::seconds(60);  // the provider's clock may differ by that

// One of the provider's public keys.
struct VerificationKey {
  std::string id;         // "kid"; empty: none
  std::string algorithm;  // the only one it is for; empty: any that suits its kind
  std::string kind;       // "RSA", or the curve: "P-256", "P-384", "P-521"
  std::shared_ptr<cjose_jwk_t> key;
};
using KeySet = std::vector<VerificationKey>;

// The keys of a JWK Set (RFC 7517) that ID tokens may be signed with. Left out is what is of no use here: symmetric and
// private keys' secrets, keys for encryption, RSA below 2048 or above 8192 bits, other curves. Nothing when `json` is
// no set, or has more than 100 keys.
std::optional<KeySet> read_key_set(std::string_view json);

struct IdTokenExpectation {
  std::string issuer;
  std::string client_id;
  std::string nonce;
};

struct IdTokenProblem {
  enum class Kind : std::uint8_t { UnknownKey, Invalid };  // UnknownKey: newer keys may help
  Kind kind{};
  std::string what;  // goes on "the ID token …"; holds nothing of the token
};

// Algorithms: RS256, PS256, ES256, ES384, ES512; never "none" or a symmetric one, whatever the keys are. The key is the
// one that the header's "kid" names; without one there must be a single key that suits.
std::expected<OidcIdentity, IdTokenProblem> read_id_token(std::string_view token, const KeySet& keys,
                                                          const IdTokenExpectation& expected, WallTime now);

}  // namespace limehook::identity
