#include "identity/oidc_flow.hpp"

#include <gmock/gmock.h>

namespace limehook::identity {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

const WallTime kNow = *parse_rfc3339("2026-11-23T18:00:00Z");
constexpr std::string_view kIssuer = "https://id.example.com";

TEST(OidcFlow, HasRandomValuesThatDiffer) {
  const auto flow = make_flow("/webhooks?page=2", kNow);
  const auto other = make_flow("/webhooks?page=2", kNow);
  for (const auto& value : {flow.state, flow.nonce, flow.verifier})
    EXPECT_THAT(value, MatchesRegex("[A-Za-z0-9_-]{43}"));
  EXPECT_NE(flow.state, flow.nonce);
  EXPECT_NE(flow.state, flow.verifier);
  EXPECT_NE(flow.state, other.state);
  EXPECT_NE(flow.nonce, other.nonce);
  EXPECT_NE(flow.verifier, other.verifier);
  EXPECT_EQ(flow.return_to, "/webhooks?page=2");
  EXPECT_EQ(flow.expires_at, kNow + std::chrono::minutes(10));
}

// Goal: no sign-in ends on a stranger's page. Method: a table of the ways to write another host.
TEST(OidcFlow, ReturnsToThisServerOnly) {
  for (const std::string_view path : {"/", "/a/b?c=d&e=%2F#f", "/a//b", "/?to=https://x"}) {
    EXPECT_EQ(make_flow(path, kNow).return_to, path);
  }
  for (const std::string& path :
       std::vector<std::string>{"", "a", "//evil.example.com", "/\\evil.example.com", "\\/evil", "/\t/evil.example.com",
                                "/\n/evil", " /", "https://evil.example.com", "javascript:alert(1)", "/a\\b", "/ä",
                                std::string("/\0/evil", 7), "/" + std::string(1024, 'a')}) {
    EXPECT_EQ(make_flow(path, kNow).return_to, "/") << path;
  }
}

// Goal: the request of the specification, with the vector of RFC 7636, appendix B, for the challenge.
TEST(OidcFlow, AsksTheProvider) {
  const OidcFlow flow{"st", "no", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", kNow};
  EXPECT_EQ(authorize_url(flow, "https://id.example.com/auth", "lime hook&", "https://hooks.example.com/cb?x"),
            "https://id.example.com/auth?response_type=code&scope=openid%20email%20profile&client_id=lime%20hook%26"
            "&redirect_uri=https%3A%2F%2Fhooks.example.com%2Fcb%3Fx&state=st&nonce=no"
            "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256");
  EXPECT_THAT(authorize_url(flow, "https://id.example.com/auth?tenant=1", "c", "r"),
              HasSubstr("/auth?tenant=1&response_type="));
  EXPECT_THAT(authorize_url(flow, "https://id.example.com/auth", "c", "r"), Not(HasSubstr(flow.verifier)));
}

// Goal: which returns are taken. Method: a table of changes to a good one.
TEST(OidcFlow, TakesItsOwnReturnOnly) {
  const auto flow = make_flow("/", kNow);
  const OidcCallback good{.state = flow.state, .code = "abc"};
  struct Case {
    std::string_view what;
    OidcCallback callback;
    WallTime at;
    bool taken;
  };
  const auto changed = [&](auto change) {
    auto callback = good;
    change(callback);
    return callback;
  };
  for (const auto& [what, callback, at, taken] : std::initializer_list<Case>{
           {"a good one", good, kNow, true},
           {"just in time", good, flow.expires_at - Duration(1), true},
           {"too late", good, flow.expires_at, false},
           {"the issuer's name", changed([](auto& c) { c.issuer = kIssuer; }), kNow, true},
           {"another issuer", changed([](auto& c) { c.issuer = "https://evil.example.com"; }), kNow, false},
           {"no state", changed([](auto& c) { c.state.reset(); }), kNow, false},
           {"an empty state", changed([](auto& c) { c.state = ""; }), kNow, false},
           {"another's state", changed([](auto& c) { c.state = make_flow("/", kNow).state; }), kNow, false},
           {"half a state", changed([](auto& c) { c.state->resize(20); }), kNow, false},
           {"the nonce as state", changed([&](auto& c) { c.state = flow.nonce; }), kNow, false},
           {"an error", changed([](auto& c) { c.error = "access_denied"; }), kNow, false},
           {"no code", changed([](auto& c) { c.code.reset(); }), kNow, false},
           {"an empty code", changed([](auto& c) { c.code = ""; }), kNow, false},
           {"a huge code", changed([](auto& c) { c.code = std::string(2049, 'c'); }), kNow, false},
       }) {
    const auto code = code_of_callback(flow, callback, kIssuer, at);
    EXPECT_EQ(code.has_value(), taken) << what;
    if (code) EXPECT_EQ(*code, "abc");
    else EXPECT_EQ(code.error().kind, OidcProblem::Kind::Refused) << what;
  }
  EXPECT_FALSE(code_of_callback({.expires_at = flow.expires_at}, {.state = "", .code = "abc"}, kIssuer, kNow))
      << "no flow at all";
}

// Goal: what a stranger writes into the address bar does not get into the log. Method: errors that are none.
TEST(OidcFlow, LogsOnlyKnownForms) {
  const auto flow = make_flow("/", kNow);
  const auto log_of = [&](std::string error) {
    return code_of_callback(flow, {.state = flow.state, .error = std::move(error)}, kIssuer, kNow).error().log;
  };
  EXPECT_THAT(log_of("access_denied"), HasSubstr("\"access_denied\""));
  for (const auto* error : {"", "x\ny", "secret=1", "\x1b[31m"})
    EXPECT_THAT(log_of(error), HasSubstr("an unknown error"));
  EXPECT_THAT(log_of(std::string(65, 'x')), HasSubstr("an unknown error"));
}

}  // namespace
}  // namespace limehook::identity
