#include "identity/password.hpp"

#include <argon2.h>
#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "base/json_text.hpp"
#include "identity/common_passwords.hpp"
#include "model/event.hpp"

namespace limehook::identity {
namespace {

constexpr std::uint32_t kMemoryKib = 19'456;
constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::string_view kParameters = "$argon2id$v=19$m=19456,t=2,p=1$";
// A salt and a hash of zeros: well-formed, and the hash of no password that anybody will find.
constexpr auto kNobodysHash =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Without the digits and signs that people put before and behind a word.
std::string_view core_of(std::string_view text) {
  const auto of_word = [](char c) { return is_lower(c) || !is_ascii(c); };
  const auto first = std::ranges::find_if(text, of_word);
  auto last = text.end();
  while (last != first && !of_word(*(last - 1))) --last;
  return {first, last};
}

// Letters for the digits and signs that people write in their place.
std::string plain_letters(std::string text) {
  static constexpr std::string_view kSigns = "0134578@$!";
  static constexpr std::string_view kLetters = "oieastbasi";
  for (char& c : text) {
    if (const auto at = kSigns.find(c); at != std::string_view::npos) c = kLetters[at];
  }
  return text;
}

// "abc" of "abcabcabc".
std::string_view without_repetition(std::string_view text) {
  const auto period = (std::string(text) + std::string(text)).find(text, 1);
  return text.substr(0, period);
}

// Of one letter, counted up or down, or nearly so: "aaaaaaaaaaaa", "123456789012".
bool is_sequence(std::string_view text) {
  std::array<std::size_t, 3> steps{};
  for (std::size_t i = 1; i < text.size(); ++i) {
    const int step = text[i] - text[i - 1];
    if (step >= -1 && step <= 1) ++steps[static_cast<std::size_t>(step + 1)];
  }
  return std::ranges::max(steps) * 4 >= (text.size() - 1) * 3;
}

bool is_common(std::string_view text) {
  const auto known = [](std::string_view word) {
    return std::ranges::find(kCommonPasswords, word) != kCommonPasswords.end();
  };
  const auto core = core_of(text);
  const auto letters = plain_letters(std::string(core));
  return known(text) || known(without_repetition(text)) || known(without_repetition(core)) || known(letters) ||
         known(without_repetition(letters));
}

bool is_of_email(std::string_view text, std::string_view email) {
  const auto local = email.substr(0, email.find('@'));
  const auto core = core_of(text);
  return text == email || text == local || (!core.empty() && (core == core_of(email) || core == core_of(local)));
}

}  // namespace

std::optional<std::string> password_problem(std::string_view password, std::string_view email) {
  if (password.size() > kPasswordBytesMax) return fmt::format("must have at most {} bytes", kPasswordBytesMax);
  const auto is_control = [](char c) { return (is_ascii(c) && c < ' ') || c == '\x7f'; };
  if (std::ranges::any_of(password, is_control)) return "must not hold control characters";
  // The JSON parser knows UTF-8.
  if (json_problem(json_text::quote(password))) return "must be valid UTF-8";
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  if (static_cast<std::size_t>(std::ranges::count_if(password, is_first_byte)) < kPasswordCharactersMin) {
    return fmt::format("must have at least {} characters", kPasswordCharactersMin);
  }
  const auto text = ascii::lower(std::string(password));
  if (is_of_email(text, ascii::lower(std::string(email)))) return "must not be the e-mail address";
  if (is_sequence(text) || is_sequence(without_repetition(text))) return "must not be a sequence of characters";
  if (is_common(text)) return "is one of those that are tried first; choose another, such as a few unrelated words";
  return std::nullopt;
}

std::string hash_password(std::string_view password) {
  LIMEHOOK_ASSERT(password.size() <= kPasswordBytesMax);
  std::array<unsigned char, kSaltBytes> salt;
  LIMEHOOK_ASSERT(RAND_bytes(salt.data(), static_cast<int>(salt.size())) == 1);
  std::string encoded(argon2_encodedlen(kPasses, kMemoryKib, kLanes, kSaltBytes, kHashBytes, Argon2_id), '\0');
  const int code = argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(), salt.data(),
                                         salt.size(), kHashBytes, encoded.data(), encoded.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  LIMEHOOK_ASSERT(code == ARGON2_OK);
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(std::string_view password, const std::string& encoded) {
  if (password.size() > kPasswordBytesMax) return false;
  const int code = argon2id_verify(encoded.c_str(), password.data(), password.size());
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) throw std::bad_alloc();
  return code == ARGON2_OK;
}

void verify_nothing(std::string_view password) { static_cast<void>(verify_password(password, kNobodysHash)); }

bool needs_rehash(std::string_view encoded) { return !encoded.starts_with(kParameters); }

}  // namespace limehook::identity
