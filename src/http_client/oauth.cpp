#include "http_client/oauth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/ascii.hpp"
#include "http_client/masking.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr std::size_t kAccessTokenBytesMax = 8 * 1024;
constexpr std::size_t kReasonBytesMax = 300;
// Servers should say how long a token lives (RFC 6749 section 5.1). When one does not, it is asked again soon.
constexpr auto kLifetimeUnsaid = std::chrono::minutes(5);
constexpr auto kLifetimeMax = std::chrono::hours(24);
constexpr auto kMarginMax = seconds(30);

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::optional<std::string_view> text_in(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string());
}

// A token that ends while a request is on its way is of no use, so it is left alone a little earlier.
Duration usable_time(const json::object& answer) {
  const auto* value = answer.if_contains("expires_in");
  json::error_code error;
  double valid = value != nullptr && value->is_number() ? value->to_number<double>(error) : 0;
  if (value != nullptr && value->is_string()) valid = std::atof(value->get_string().c_str());  // some servers do
  if (!(valid > 0)) return value == nullptr ? Duration(kLifetimeUnsaid) : Duration(0);
  const auto limited = std::min(valid, static_cast<double>(seconds(kLifetimeMax).count()));
  const auto lifetime = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(limited));
  return lifetime - std::min<Duration>(lifetime / 10, kMarginMax);
}

// RFC 6749, section 2.3.1.
std::string client_credentials(const OauthSettings& settings) {
  return basic_credentials(form_encoded(settings.client_id) + ":" + form_encoded(settings.client_secret));
}

std::string refusal(int status, const json::object* answer, const OauthSettings& settings) {
  std::string reason = fmt::format("it answered {}", status);
  if (answer == nullptr) return reason;
  if (const auto error = text_in(*answer, "error")) reason += fmt::format(": {}", *error);
  if (const auto description = text_in(*answer, "error_description")) reason += fmt::format(" ({})", *description);
  std::ranges::replace_if(reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  mask(reason, settings.client_secret, false);
  mask(reason, form_encoded(settings.client_secret), false);
  mask_basic(reason, client_credentials(settings), false);
  if (reason.size() > kReasonBytesMax) {
    std::size_t end = kReasonBytesMax;
    while ((static_cast<unsigned char>(reason[end]) & 0xC0) == 0x80) --end;  // not inside a character
    reason.resize(end);
  }
  return reason;
}

}  // namespace

std::string basic_credentials(std::string_view user_and_password) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(user_and_password.data());
  return "Basic " + signing::base64({bytes, user_and_password.size()});
}

std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("*-._").contains(c);
    if (plain) out += c;
    else if (c == ' ') out += '+';
    else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string token_request_body(const OauthSettings& settings) {
  std::string body = "grant_type=client_credentials";
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) body += fmt::format("&{}={}", name, form_encoded(value));
  };
  add("scope", settings.scope);
  add("audience", settings.audience);
  if (settings.auth == OauthSettings::ClientAuth::Body) {
    add("client_id", settings.client_id);
    add("client_secret", settings.client_secret);
  }
  return body;
}

void write_token_request_head(std::string& out, const RequestTarget& target, std::string_view version,
                              const OauthSettings& settings, std::size_t body_size) {
  begin_request_head(out, target, body_size);
  out += fmt::format(
      "User-Agent: Limehook/{}\r\nContent-Type: application/x-www-form-urlencoded\r\nAccept: application/json\r\n"
      "Accept-Encoding: identity\r\n",
      version);
  if (settings.auth == OauthSettings::ClientAuth::Basic) {
    out += fmt::format("Authorization: {}\r\n", client_credentials(settings));
  }
  out += "\r\n";
}

std::expected<AccessToken, std::string> read_token_response(int status, std::string_view body,
                                                            const OauthSettings& settings) {
  json::error_code error;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), error);
  const auto* answer = error ? nullptr : parsed.if_object();
  if (status != 200) return std::unexpected(refusal(status, answer, settings));
  if (answer == nullptr) return std::unexpected("its answer is not a JSON object");
  const auto token = text_in(*answer, "access_token");
  if (!token || token->empty() || token->size() > kAccessTokenBytesMax || !visible(*token)) {
    return std::unexpected("its answer has no access_token that could be sent");
  }
  if (!ascii::same(text_in(*answer, "token_type").value_or("bearer"), "bearer"))
    return std::unexpected("its token_type is not Bearer");
  return AccessToken{std::string(*token), usable_time(*answer)};
}

}  // namespace limehook::http_client
