#pragma once
// Base 64 for URLs without padding (RFC 4648, section 5; RFC 7515, section 2). Private to this folder.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "signing/signing.hpp"

namespace limehook::identity {

inline std::string base64url(std::span<const unsigned char> bytes) {
  auto text = signing::base64(bytes);
  text.resize(std::min(text.find('='), text.size()));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

// Strict: no padding, no other characters, and only one text for the same bytes.
inline std::optional<std::string> base64url_decode(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  standard.append((4 - standard.size() % 4) % 4, '=');
  return signing::base64_decode(standard);
}

}  // namespace limehook::identity
