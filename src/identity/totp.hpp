#pragma once
// The second factor: one-time codes of an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 s) and recovery codes
// for those who have lost it. No clock and no store: the time and what was used before are passed in. Any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace limehook::identity {

// 160 random bits (RFC 4226, section 4, R6) in base 32 without padding. It must be stored as it is, in clear or
// encrypted.
std::string generate_totp_secret();

// What an authenticator app reads from a QR code: "otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=ISSUER&…". A colon in
// either name becomes a space, since it separates them.
std::string totp_uri(std::string_view secret, std::string_view account, std::string_view issuer);

// The time step (30 s since the Unix epoch) that `code` belongs to, at most one away from `now`'s and after
// `last_step`; nothing when there is none. Store what it answers as the account's next `last_step` before the sign-in
// counts: a code is good once (RFC 6238, section 5.2). `code` may hold spaces. Constant time for codes of six digits.
std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, WallTime now,
                                      std::int64_t last_step);

// The hash under which a recovery code is stored. The code has 80 random bits, so a plain SHA-256 is enough.
using RecoveryCodeHash = std::array<unsigned char, 32>;

// Ten codes such as "7kq2-x9fm-04tc-hw8e", to be shown once.
std::vector<std::string> generate_recovery_codes();
// Nothing when `code` cannot be one. Case, spaces and hyphens do not matter; o, i and l are read as 0 and 1.
std::optional<RecoveryCodeHash> recovery_code_hash(std::string_view code);
// The index of `code` among those still unused. Remove that one before the sign-in counts. Constant time.
std::optional<std::size_t> find_recovery_code(std::string_view code, std::span<const RecoveryCodeHash> unused);

}  // namespace limehook::identity
