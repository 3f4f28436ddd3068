#pragma once
// Passwords: which may be chosen (in the spirit of NIST SP 800-63B, section 3.1.1: length and a list of bad ones, no
// rules of composition) and how they are kept (Argon2id, RFC 9106). Stateless; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace limehook::identity {

inline constexpr std::size_t kPasswordCharactersMin = 12;  // code points
inline constexpr std::size_t kPasswordBytesMax = 256;

// What is wrong with `password` as a new one for the account with that e-mail address, in words that follow "password".
std::optional<std::string> password_problem(std::string_view password, std::string_view email);

// The three below each take some 20 to 40 ms of a core and 19 MiB (m=19456 KiB, t=2, p=1: the least that OWASP's
// Password Storage Cheat Sheet asks for). They block, so keep them off the threads that serve others, and bound how
// many run at once. They throw std::bad_alloc where there is no memory.

// The password's hash with a new salt and its parameters, as a PHC string: "$argon2id$v=19$m=19456,t=2,p=1$…$…".
std::string hash_password(std::string_view password);
// False also when `encoded` is no hash of hash_password(), and for passwords longer than kPasswordBytesMax, at once.
bool verify_password(std::string_view password, const std::string& encoded);
// As much work as verify_password(), for accounts that do not exist or have no password, so that time does not tell.
void verify_nothing(std::string_view password);

// Whether `encoded` was made with other parameters than hash_password() has now; then hash again at the next sign-in.
bool needs_rehash(std::string_view encoded);

}  // namespace limehook::identity
