#pragma once
// One e-mail as text, ready for SMTP: RFC 5322 with MIME (RFC 2045, RFC 2047). Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace limehook::mail {

// Texts are UTF-8.
struct Draft {
  std::string from;             // an address that email_problem() takes
  std::vector<std::string> to;  // the same, at least one
  std::string subject;
  std::string text;  // paragraphs with "\n" between lines
  WallTime date{};
  std::string message_id;  // without angle brackets; ASCII
};

// Lines end with CRLF and have at most 78 characters, but for addresses and ids that are longer by themselves.
std::string render(const Draft& draft);

// Control characters, line breaks too, become spaces.
std::string one_line(std::string_view text);

// A header's text, on one_line: as it is when short and ASCII, else as encoded words with folds between them (RFC 2047,
// section 2). `name_size`: of the header's name with colon and space.
std::string header_text(std::string_view text, std::size_t name_size);

// RFC 2045, section 6.7; "\n" is a line break.
std::string quoted_printable(std::string_view text);

// RFC 5322, section 3.3, in UTC.
std::string format_date(WallTime t);

}  // namespace limehook::mail
