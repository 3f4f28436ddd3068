// What is kept of responses for the log.

#include <fmt/format.h>

#include "http_client/clocks.hpp"
#include "http_client/masking.hpp"
#include "http_client/response_text.hpp"
#include "http_client/worker.hpp"

namespace limehook::http_client {

void Worker::keep_response(Exchange& exchange, ResponseParser& response) {
  auto& attempt = exchange.result.attempt;
  attempt.http_status = response.status();
  attempt.response_body_cut = response.body_cut();
  attempt.response_body = response.take_body();
  decode_body(attempt.response_body, attempt.response_body_cut, response.head().content_encoding);
  if (attempt.http_status == 429 || attempt.http_status == 503) {
    exchange.result.retry_after = parse_retry_after(response.head().retry_after, wall_now());
  }
  attempt.response_head = response.take_fields();
  if (exchange.fetches_token) return;
  mask_all(attempt.response_head, exchange, false);
  mask_all(attempt.response_body, exchange, attempt.response_body_cut);
}

void Worker::mask_all(std::string& text, const Exchange& exchange, bool cut) const {
  mask_secrets(text, *exchange.request.webhook, cut);
  if (exchange.access_token) mask(text, *exchange.access_token, cut);
  if (exchange.origin->via_proxy) mask_basic(text, proxy_authorization_, cut);
}

// What an answer that is not HTTP begins with, for most often that tells what answers there: a status line, if there is
// one.
std::string Worker::with_first_bytes(std::string why, const Connection& connection, const Exchange& exchange) const {
  auto bytes = connection.unread();
  // What follows may be the token.
  if (exchange.fetches_token) bytes = bytes.starts_with("HTTP/") ? bytes.substr(0, bytes.find_first_of("\r\n")) : "";
  auto begin = excerpt_of(bytes);
  if (begin.empty()) return why;
  mask_all(begin, exchange, true);
  return fmt::format("{}; it begins with: {}", why, begin);
}

}  // namespace limehook::http_client
