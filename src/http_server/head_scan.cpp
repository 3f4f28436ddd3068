#include "http_server/head_scan.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace limehook::http_server {
namespace {

constexpr std::size_t kContentLengthDigitsMax = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// tchar of RFC 9110, section 5.6.2.
bool is_token_char(char c) { return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); }

// A name or an address, possibly with a port: the characters that occur in one, not its whole grammar.
bool is_host(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return is_digit(c) || is_letter(c) || std::string_view("-._:[]").contains(c);
  });
}

bool is_chunked(std::string_view value) { return ascii::same(value, "chunked"); }

// Absolute and authority forms (RFC 9112, section 3.2) are for proxies.
bool is_origin_form(std::string_view target) {
  return target.starts_with('/') && std::ranges::all_of(target, [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

struct Occurrence {
  int count = 0;
  std::string_view value;  // of the last one
};

Occurrence find(const Request& head, std::string_view name) {
  Occurrence found;
  for (const auto& [key, value] : head.headers) {
    if (key != name) continue;
    ++found.count;
    found.value = value;
  }
  return found;
}

}  // namespace

std::optional<HeadProblem> HeadScanner::scan(std::string_view text) {
  // TLS and the like are noticed by their first byte.
  if (!text.empty() && !is_token_char(text.front()))
    return HeadProblem{400, "The request does not begin with a method."};
  while (size_ == 0) {
    const auto end = text.find('\n', line_begin_ + seen_);
    const bool too_large = (end == std::string_view::npos ? text.size() : end + 1) > limits::kRequestHeadBytesMax;
    if (too_large) return HeadProblem{431, "The request's headers are too large."};
    if (end == std::string_view::npos) {
      seen_ = text.size() - line_begin_;
      return std::nullopt;
    }
    const auto line = text.substr(line_begin_, end - line_begin_);
    if (!line.ends_with('\r')) return HeadProblem{400, "A line of the request's head does not end with CR LF."};
    if (line.size() == 1) size_ = end + 1;
    else if (auto problem = check_line(line.substr(0, line.size() - 1))) return problem;
    line_begin_ = end + 1;
    seen_ = 0;
  }
  return std::nullopt;
}

std::optional<HeadProblem> HeadScanner::check_line(std::string_view line) {
  if (line.contains('\r') || line.contains('\0')) {
    return HeadProblem{400, "The request's head has a character that does not belong there."};
  }
  if (lines_++ == 0) {
    if (line.ends_with(" HTTP/1.1") || line.ends_with(" HTTP/1.0")) return std::nullopt;
    return HeadProblem{400, "The request is not HTTP/1.1 or HTTP/1.0."};
  }
  if (lines_ > limits::kRequestHeadersMax + 1) return HeadProblem{431, "The request has too many headers."};
  if (line.front() == ' ' || line.front() == '\t') return HeadProblem{400, "A header goes on in the next line."};
  return std::nullopt;
}

std::optional<HeadProblem> head_problem(const Request& head, unsigned http_minor) {
  if (!is_origin_form(head.target) && !(head.target == "*" && head.method == "OPTIONS")) {
    return HeadProblem{400, "The request's target is not a path."};
  }
  const auto host = find(head, "host");
  if (host.count > 1 || (host.count == 0 && http_minor == 1)) {
    return HeadProblem{400, "The request needs one Host header."};
  }
  if (host.count == 1 && !is_host(host.value)) return HeadProblem{400, "The Host header is not a name or an address."};

  const auto length = find(head, "content-length");
  const bool digits = !length.value.empty() && length.value.size() <= kContentLengthDigitsMax &&
                      std::ranges::all_of(length.value, is_digit);
  if (length.count > 1 || (length.count == 1 && !digits)) {
    return HeadProblem{400, "Content-Length must be one whole number."};
  }
  const auto encoding = find(head, "transfer-encoding");
  if (encoding.count == 0) return std::nullopt;
  if (length.count > 0) return HeadProblem{400, "Content-Length and Transfer-Encoding exclude each other."};
  if (encoding.count > 1 || http_minor == 0 || !is_chunked(encoding.value)) {
    return HeadProblem{400, "Transfer-Encoding must be \"chunked\"."};
  }
  return std::nullopt;
}

}  // namespace limehook::http_server
