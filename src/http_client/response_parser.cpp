#include "http_client/response_parser.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <charconv>

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "base/limits.hpp"

namespace limehook::http_client {
namespace {

namespace http = boost::beast::http;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

ResponseParser::ResponseParser() {
  eager(true);
  body_limit(boost::none);
  header_limit(static_cast<std::uint32_t>(limits::kResponseHeadBytesMax));
}

void ResponseParser::on_request_impl(http::verb, View, View, int, Error&) { LIMEHOOK_ASSERT(false); }

void ResponseParser::on_response_impl(int code, View, int, Error&) { status_ = code; }

void ResponseParser::on_field_impl(http::field field, View name, View value, Error& ec) {
  if (in_trailer_) return;
  // Beast limits only what it has not consumed yet; the sum is ours to limit.
  if (head_.size() + name.size() + value.size() + 4 > limits::kResponseHeadBytesMax) {
    ec = http::error::header_limit;
    return;
  }
  if (head_.empty()) {
    head_.reserve(256);
  } else {
    head_.append("\r\n");
  }
  head_.append(name).append(": ").append(value);
  if (field == http::field::retry_after) retry_after_ = std::string(value);
  if (field == http::field::keep_alive) keep_alive_timeout_ = parse_keep_alive_timeout(value);
}

void ResponseParser::on_header_impl(Error&) { in_trailer_ = true; }

std::size_t ResponseParser::on_body_impl(View bytes, Error& ec) {
  const auto kept = std::min(bytes.size(), limits::kResponseBodyBytesMax - body_.size());
  body_.append(bytes.substr(0, kept));
  if (kept < bytes.size()) {
    body_cut_ = true;
    ec = http::error::body_limit;
  }
  return bytes.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, View bytes, Error& ec) { return on_body_impl(bytes, ec); }

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
  const auto date = parse_http_date(value);
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
