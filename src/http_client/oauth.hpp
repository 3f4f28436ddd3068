#pragma once
// Asking for an access token with client credentials (RFC 6749 section 4.4): the request and what its answer says. No
// I/O.

#include <expected>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "http_client/request_head.hpp"
#include "model/webhook_security.hpp"

namespace limehook::http_client {

struct AccessToken {
  std::string text;
  Duration lifetime{};  // how long it may be used; less than what it is valid for
};

// The value of an Authorization header (RFC 7617) for "user:password".
std::string basic_credentials(std::string_view user_and_password);
// application/x-www-form-urlencoded, as RFC 6749 appendix B wants it.
std::string form_encoded(std::string_view text);
std::string token_request_body(const OauthSettings& settings);
// Replaces `out` by the request's head.
void write_token_request_head(std::string& out, const RequestTarget& target, std::string_view version,
                              const OauthSettings& settings, std::size_t body_size);
// The error says what is wrong with the answer, for people; it never holds the client's secret.
std::expected<AccessToken, std::string> read_token_response(int status, std::string_view body,
                                                            const OauthSettings& settings);

}  // namespace limehook::http_client
