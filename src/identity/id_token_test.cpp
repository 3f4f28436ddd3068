#include "identity/id_token.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <map>

#include "identity/test_tokens.hpp"

namespace limehook::identity {
namespace {

namespace json = boost::json;
using testing::encoded;
using ::testing::HasSubstr;
using testing::key_set_of;
using testing::TestKey;

constexpr std::int64_t kNow = 1'790'000'000;
const IdTokenExpectation kExpected{"https://id.example.com", "limehook", "n-0S6_WzA2Mj"};

// Making RSA keys takes a while, so all tests share them.
const TestKey& rsa() {
  static const auto key = TestKey::rsa("rsa-1");
  return key;
}
const TestKey& other_rsa() {
  static const auto key = TestKey::rsa("rsa-1");
  return key;
}
const TestKey& ec() {
  static const auto key = TestKey::ec("ec-1", CJOSE_JWK_EC_P_256);
  return key;
}

json::object claims() {
  return {{"iss", kExpected.issuer},
          {"aud", kExpected.client_id},
          {"sub", "user-7"},
          {"nonce", kExpected.nonce},
          {"iat", kNow - 5},
          {"exp", kNow + 300},
          {"email", "ann@example.com"},
          {"email_verified", true},
          {"name", "Änn Smith"}};
}
json::object claims_with(std::string_view name, json::value value) {
  auto object = claims();
  object[name] = std::move(value);
  return object;
}
json::object claims_without(std::string_view name) {
  auto object = claims();
  object.erase(name);
  return object;
}

std::expected<OidcIdentity, IdTokenProblem> read(std::string_view token, const KeySet& keys) {
  return read_id_token(token, keys, kExpected, WallTime(std::chrono::seconds(kNow)));
}
std::expected<OidcIdentity, IdTokenProblem> read(std::string_view token) {
  return read(token, *read_key_set(key_set_of({rsa().jwk(), ec().jwk()})));
}
// What is wrong with a token; "taken" when nothing is.
std::string problem(std::string_view token) {
  const auto read_token = read(token);
  return read_token ? "taken" : read_token.error().what;
}
std::string problem_of(const json::object& object) { return problem(rsa().sign("RS256", object)); }

// Goal: each algorithm that is promised is taken. Method: a key and a token for each.
TEST(IdToken, TakesEachAlgorithm) {
  const std::map<std::string, TestKey> keys{{"RS256", rsa()},
                                            {"PS256", rsa()},
                                            {"ES256", ec()},
                                            {"ES384", TestKey::ec("e3", CJOSE_JWK_EC_P_384)},
                                            {"ES512", TestKey::ec("e5", CJOSE_JWK_EC_P_521)}};
  const OidcIdentity ann{"https://id.example.com", "user-7", "ann@example.com", true, "Änn Smith"};
  for (const auto& [algorithm, key] : keys) {
    const auto identity = read(key.sign(algorithm, claims()), *read_key_set(key_set_of({key.jwk()})));
    ASSERT_TRUE(identity) << algorithm << ": " << identity.error().what;
    EXPECT_EQ(*identity, ann) << algorithm;
  }
}

// Goal: claims that OIDC Core allows are taken. Method: a table of changes.
TEST(IdToken, TakesWhatIsAllowed) {
  auto several = claims_with("aud", json::array{"other", "limehook"});
  several["azp"] = "limehook";
  for (const auto& object :
       {claims_with("aud", json::array{"limehook"}), several, claims_with("azp", "limehook"),
        claims_with("exp", kNow - 59), claims_with("iat", kNow + 60), claims_with("exp", kNow + 0.5),
        claims_with("nbf", kNow + 60), claims_with("exp", 1e300), claims_with("other", json::array{1}),
        claims_with("sub", json::string(255, 's')), claims_without("email"), claims_without("name")}) {
    EXPECT_EQ(problem_of(object), "taken") << object;
  }
}

// Goal: wrong claims are refused although the signature is right. Method: a table of changes and words of the reason.
TEST(IdToken, RefusesWrongClaims) {
  struct Case {
    json::object claims;
    std::string_view words;
  };
  auto azp_of_other = claims_with("aud", json::array{"limehook", "other"});
  azp_of_other["azp"] = "other";
  for (const auto& [object, words] : std::initializer_list<Case>{
           {claims_without("iss"), "another issuer"},
           {claims_with("iss", "https://id.example.com/"), "another issuer"},
           {claims_with("iss", "https://evil.example.com"), "another issuer"},
           {claims_with("iss", json::array{"https://id.example.com"}), "another issuer"},
           {claims_without("aud"), "another client"},
           {claims_with("aud", "limehook2"), "another client"},
           {claims_with("aud", "Limehook"), "another client"},
           {claims_with("aud", ""), "another client"},
           {claims_with("aud", nullptr), "another client"},
           {claims_with("aud", json::array{}), "another client"},
           {claims_with("aud", json::array{"other"}), "another client"},
           {claims_with("aud", json::parse(R"([["limehook"]])")), "another client"},
           {claims_with("aud", json::object{{"limehook", "limehook"}}), "another client"},
           {claims_with("aud", json::array{"limehook", "other"}), "several clients"},
           {azp_of_other, "made for another client"},
           {claims_with("azp", "other"), "made for another client"},
           {claims_with("azp", nullptr), "made for another client"},
           {claims_without("nonce"), "another sign-in"},
           {claims_with("nonce", ""), "another sign-in"},
           {claims_with("nonce", "n-0S6_WzA2Mk"), "another sign-in"},
           {claims_with("nonce", json::array{kExpected.nonce}), "another sign-in"},
           {claims_without("exp"), "issued and expires"},
           {claims_with("exp", "1790000300"), "issued and expires"},
           {claims_with("exp", nullptr), "issued and expires"},
           {claims_with("exp", kNow - 60), "expired"},
           {claims_with("exp", 0), "expired"},
           {claims_with("exp", -1e300), "expired"},
           {claims_without("iat"), "issued and expires"},
           {claims_with("iat", kNow + 61), "in the future"},
           {claims_with("iat", 1e300), "in the future"},
           {claims_with("nbf", kNow + 61), "not valid yet"},
           {claims_with("nbf", "now"), "no number"},
           {claims_without("sub"), "who it is about"},
           {claims_with("sub", ""), "who it is about"},
           {claims_with("sub", 7), "who it is about"},
           {claims_with("sub", json::string(256, 's')), "who it is about"},
           {claims_with("sub", "user\n7"), "who it is about"},
       }) {
    EXPECT_THAT(problem_of(object), HasSubstr(words)) << object;
  }
}

// Goal: signatures cannot be got around. Method: the attacks on JWS that are known, each with right claims.
TEST(IdToken, RefusesForgedSignatures) {
  const auto payload = json::serialize(claims());
  const auto good = rsa().sign("RS256", claims());
  const auto signature = good.substr(good.rfind('.') + 1);
  const auto with_header = [&](std::string_view header, std::string_view signed_with) {
    return encoded(header) + "." + encoded(payload) + "." + std::string(signed_with);
  };
  const auto public_key = json::serialize(rsa().jwk());
  const auto modulus = base64url_decode(std::string(rsa().jwk()["n"].as_string())).value();
  const auto tampered = json::serialize(claims_with("sub", "admin"));
  struct Case {
    std::string name, token;
  };
  for (const auto& [name, token] : std::initializer_list<Case>{
           {"none", with_header(R"({"alg":"none"})", "")},
           {"none, with a signature", with_header(R"({"alg":"none"})", signature)},
           {"None", with_header(R"({"alg":"None"})", "")},
           {"no algorithm", with_header("{}", signature)},
           {"an algorithm that is no string", with_header(R"({"alg":["RS256"]})", signature)},
           {"HS256 by the public key", TestKey::secret(public_key).sign("HS256", "rsa-1", payload)},
           {"HS256 by the modulus", TestKey::secret(modulus).sign("HS256", "rsa-1", payload)},
           {"HS256 without a key id", TestKey::secret(modulus).sign("HS256", "", payload)},
           {"HS512", TestKey::secret(std::string(64, 'k')).sign("HS512", "rsa-1", payload)},
           {"RS512", rsa().sign("RS512", "rsa-1", payload)},
           {"another key with the same id", other_rsa().sign("RS256", claims())},
           {"another key without an id", other_rsa().sign("RS256", "", payload)},
           {"another curve's key", TestKey::ec("ec-1", CJOSE_JWK_EC_P_384).sign("ES384", claims())},
           {"another key of that curve", TestKey::ec("ec-1", CJOSE_JWK_EC_P_256).sign("ES256", claims())},
           {"the other kind's key id", rsa().sign("RS256", "ec-1", payload)},
           {"an unknown key id", rsa().sign("RS256", "rsa-2", payload)},
           {"an empty key id", with_header(R"({"alg":"RS256","kid":""})", signature)},
           {"a key id that is no string", with_header(R"({"alg":"RS256","kid":["rsa-1"]})", signature)},
           {"a key in the header", with_header(R"({"alg":"RS256","jwk":)" + public_key + "}", signature)},
           {"a payload that was changed", good.substr(0, good.find('.') + 1) + encoded(tampered) + "." + signature},
           {"a header that was changed", with_header(R"({"alg":"RS256","kid":"rsa-1","typ":"x"})", signature)},
           {"PS256 with a signature of RS256", with_header(R"({"alg":"PS256","kid":"rsa-1"})", signature)},
           {"ES256 of zeros", with_header(R"({"alg":"ES256","kid":"ec-1"})", encoded(std::string(64, '\0')))},
           {"no signature", good.substr(0, good.rfind('.') + 1)},
           {"half of a signature", good.substr(0, good.size() - 100)},
           {"unknown extensions",
            with_header(R"({"alg":"RS256","kid":"rsa-1","crit":["b64"],"b64":false})", signature)},
           {"an algorithm twice", with_header(R"({"alg":"none","alg":"RS256","kid":"rsa-1"})", signature)},
       }) {
    EXPECT_NE(problem(token), "taken") << name;
  }
  EXPECT_EQ(problem(good), "taken") << "the table proves nothing";
}

// Goal: a token that says it must be read in ways unknown here is refused (RFC 7515, section 4.1.11), rightly signed
// too.
TEST(IdToken, RefusesUnknownExtensions) {
  for (const std::string_view critical : {R"(["b64"])", R"(["exp"])", "[]", "{}"}) {
    EXPECT_THAT(problem(rsa().sign("RS256", "rsa-1", json::serialize(claims()), critical)), HasSubstr("extensions"));
  }
}

// Goal: what is no token is refused, and breaks nothing. Method: a table of texts.
TEST(IdToken, RefusesWhatIsNoToken) {
  const auto good = rsa().sign("RS256", claims());
  const auto header = good.substr(0, good.find('.'));
  for (const auto& token : std::vector<std::string>{"",
                                                    ".",
                                                    "..",
                                                    "...",
                                                    "....",
                                                    "a.b.c",
                                                    "\0.\0.\0",
                                                    header,
                                                    header + ".",
                                                    header + "..",
                                                    header + "...",
                                                    "." + good,
                                                    good + ".",
                                                    good + ".x",
                                                    good + "=",
                                                    good + "\n",
                                                    " " + good,
                                                    good + good,
                                                    header + "=" + good,
                                                    encoded("null") + ".e30.AA",
                                                    encoded("[]") + ".e30.AA",
                                                    encoded("\"RS256\"") + ".e30.AA",
                                                    encoded(std::string(3000, '[')) + ".e30.AA",
                                                    std::string(1 << 20, 'a'),
                                                    good + std::string(1 << 20, 'A')}) {
    EXPECT_NE(problem(token), "taken") << token.substr(0, 100);
  }
}

// Goal: rightly signed payloads that parsers may take differently are refused. Method: a table.
TEST(IdToken, RefusesAmbiguousPayloads) {
  const auto good = json::serialize(claims());
  const auto with = [&](std::string_view members) { return "{" + std::string(members) + "," + good.substr(1); };
  for (const auto& payload : std::vector<std::string>{"",
                                                      "null",
                                                      "[]",
                                                      "7",
                                                      "\"" + kExpected.nonce + "\"",
                                                      "[" + good + "]",
                                                      good + good,
                                                      good + "x",
                                                      good.substr(1),
                                                      with(R"("sub":"admin")"),
                                                      with(R"("s\u0075b":"admin")"),
                                                      with(R"("aud":"x")"),
                                                      with(R"("iss":"x")"),
                                                      with(R"("nonce":"x")"),
                                                      with(R"("x":1,"x":2)"),
                                                      with("\"x\":\"\xFF\""),
                                                      with("\"x\":\"\xED\xA0\x80\""),
                                                      with("\"x\":" + std::string(40, '[') + std::string(40, ']')),
                                                      good.substr(0, good.size() - 1) + ",}",
                                                      "\xEF\xBB\xBF" + good}) {
    EXPECT_NE(problem(rsa().sign("RS256", "rsa-1", payload)), "taken") << payload.substr(0, 80);
  }
  const auto expiry = json::serialize(json::value(kNow + 300));
  const auto without_number =
      good.substr(0, good.find(expiry)) + "0e999" + good.substr(good.find(expiry) + expiry.size());
  EXPECT_THAT(problem(rsa().sign("RS256", "rsa-1", without_number)), HasSubstr("issued and expires"));
  EXPECT_EQ(problem(rsa().sign("RS256", "rsa-1", with(R"("x":[[[[]]]])"))), "taken") << "the table proves nothing";
  EXPECT_EQ(problem(rsa().sign("RS256", claims_with("x", json::string(kIdTokenBytesMax, 'x')))), "is too large");
}

// Goal: which key is taken. Method: sets of keys, a token's key id, and whether that finds one.
TEST(IdToken, ChoosesTheKey) {
  auto without_id = rsa().jwk();
  without_id.erase("kid");
  auto for_ps256 = rsa().jwk();
  for_ps256["alg"] = "PS256";
  auto for_rs256 = rsa().jwk();
  for_rs256["alg"] = "RS256";
  auto encrypting = rsa().jwk();
  encrypting["use"] = "enc";
  struct Case {
    std::string keys;
    std::string_view id;
    std::string_view problem;
  };
  for (const auto& [keys, id, expected] : std::initializer_list<Case>{
           {key_set_of({rsa().jwk()}), "rsa-1", ""},
           {key_set_of({rsa().jwk()}), "", ""},
           {key_set_of({rsa().jwk(), ec().jwk()}), "", ""},
           {key_set_of({for_rs256}), "rsa-1", ""},
           {key_set_of({for_ps256, for_rs256}), "rsa-1", ""},
           {key_set_of({for_ps256}), "rsa-1", "none of the provider's keys"},
           {key_set_of({encrypting}), "rsa-1", "none of the provider's keys"},
           {key_set_of({rsa().jwk()}), "rsa-2", "none of the provider's keys"},
           {key_set_of({without_id}), "rsa-1", "none of the provider's keys"},
           {key_set_of({}), "", "none of the provider's keys"},
           {key_set_of({rsa().jwk(), other_rsa().jwk()}), "rsa-1", "several"},
           {key_set_of({rsa().jwk(), without_id}), "", "several"},
       }) {
    const auto identity = read(rsa().sign("RS256", id, json::serialize(claims())), *read_key_set(keys));
    EXPECT_EQ(identity.has_value(), expected.empty()) << keys << " for " << id;
    if (identity) continue;
    EXPECT_THAT(identity.error().what, HasSubstr(expected)) << keys << " for " << id;
    EXPECT_EQ(identity.error().kind == IdTokenProblem::Kind::UnknownKey, expected.starts_with("none")) << keys;
  }
}

// Goal: keys that are no good are left out, sets that are none refused. Method: tables.
TEST(KeySet, HasUsableKeysOnly) {
  for (const auto& key : std::vector<json::object>{
           {},
           {{"kty", "oct"}, {"k", "AAAA"}},
           {{"kty", "RSA"}},
           {{"kty", "RSA"}, {"n", ""}, {"e", ""}},
           {{"kty", "RSA"}, {"n", "!!"}, {"e", "AQAB"}},
           {{"kty", "RSA"}, {"n", "A=="}, {"e", "AQAB"}},
           {{"kty", "EC"}, {"crv", "P-256"}, {"x", "A=="}, {"y", "A=="}},
           {{"kty", "EC"}, {"crv", "P-256"}, {"x", "AA"}, {"y", "AA"}},
           {{"kty", "EC"}, {"crv", "P-1"}, {"x", ec().jwk()["x"]}, {"y", ec().jwk()["y"]}},
           {{"kty", "EC"}, {"crv", "P-256"}, {"x", ec().jwk()["x"]}, {"y", ec().jwk()["x"]}},  // not on the curve
           {{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", ec().jwk()["x"]}},
           TestKey::rsa("", 1024).jwk(),
       }) {
    const auto keys = read_key_set(key_set_of({key}));
    ASSERT_TRUE(keys) << key;
    EXPECT_TRUE(keys->empty()) << key;
  }
  EXPECT_TRUE(read_key_set(R"({"keys":[1,null,[],"x"]})")->empty());
  for (const std::string_view text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]}x)", R"({"keys":[],"keys":[]})"}) {
    EXPECT_FALSE(read_key_set(text)) << text;
  }
  EXPECT_FALSE(read_key_set(json::serialize(json::object{{"keys", json::array(101)}})));
}

// Goal: an address counts as verified by the truth value only; odd ones are left out. Method: a table.
TEST(IdToken, TakesAddressAndNameWithCare) {
  const auto identity = [](const json::object& object) { return read(rsa().sign("RS256", object)).value(); };
  for (const json::value& verified : std::initializer_list<json::value>{false, "true", 1, nullptr, json::array{true}}) {
    EXPECT_FALSE(identity(claims_with("email_verified", verified)).email_verified) << verified;
  }
  EXPECT_FALSE(identity(claims_without("email_verified")).email_verified);
  for (const json::value& email :
       std::initializer_list<json::value>{"", "ann", "ann@example.com\r\nBcc: x@y.z", "ann@example.com,x@y.z", nullptr,
                                          json::array{"ann@example.com"}}) {
    EXPECT_EQ(identity(claims_with("email", email)).email, "") << email;
    EXPECT_FALSE(identity(claims_with("email", email)).email_verified) << email;
  }
  for (const json::value& name : std::initializer_list<json::value>{"", "a\nb", 7, json::string(300, 'x')}) {
    EXPECT_EQ(identity(claims_with("name", name)).name, "") << name;
  }
}

}  // namespace
}  // namespace limehook::identity
