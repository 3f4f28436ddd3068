#pragma once
// Words of others in messages of ours. Private to this folder.

#include <algorithm>
#include <string>
#include <string_view>

namespace limehook::identity {

// The code of an error (RFC 6749, sections 4.1.2.1 and 5.2) when it looks like one; anything else might hold what a log
// must not.
inline std::string error_code_for_log(std::string_view text) {
  const auto is_odd = [](char c) { return (c < 'a' || c > 'z') && c != '_'; };
  if (text.empty() || text.size() > 64 || std::ranges::any_of(text, is_odd)) return "an unknown error";
  return std::string(text);
}

}  // namespace limehook::identity
