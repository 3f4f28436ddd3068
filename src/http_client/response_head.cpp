#include "http_client/response_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/limits.hpp"

namespace limehook::http_client {
namespace {

constexpr std::string_view kVersion = "HTTP/1.";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

// Takes the first line off `text`, without its end.
std::string_view take_line(std::string_view& text) {
  const auto feed = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, feed);
  text.remove_prefix(std::min(feed + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Calls `visit` with each element of a list (RFC 9110 section 5.6.1), empty ones left out.
template <class Visit>
void for_each_element(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (const auto element = trimmed(list.substr(0, comma)); !element.empty()) visit(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// What is wrong with something. Literals only.
using Problem = std::optional<std::string_view>;

Problem read_status_line(std::string_view line, ResponseHead& head) {
  static constexpr Problem kProblem = "its status line is malformed";
  if (!line.starts_with(kVersion) || line.size() == kVersion.size() || !is_digit(line[kVersion.size()]))
    return kProblem;
  head.current = line[kVersion.size()] != '0';
  line.remove_prefix(kVersion.size() + 1);
  const auto spaces = line.find_first_not_of(' ');
  if (spaces == 0 || spaces == std::string_view::npos) return kProblem;
  line.remove_prefix(spaces);
  const auto digits = line.substr(0, line.find_first_of(" \t"));
  if (digits.size() != 3 || !std::ranges::all_of(digits, is_digit) || digits.front() == '0') return kProblem;
  std::from_chars(digits.data(), digits.data() + digits.size(), head.status);
  // What the reason phrase says is of no consequence, nor in which encoding.
  return has_control_character(line.substr(digits.size())) ? kProblem : std::nullopt;
}

Problem read_content_length(std::string_view value, ResponseHead& head) {
  Problem problem;
  bool any = false;
  for_each_element(value, [&](std::string_view element) {
    std::uint64_t length = 0;
    const auto parsed = std::from_chars(element.data(), element.data() + element.size(), length);
    any = true;
    if (parsed.ec != std::errc() || parsed.ptr != element.data() + element.size()) {
      problem = "its Content-Length is not a number";
    } else if (head.content_length.value_or(length) != length) {
      problem = "it has two different values of Content-Length";
    } else {
      head.content_length = length;
    }
  });
  if (!any) return "its Content-Length is empty";
  return problem;
}

Problem read_transfer_encoding(std::string_view value, ResponseHead& head) {
  Problem problem;
  if (value.empty()) head.ambiguous = true;
  for_each_element(value, [&](std::string_view coding) {
    if (ascii::same(coding, "identity")) {  // of RFC 2616: nothing
      head.ambiguous = true;
    } else if (ascii::same(coding, "chunked")) {
      if (head.chunked) problem = "it is chunked twice";
      head.chunked = true;
      head.other_transfer_coding = false;
    } else {
      head.other_transfer_coding = true;  // unless `chunked` follows (RFC 9112 section 6.3, rule 4)
    }
  });
  return problem;
}

struct Reading {
  ResponseHead& head;
  bool close = false;
  bool keep_alive = false;
};

void read_connection(std::string_view value, Reading& reading) {
  for_each_element(value, [&](std::string_view option) {
    reading.close |= ascii::same(option, "close");
    reading.keep_alive |= ascii::same(option, "keep-alive");
  });
}

Problem read_field(std::string_view name, std::string_view value, Reading& reading) {
  ResponseHead& head = reading.head;
  const auto is = [name](std::string_view other) { return ascii::same(name, other); };
  if (is("content-length")) return read_content_length(value, head);
  if (is("transfer-encoding")) return read_transfer_encoding(value, head);
  if (is("connection")) read_connection(value, reading);
  else if (is("keep-alive")) head.keep_alive_timeout = parse_keep_alive_timeout(value);
  else if (is("retry-after")) head.retry_after = value;
  else if (is("content-encoding"))
    head.content_encoding += (head.content_encoding.empty() ? "" : ", ") + std::string(value);
  return std::nullopt;
}

// Unfolds the lines of one field (RFC 9112 section 5.2) and reads it.
Problem take_field(std::string_view& lines, Reading& reading) {
  ResponseHead& head = reading.head;
  const auto line = take_line(lines);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return "it has a line without a colon in its head";
  const auto name = trimmed(line.substr(0, colon));
  if (name.size() < colon) head.ambiguous = true;  // a space before the colon, or before the first field's name
  if (!is_token(name)) return "it has a field name with characters that none may have";
  if (!head.fields.empty()) head.fields.append("\r\n");
  head.fields.append(name).append(": ");
  const auto begin = head.fields.size();
  head.fields.append(trimmed(line.substr(colon + 1)));
  while (!lines.empty() && is_space(lines.front())) {
    const auto more = trimmed(take_line(lines));
    if (more.empty()) continue;
    if (head.fields.size() > begin) head.fields += ' ';
    head.fields.append(more);
  }
  const auto value = std::string_view(head.fields).substr(begin);
  if (has_control_character(value)) return "it has a control character in its head";
  return read_field(name, value, reading);
}

}  // namespace

std::expected<void, std::string> read_response_head(std::string_view text, ResponseHead& head) {
  const auto refuse = [&head](std::string_view why) {
    head.fields.clear();
    return std::unexpected(fmt::format("the answer is not HTTP/1.1: {}", why));
  };
  Reading reading{head};
  if (const auto problem = read_status_line(take_line(text), head)) return refuse(*problem);
  head.fields.reserve(text.size());
  while (!text.empty() && text != "\r\n" && text != "\n") {
    if (const auto problem = take_field(text, reading)) return refuse(*problem);
    // Fields may be longer here than they were.
    if (head.fields.size() <= limits::kResponseHeadBytesMax) continue;
    head.fields.clear();
    return std::unexpected("the response head is too long");
  }
  const bool transfer_coded = head.chunked || head.other_transfer_coding;
  if (transfer_coded && (head.content_length || !head.current)) head.ambiguous = true;
  if (transfer_coded) head.content_length.reset();
  if (head.has_no_body() && (transfer_coded || head.content_length)) head.ambiguous = true;
  head.keep_alive = !reading.close && (head.current || reading.keep_alive);
  return {};
}

bool may_begin_head(std::string_view bytes) {
  return kVersion.substr(0, bytes.size()) == bytes.substr(0, kVersion.size());
}

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
  if (value.empty()) return std::nullopt;
  if (std::ranges::all_of(value, is_digit)) {
    // More digits than this is a century; the caller caps it anyway.
    static constexpr std::int64_t kSecondsMax = 3'600LL * 24 * 365 * 100;
    std::int64_t seconds = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (parsed.ec != std::errc()) seconds = kSecondsMax;
    return std::chrono::seconds(std::min(seconds, kSecondsMax));
  }
  const auto date = parse_http_date(value, now);
  if (!date) return std::nullopt;
  return std::max(*date - now, Duration(0));
}

std::optional<std::chrono::seconds> parse_keep_alive_timeout(std::string_view value) {
  const auto lower = [](char c) { return ascii::lower(c); };
  static constexpr std::string_view kName = "timeout=";
  const auto found = std::ranges::search(value, kName, {}, lower);
  if (found.empty()) return std::nullopt;
  const char* digits = value.data() + (found.end() - value.begin());
  int seconds = 0;
  const auto parsed = std::from_chars(digits, value.data() + value.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace limehook::http_client
