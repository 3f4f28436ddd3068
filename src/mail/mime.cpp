#include "mail/mime.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "signing/signing.hpp"

namespace limehook::mail {
namespace {

constexpr std::size_t kLineMax = 78;              // RFC 5322, section 2.1.1
constexpr std::size_t kEncodedLineMax = 76;       // RFC 2045, section 6.7
constexpr std::size_t kEncodedWordBytesMax = 45;  // 60 characters of base64, 72 with what encloses them

bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

// The size of the longest prefix within `max` that does not end inside of a character.
std::size_t whole_characters(std::string_view utf8, std::size_t max) {
  if (utf8.size() <= max) return utf8.size();
  std::size_t size = max;
  while (size > 0 && (static_cast<unsigned char>(utf8[size]) & 0xC0) == 0x80) --size;
  return size > 0 ? size : max;
}

std::string base64_of(std::string_view text) {
  return signing::base64({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// Each address on a line of its own from the second on.
std::string address_list(const std::vector<std::string>& addresses) {
  return fmt::format("{}", fmt::join(addresses, ",\r\n "));
}

}  // namespace

std::string format_date(WallTime t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return out;
}

std::string header_text(std::string_view text, std::size_t name_size) {
  const std::string plain = one_line(text);
  const bool as_it_is = std::ranges::all_of(plain, is_printable_ascii) && plain.size() + name_size <= kLineMax &&
                        plain.find("=?") == std::string::npos;
  if (as_it_is) return plain;
  std::string out;
  for (std::string_view rest = plain; !rest.empty();) {
    // The first line also has the header's name.
    const auto size = whole_characters(rest, out.empty() ? kEncodedWordBytesMax - name_size : kEncodedWordBytesMax);
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64_of(rest.substr(0, size)));
    rest.remove_prefix(size);
  }
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n';
    // A space at the end of a line would be lost; a lone dot would end the message for a careless reader.
    const bool literal = is_printable_ascii(c) && c != '=' && !(c == ' ' && at_end) && !(c == '.' && column == 0);
    const std::size_t size = literal ? 1 : 3;
    if (column + size > (at_end ? kEncodedLineMax : kEncodedLineMax - 1)) {
      out += "=\r\n";
      column = 0;
    }
    if (literal) out += c;
    else out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    column += size;
  }
  return out;
}

std::string render(const Draft& draft) {
  constexpr std::string_view kSubject = "Subject: ";
  return fmt::format(
      "From: Limehook <{}>\r\n"
      "To: {}\r\n"
      "{}{}\r\n"
      "Date: {}\r\n"
      "Message-ID: <{}>\r\n"
      "Auto-Submitted: auto-generated\r\n"  // RFC 3834: nobody's absence is answered
      "MIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n"
      "\r\n"
      "{}",
      draft.from, address_list(draft.to), kSubject, header_text(draft.subject, kSubject.size()),
      format_date(draft.date), draft.message_id, quoted_printable(draft.text));
}

}  // namespace limehook::mail
