// Input: "signed", a line, the claims; or "raw", a line, a whole token. Property: nobody is let in by a token that the
// provider's key has not signed, or that is not for this client, this sign-in and now.

#include "identity/id_token.hpp"

#include "base/email_address.hpp"
#include "fuzz_input.hpp"
#include "identity/json_object.hpp"
#include "identity/test_tokens.hpp"

using namespace limehook;
using namespace limehook::identity;
using fuzz::check;

namespace {

bool is_for_client(const boost::json::object& claims) {
  const auto* const audience = claims.if_contains("aud");
  if (!audience) return false;
  return boost::json::serialize(*audience).find("\"client\"") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto key = identity::testing::TestKey::ec("k1", CJOSE_JWK_EC_P_256);
  static const auto keys =
      read_key_set(boost::json::serialize(boost::json::object{{"keys", boost::json::array{key.jwk()}}}));
  check(keys && keys->size() == 1, "the provider has a key");
  constexpr double kNow = 1'738'249'200;
  const IdTokenExpectation expected{"https://id.example.com", "client", "n0nce"};
  auto rest = fuzz::text_of(data, size);
  const bool is_signed = fuzz::take_line(rest) == "signed";
  const auto token = is_signed ? key.sign("ES256", "k1", rest) : std::string(rest);
  const auto identity = read_id_token(token, *keys, expected, from_us(static_cast<std::int64_t>(kNow) * 1'000'000));
  if (!identity) {
    check(!identity.error().what.empty(), "a refusal says why");
    return 0;
  }
  check(is_signed, "a token that nobody signed lets nobody in");
  const auto claims = read_object(rest);
  check(claims && text_member(*claims, "iss") == expected.issuer, "the token is of this provider");
  check(text_member(*claims, "nonce") == expected.nonce && is_for_client(*claims), "for this client and sign-in");
  check(claims->at("exp").to_number<double>() + 60 > kNow, "and has not expired");
  check(identity->subject == text_member(*claims, "sub") && !identity->subject.empty(), "it says who it is about");
  check(identity->email.empty() ? !identity->email_verified : !email_problem(identity->email), "addresses are usable");
  return 0;
}
