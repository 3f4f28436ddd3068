#include "base/email_address.hpp"

#include <algorithm>

namespace limehook {
namespace {

constexpr std::size_t kAddressMax = 254;
constexpr std::size_t kLocalPartMax = 64;
constexpr std::size_t kLabelMax = 63;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// RFC 5322, section 3.2.3.
bool is_atom(std::string_view text) {
  const auto is_atext = [](char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, is_atext);
}

// RFC 1123, section 2.1.
bool is_label(std::string_view text) {
  const auto is_inner = [](char c) { return is_alphanumeric(c) || c == '-'; };
  return !text.empty() && text.size() <= kLabelMax && std::ranges::all_of(text, is_inner) && text.front() != '-' &&
         text.back() != '-';
}

bool all_between_dots(std::string_view text, bool (*holds)(std::string_view)) {
  while (true) {
    const auto dot = text.find('.');
    if (!holds(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::optional<std::string> email_problem(std::string_view text) {
  const auto at = text.find('@');
  if (at != std::string_view::npos && text.size() <= kAddressMax && at <= kLocalPartMax &&
      all_between_dots(text.substr(0, at), is_atom) && all_between_dots(text.substr(at + 1), is_label)) {
    return std::nullopt;
  }
  return "must be an e-mail address such as ops@example.com";
}

}  // namespace limehook
