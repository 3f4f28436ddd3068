#pragma once
// Percent-encoding (RFC 3986, section 2.1). Private to this folder.

#include <string>
#include <string_view>

namespace limehook {

// `text` with every byte encoded but ASCII letters, digits and those in `kept`.
inline std::string percent_encoded(std::string_view text, std::string_view kept) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const auto byte = static_cast<unsigned char>(c);
    if (letter_or_digit || kept.contains(c)) out += c;
    else out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace limehook
