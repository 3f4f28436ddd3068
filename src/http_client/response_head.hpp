#pragma once
// The head of a response (RFC 9112): what its status line and its fields say. No I/O.
//
// It is read as leniently as other clients read it, where that changes nothing but what is understood: a missing second
// space or several spaces in the status line, any reason phrase, bare line feeds, folded lines, spaces before a colon,
// a Content-Length beside Transfer-Encoding. There is no further reader after this one who could take the bytes in
// another way; and where the leniency concerns how long the answer is, its connection takes no further request
// (`ambiguous`).

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace limehook::http_client {

struct ResponseHead {
  int status = 0;       // three digits, not below 100
  bool current = true;  // HTTP/1.1 or later, not HTTP/1.0
  std::string fields;   // "Name: value" with CRLF between them; folded lines are one
  // Of the body, by what is said; the status may forbid one.
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool other_transfer_coding = false;  // the body ends with the connection
  // Its end is not beyond doubt, or it has framing that its status forbids: see above.
  bool ambiguous = false;
  bool keep_alive = false;  // RFC 9112 section 9.3
  std::string retry_after;  // empty: none
  std::string content_encoding;
  std::optional<std::chrono::seconds> keep_alive_timeout;  // how long the peer keeps an idle connection

  // A 1xx that precedes the response proper; 101 answers an upgrade that nobody asked for and is final.
  bool is_interim() const { return status / 100 == 1 && status != 101; }
  // RFC 9112 section 6.3, rule 1.
  bool has_no_body() const { return status / 100 == 1 || status == 204 || status == 304; }
};

// Reads a whole head, up to and with the empty line. The error says what is wrong with it, in words; the status is then
// in `head` if it could be read.
std::expected<void, std::string> read_response_head(std::string_view text, ResponseHead& head);

// Could a head begin with these bytes, as far as they go?
bool may_begin_head(std::string_view bytes);

// Retry-After (RFC 9110 section 10.2.3): seconds, or a date relative to `now`, which may be past (zero). Nothing when
// unreadable; numbers beyond what a Duration holds become very long.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);
// The timeout parameter of a Keep-Alive header (RFC 2068 section 19.7.1.1).
std::optional<std::chrono::seconds> parse_keep_alive_timeout(std::string_view value);

}  // namespace limehook::http_client
