#pragma once
// Letters of ASCII without case, as protocols compare them; other bytes stay as they are.

#include <algorithm>
#include <string>
#include <string_view>

namespace limehook::ascii {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return lower(c); });
  return text;
}

constexpr bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace limehook::ascii
