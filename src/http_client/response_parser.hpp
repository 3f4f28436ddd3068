#pragma once
// What is kept of a response: status, header lines, the body's beginning. Parsing itself is Beast's.

#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace limehook::http_client {

// Parses one response. `put` stops with an error as soon as the body has been cut; then `body_cut()` is true.
class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  ResponseParser();

  int status() const { return status_; }
  // A 1xx that precedes the response proper; 101 answers an upgrade that nobody asked for and is final.
  bool is_interim() const { return status_ / 100 == 1 && status_ != 101; }
  bool body_cut() const { return body_cut_; }
  void cut_body() { body_cut_ = true; }                 // nothing more of it is wanted
  std::string take_head() { return std::move(head_); }  // CRLF between the lines
  std::string take_body() { return std::move(body_); }
  // Value of Retry-After; empty when there is none.
  const std::string& retry_after() const { return retry_after_; }
  // How long the peer keeps an idle connection (Keep-Alive: timeout=N), where it says so.
  std::optional<std::chrono::seconds> keep_alive_timeout() const { return keep_alive_timeout_; }

 private:
  using Error = boost::system::error_code;
  using View = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, View, View, int, Error&) override;
  void on_response_impl(int code, View reason, int version, Error&) override;
  void on_field_impl(boost::beast::http::field field, View name, View value, Error& ec) override;
  void on_header_impl(Error&) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(View bytes, Error& ec) override;
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, Error& ec) override;
  void on_finish_impl(Error&) override {}

  int status_ = 0;
  bool in_trailer_ = false;
  bool body_cut_ = false;
  std::string head_;
  std::string body_;
  std::string retry_after_;
  std::optional<std::chrono::seconds> keep_alive_timeout_;
};

// Retry-After (RFC 9110 section 10.2.3): seconds, or a date relative to `now`, which may be past (zero). Nothing when
// unreadable; numbers beyond what a Duration holds become very long.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);
// The timeout parameter of a Keep-Alive header (RFC 2068 section 19.7.1.1).
std::optional<std::chrono::seconds> parse_keep_alive_timeout(std::string_view value);

}  // namespace limehook::http_client
