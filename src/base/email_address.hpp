#pragma once
// Addresses of e-mail, as far as people have them.

#include <optional>
#include <string>
#include <string_view>

namespace limehook {

// What is wrong with `text` as the addr-spec of RFC 5322, section 3.4.1, in ASCII: a dot-atom, "@", and a domain of
// letters, digits and hyphens, within the lengths of RFC 5321, section 4.5.3.1. Quoted local parts, comments and
// address literals are refused. Such an address can stand in a header or an SMTP command as it is.
std::optional<std::string> email_problem(std::string_view text);

}  // namespace limehook
