// Property: an OAuth answer gives a token that can stand in a header, or an error that does not tell the secret.

#include "fuzz_input.hpp"
#include "http_client/oauth.hpp"
#include "model/event.hpp"

using namespace limehook;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const OauthSettings settings{
      .token_url = "https://id.example.com/token", .client_id = "client", .client_secret = "s3cr3t-of-the-client"};
  auto body = fuzz::text_of(data, size);
  const int status = fuzz::take_line(body).starts_with("200") ? 200 : 400;
  const auto token = http_client::read_token_response(status, body, settings);
  if (!token) {
    check(!token.error().empty() && token.error().find(settings.client_secret) == std::string::npos,
          "an error says why, without the secret");
    return 0;
  }
  check(status == 200 && !token->text.empty(), "only a 200 brings a token");
  for (const char c : token->text) check(c > ' ' && c <= '~', "a token is visible ASCII");
  check(token->lifetime >= Duration(0), "a token is not used for less than no time");
  return 0;
}
