#pragma once
// Seals secrets, and opens what is sealed: AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits.
//
// What is sealed is bytes: the format's version (one byte, 1), the key's id (8), the nonce (12), the ciphertext, the
// tag (16). Version, key id and context are authenticated with it.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "vault/key.hpp"

namespace limehook::vault {

enum class OpenError : std::uint8_t {
  NotSealed,   // it does not have the format, or a later version of it
  UnknownKey,  // no key of the ring has sealed it
  Damaged,     // it was changed, or sealed in another context
};
std::string_view text_of(OpenError error);  // "not sealed"

// Has it the format of what is sealed? That much can be told without a key.
bool is_sealed(std::string_view bytes);

// Immutable, so it serves many threads.
class Vault {
 public:
  // `keys` has at least one.
  explicit Vault(KeyRing keys);

  // `context` says what the secret belongs to: opening it needs the same, so that what was sealed for one thing cannot
  // be put in the place of another's.
  std::string seal(std::string_view plaintext, std::string_view context) const;
  std::expected<std::string, OpenError> open(std::string_view sealed, std::string_view context) const;

 private:
  KeyRing keys_;
};

}  // namespace limehook::vault
