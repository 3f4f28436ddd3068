#include "http_client/masking.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/json_text.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {
namespace {

// Shorter values ("1", "yes") are no secrets, and would be found everywhere.
constexpr std::size_t kSecretSizeMin = 6;

void replace_all(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kMask.size())) {
    text.replace(at, secret.size(), kMask);
  }
}

// As it stands inside a JSON string.
std::string in_json(std::string_view secret) {
  std::string quoted;
  json_text::append_quoted(quoted, secret);
  return quoted.substr(1, quoted.size() - 2);
}

// Does the name of a header, by one of the words in it, say that its value is a credential? "X-Api-Key", "x-apikey".
bool names_credential(std::string_view name) {
  static constexpr std::array<std::string_view, 21> kWords{
      "auth",       "authorization", "authentication", "apikey", "bearer", "cookie",
      "credential", "credentials",   "hmac",           "jwt",    "key",    "login",
      "pass",       "passcode",      "password",       "passwd", "pwd",    "secret",
      "session",    "sid",           "token"};
  static constexpr std::array<std::string_view, 5> kEnds{"key", "token", "secret", "password", "auth"};
  const std::string lower = ascii::lower(std::string(name));
  std::string_view rest = lower;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("-_."), rest.size());
    const auto word = rest.substr(0, end);
    if (std::ranges::find(kWords, word) != kWords.end()) return true;
    if (std::ranges::any_of(kEnds, [&](std::string_view ending) { return word.ends_with(ending); })) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

// RFC 9110 section 11.4: "Bearer …", and what others send in its way.
bool begins_with_scheme(std::string_view value) {
  static constexpr std::array<std::string_view, 8> kSchemes{"basic",  "bearer", "token",     "apikey",
                                                            "digest", "hmac",   "signature", "negotiate"};
  const auto space = value.find(' ');
  if (space == std::string_view::npos) return false;
  return std::ranges::any_of(kSchemes, [&](auto scheme) { return ascii::same(value.substr(0, space), scheme); });
}

// Keys and tokens are long runs of letters mixed with digits; words, names, dates and versions are not.
bool looks_random(std::string_view value) {
  static constexpr std::size_t kRunMin = 16;
  static constexpr std::size_t kDigitsMin = 2;
  static constexpr std::size_t kHexDigitsMin = 32;  // as in a UUID
  std::size_t letters = 0, digits = 0, hex_digits = 0;
  for (const char c : value) {
    const bool digit = c >= '0' && c <= '9';
    const bool letter = ascii::lower(c) >= 'a' && ascii::lower(c) <= 'z';
    hex_digits = digit || (letter && ascii::lower(c) <= 'f') ? hex_digits + 1 : c == '-' ? hex_digits : 0;
    letters = letter ? letters + 1 : digit ? letters : 0;
    digits = digit ? digits + 1 : letter ? digits : 0;
    if (letters > 0 && digits >= kDigitsMin && letters + digits >= kRunMin) return true;
    if (hex_digits >= kHexDigitsMin) return true;
  }
  return false;
}

}  // namespace

void mask(std::string& text, std::string_view secret, bool cut) {
  if (secret.size() < kSecretSizeMin) return;
  replace_all(text, secret);
  if (std::string quoted = in_json(secret); quoted != secret) replace_all(text, quoted);
  if (!cut) return;
  for (std::size_t size = std::min(secret.size() - 1, text.size()); size >= kSecretSizeMin; --size) {
    if (!text.ends_with(secret.substr(0, size))) continue;
    text.replace(text.size() - size, size, kMask);
    return;
  }
}

void mask_basic(std::string& text, std::string_view authorization, bool cut) {
  constexpr std::string_view kScheme = "Basic ";
  if (!authorization.starts_with(kScheme)) return;
  authorization.remove_prefix(kScheme.size());
  mask(text, authorization, cut);
  const auto plain = signing::base64_decode(authorization);
  if (!plain) return;
  mask(text, *plain, cut);
  mask(text, std::string_view(*plain).substr(plain->find(':') + 1), cut);
}

bool holds_credential(const Header& header) {
  return names_credential(header.name) || begins_with_scheme(header.value) || looks_random(header.value);
}

void mask_secrets(std::string& text, const Webhook& webhook, bool cut) {
  mask(text, webhook.token, cut);
  mask(text, webhook.secret, cut);
  if (webhook.oauth) mask(text, webhook.oauth->client_secret, cut);
  for (const Header& header : webhook.headers) {
    if (!holds_credential(header)) continue;
    mask(text, header.value, cut);
    // "Bearer abc": what follows the scheme is the secret.
    mask(text, std::string_view(header.value).substr(header.value.find(' ') + 1), cut);
  }
}

}  // namespace limehook::http_client
