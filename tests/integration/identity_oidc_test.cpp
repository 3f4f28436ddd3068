// Sign-in with OpenID Connect against a provider on loopback that does exactly what a test says, well-behaved or not.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>

#include "http_client_test_certificates.hpp"
#include "http_client_test_server.hpp"
#include "identity/oidc.hpp"
#include "identity/test_tokens.hpp"

namespace limehook::identity {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using http_client::testing::Peer;
using http_client::testing::ReceivedRequest;
using http_client::testing::response_text;
using http_client::testing::TestServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::key_set_of;
using ::testing::Not;
using ::testing::StartsWith;
using testing::TestKey;

constexpr std::string_view kSecret = "s3cret-of-client";
constexpr std::string_view kCode = "the-code-of-ann";
const WallTime kWall(1'790'000'000s);

const TestKey& key(int number) {
  static const std::array keys{TestKey::ec("key-1", CJOSE_JWK_EC_P_256), TestKey::ec("key-2", CJOSE_JWK_EC_P_256)};
  return keys.at(static_cast<std::size_t>(number) - 1);
}

// A good provider; tests replace what it does at a path.
class Provider {
 public:
  using Response = std::function<void(Peer&, const ReceivedRequest&)>;

  explicit Provider(SSL_CTX* tls = nullptr, std::string host = "")
      : server_([this](Peer& peer) { serve(peer); }, tls), host_(std::move(host)) {
    answer("/.well-known/openid-configuration", json::serialize(document()));
    answer("/keys", key_set_of({key(1).jwk()}));
    answer("/me", R"({"sub":"user-7","email":"userinfo@example.com","email_verified":true})");
  }

  std::string issuer() const {
    return host_.empty() ? server_.url("") : "https://" + host_ + ":" + std::to_string(server_.port());
  }
  json::object document() const {
    return {{"issuer", issuer()},
            {"authorization_endpoint", issuer() + "/auth"},
            {"token_endpoint", issuer() + "/token"},
            {"jwks_uri", issuer() + "/keys"},
            {"userinfo_endpoint", issuer() + "/me"}};
  }
  json::object claims(const OidcFlow& flow) const {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(kWall.time_since_epoch()).count();
    return {{"iss", issuer()},
            {"aud", "limehook"},
            {"sub", "user-7"},
            {"nonce", flow.nonce},
            {"iat", now - 1},
            {"exp", now + 300},
            {"email", "ann@example.com"},
            {"email_verified", true}};
  }

  void respond(std::string_view path, Response response) {
    const std::lock_guard lock(mutex_);
    responses_[std::string(path)] = std::move(response);
  }
  void answer(std::string_view path, std::string body, int status = 200, std::string header_lines = "") {
    respond(path, [=](Peer& peer, const ReceivedRequest&) { peer.write(response_text(status, body, header_lines)); });
  }
  // The token endpoint gives these claims, signed by that key.
  void give(const json::object& claims, int key_number = 1) {
    const json::object tokens{{"id_token", key(key_number).sign("ES256", claims)},
                              {"access_token", "the-access-token"},
                              {"token_type", "Bearer"}};
    answer("/token", json::serialize(tokens));
  }

  int requests(std::string_view path) {
    const std::lock_guard lock(mutex_);
    return counts_[std::string(path)];
  }
  ReceivedRequest last(std::string_view path) {
    const std::lock_guard lock(mutex_);
    return last_[std::string(path)];
  }

 private:
  void serve(Peer& peer) {
    while (const auto request = peer.read_request()) {
      const auto from = request->head.find(' ') + 1;
      const auto path = request->head.substr(from, request->head.find(' ', from) - from);
      Response response;
      {
        const std::lock_guard lock(mutex_);
        ++counts_[path];
        last_[path] = *request;
        response = responses_[path];
      }
      if (response) response(peer, *request);
      else peer.write(response_text(404));
    }
  }

  std::mutex mutex_;  // guards the three below
  std::map<std::string, Response> responses_;
  std::map<std::string, int> counts_;
  std::map<std::string, ReceivedRequest> last_;
  TestServer server_;
  std::string host_;  // empty: its address  // the last member: its threads use the others
};

class OidcTest : public ::testing::Test {
 protected:
  OidcOptions options(std::chrono::milliseconds time = 5s) {
    return {.issuer = provider_.issuer(),
            .client_id = "limehook",
            .client_secret = std::string(kSecret),
            .redirect_uri = "https://hooks.example.com/cb",
            .limits = {.time = time}};
  }
  std::unique_ptr<OidcClient> make_client(OidcOptions with) {
    return std::make_unique<OidcClient>(std::move(with), [this] { return Now{MonotonicTime(mono_.load()), kWall}; });
  }
  OidcClient& client() {
    if (!client_) client_ = make_client(options());
    return *client_;
  }
  std::expected<std::string, OidcProblem> begin() {
    std::promise<std::expected<std::string, OidcProblem>> promise;
    client().begin(flow_, [&](auto answer) { promise.set_value(std::move(answer)); });
    return promise.get_future().get();
  }
  std::expected<OidcIdentity, OidcProblem> finish() {
    std::promise<std::expected<OidcIdentity, OidcProblem>> promise;
    client().finish(flow_, std::string(kCode), [&](auto answer) { promise.set_value(std::move(answer)); });
    auto answer = promise.get_future().get();
    if (!answer) expect_no_secret(answer.error());
    return answer;
  }
  void expect_no_secret(const OidcProblem& problem) {
    for (const auto& text : {problem.log, problem.person}) {
      EXPECT_FALSE(text.empty());
      EXPECT_THAT(text, AllOf(Not(HasSubstr(kSecret)), Not(HasSubstr(kCode)), Not(HasSubstr(flow_.verifier)),
                              Not(HasSubstr("the-access-token")), Not(HasSubstr("eyJ"))));
    }
  }

  Provider provider_;
  std::atomic<Duration> mono_{Duration(1h)};
  OidcFlow flow_ = make_flow("/", kWall);
  std::unique_ptr<OidcClient> client_;
};

TEST_F(OidcTest, SignsIn) {
  const auto url = begin();
  ASSERT_TRUE(url) << url.error().log;
  EXPECT_THAT(*url, StartsWith(provider_.issuer() + "/auth?response_type=code&"));
  provider_.give(provider_.claims(flow_));
  const auto identity = finish();
  ASSERT_TRUE(identity) << identity.error().log;
  EXPECT_EQ(*identity, (OidcIdentity{provider_.issuer(), "user-7", "ann@example.com", true, ""}));
  const auto request = provider_.last("/token");
  EXPECT_THAT(request.head, StartsWith("POST /token "));
  EXPECT_THAT(request.header("Authorization"), StartsWith("Basic "));
  EXPECT_THAT(request.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_THAT(request.body, AllOf(HasSubstr("grant_type=authorization_code"), HasSubstr("code=" + std::string(kCode)),
                                  HasSubstr("code_verifier=" + flow_.verifier), Not(HasSubstr(kSecret))));
  EXPECT_EQ(provider_.requests("/me"), 0);
}

// Goal: the provider is not asked again for what it said less than an hour ago. Method: count over sign-ins.
TEST_F(OidcTest, KeepsDocumentAndKeysForAnHour) {
  provider_.give(provider_.claims(flow_));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(finish());
  EXPECT_EQ(provider_.requests("/.well-known/openid-configuration"), 1);
  EXPECT_EQ(provider_.requests("/keys"), 1);
  mono_ = mono_.load() + 1h;
  ASSERT_TRUE(finish());
  EXPECT_EQ(provider_.requests("/.well-known/openid-configuration"), 2);
  EXPECT_EQ(provider_.requests("/keys"), 2);
}

// Goal: keys that the provider has replaced are found at once, and the old ones count no more.
TEST_F(OidcTest, FollowsRotatedKeys) {
  provider_.give(provider_.claims(flow_));
  ASSERT_TRUE(finish());
  provider_.answer("/keys", key_set_of({key(2).jwk()}));
  provider_.give(provider_.claims(flow_), 2);
  ASSERT_TRUE(finish());
  EXPECT_EQ(provider_.requests("/keys"), 2);
  provider_.give(provider_.claims(flow_), 1);
  EXPECT_FALSE(finish());
}

// Goal: a wrong token costs the provider one request for keys at most. Method: a key that it never had.
TEST_F(OidcTest, AsksForKeysOncePerSignIn) {
  provider_.give(provider_.claims(flow_), 2);
  const auto identity = finish();
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().kind, OidcProblem::Kind::Refused);
  EXPECT_THAT(identity.error().log, HasSubstr("none of the provider's keys"));
  EXPECT_EQ(provider_.requests("/keys"), 1);
  EXPECT_FALSE(finish());
  EXPECT_EQ(provider_.requests("/keys"), 2);
}

// Goal: a token of another sign-in, person or client is refused. Method: a table of changed claims.
TEST_F(OidcTest, RefusesTokensOfOthers) {
  for (const auto& [name, value] : std::initializer_list<std::pair<std::string_view, json::value>>{
           {"nonce", json::string(make_flow("/", kWall).nonce)},
           {"aud", "other"},
           {"iss", "https://evil.example.com"},
           {"exp", 1}}) {
    auto claims = provider_.claims(flow_);
    claims[name] = value;
    provider_.give(claims);
    const auto identity = finish();
    ASSERT_FALSE(identity) << name;
    EXPECT_EQ(identity.error().kind, OidcProblem::Kind::Refused) << name;
  }
}

// Goal: who has no address in the ID token has that of the userinfo endpoint, when that is about the same person.
TEST_F(OidcTest, AsksForUserinfoWhereTheTokenHasNoAddress) {
  auto claims = provider_.claims(flow_);
  claims.erase("email");
  provider_.give(claims);
  const auto identity = finish();
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->email, "userinfo@example.com");
  EXPECT_TRUE(identity->email_verified);
  EXPECT_EQ(provider_.last("/me").header("Authorization"), "Bearer the-access-token");
  for (const std::string_view body : {R"({"sub":"user-8","email":"admin@example.com","email_verified":true})",
                                      R"({"email":"admin@example.com","email_verified":true})", "[]", ""}) {
    provider_.answer("/me", std::string(body));
    EXPECT_EQ(finish().value().email, "") << body;
    EXPECT_FALSE(finish().value().email_verified) << body;
  }
}

// Goal: a document that is not the provider's own, or cannot be had, stops the sign-in. Method: a table of answers.
TEST_F(OidcTest, StopsWhereDiscoveryFails) {
  auto wrong_issuer = provider_.document();
  wrong_issuer["issuer"] = "https://evil.example.com";
  auto wrong_endpoint = provider_.document();
  wrong_endpoint["token_endpoint"] = "http://192.0.2.1/token";
  struct Case {
    int status;
    std::string body, header_lines;
    std::string_view words;
  };
  for (const auto& [status, body, header_lines, words] : std::initializer_list<Case>{
           {200, json::serialize(wrong_issuer), "", "another issuer"},
           {200, json::serialize(wrong_endpoint), "", "token_endpoint"},
           {200, "<html>", "", "no JSON object"},
           {200, std::string((1 << 20) + 1, ' '), "", "more than 1048576 bytes"},
           {302, "", "Location: " + provider_.issuer() + "/elsewhere\r\n", "answered 302"},
           {500, "", "", "answered 500"},
           {404, "", "", "answered 404"},
       }) {
    provider_.answer("/elsewhere", json::serialize(provider_.document()));
    provider_.answer("/.well-known/openid-configuration", body, status, header_lines);
    mono_ = mono_.load() + 1min;
    const auto url = begin();
    ASSERT_FALSE(url) << words;
    EXPECT_EQ(url.error().kind, OidcProblem::Kind::Unavailable);
    EXPECT_THAT(url.error().log, HasSubstr(words));
    const auto identity = finish();
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error(), url.error());
  }
  EXPECT_EQ(provider_.requests("/elsewhere"), 0);
  EXPECT_EQ(provider_.requests("/token"), 0);
}

// Goal: trouble at the other endpoints stops the sign-in too, and no redirect gets the code. Method: a table.
TEST_F(OidcTest, StopsWhereOtherEndpointsFail) {
  const std::string location = "Location: " + provider_.issuer() + "/elsewhere\r\n";
  for (const std::string_view path : {"/token", "/keys"}) {
    const auto fail = [&](int status, std::string body, std::string header_lines) {
      client_.reset();
      provider_.give(provider_.claims(flow_));
      provider_.answer(path, std::move(body), status, std::move(header_lines));
      const auto identity = finish();
      ASSERT_FALSE(identity) << path << status;
      EXPECT_EQ(identity.error().kind, OidcProblem::Kind::Unavailable);
    };
    for (const int status : {301, 302, 303, 307, 308}) fail(status, "", location);
    fail(500, "oops", "");
    fail(200, std::string((1 << 20) + 1, ' '), "");
    fail(200, "[]", "");
    provider_.answer("/keys", key_set_of({key(1).jwk()}));
  }
  EXPECT_EQ(provider_.requests("/elsewhere"), 0);
}

// Goal: a provider that hangs, or trickles, costs the time limit. Method: both, with a short limit.
TEST_F(OidcTest, GivesUpASlowProvider) {
  const auto hang = [](Peer& peer, const ReceivedRequest&) { peer.wait_until_closed(); };
  const auto trickle = [](Peer& peer, const ReceivedRequest&) {
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (!peer.closed_within(20ms)) peer.write(" ");
  };
  for (const Provider::Response& response : std::initializer_list<Provider::Response>{hang, trickle}) {
    provider_.respond("/.well-known/openid-configuration", response);
    client_ = make_client(options(200ms));
    const auto url = begin();
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().kind, OidcProblem::Kind::Unavailable);
    EXPECT_THAT(url.error().log, HasSubstr("Timeout"));
  }
}

// Goal: a provider in trouble is left alone for a moment, then asked again. Method: count while it answers 500.
TEST_F(OidcTest, LeavesAProviderInTroubleAlone) {
  provider_.answer("/.well-known/openid-configuration", "", 500);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(begin());
  EXPECT_EQ(provider_.requests("/.well-known/openid-configuration"), 1);
  provider_.answer("/.well-known/openid-configuration", json::serialize(provider_.document()));
  mono_ = mono_.load() + 5s;
  EXPECT_TRUE(begin());
}

// Goal: a provider must prove who it is. Method: certificates for this address and another, trusted and not.
TEST_F(OidcTest, VerifiesCertificates) {
  const auto ca_file = ::testing::TempDir() + "limehook-identity-" + std::to_string(getpid()) + ".pem";
  for (const std::string_view names : {"IP:127.0.0.1", "DNS:id.example.com", ""}) {
    const auto certificate =
        http_client::testing::make_certificate({.common_name = "127.0.0.1", .alternative_names = std::string(names)});
    http_client::testing::write_file(ca_file, certificate.pem());
    const auto context = http_client::testing::server_context(certificate);
    Provider provider(context.get());
    for (const bool trusted : {true, false}) {
      auto with = options();
      with.issuer = provider.issuer();
      if (trusted) with.limits.ca_file = ca_file;
      client_ = make_client(with);
      const auto url = begin();
      EXPECT_EQ(url.has_value(), trusted && names == "IP:127.0.0.1") << names << trusted;
      EXPECT_EQ(provider.requests("/.well-known/openid-configuration"), names == "IP:127.0.0.1" ? 1 : 0);
    }
  }
  std::filesystem::remove(ca_file);
}

// Goal: the provider's issuing authority can be trusted without the one above it; a Common Name is not a name.
// Method: a provider known as "localhost", with certificates of an authority that another one has made.
TEST_F(OidcTest, TrustsAnIssuingAuthorityAndAlternativeNamesOnly) {
  using http_client::testing::make_certificate;
  const auto ca_file = ::testing::TempDir() + "limehook-identity-issuing-" + std::to_string(getpid()) + ".pem";
  const auto root = make_certificate({.common_name = "root", .authority = true});
  const auto issuing = make_certificate({.common_name = "issuing", .authority = true, .issuer = &root});
  http_client::testing::write_file(ca_file, issuing.pem());
  for (const std::string_view names : {"DNS:localhost", ""}) {
    const auto certificate =
        make_certificate({.common_name = "localhost", .alternative_names = std::string(names), .issuer = &issuing});
    const auto context = http_client::testing::server_context(certificate);
    Provider provider(context.get(), "localhost");
    auto with = options();
    with.issuer = provider.issuer();
    with.limits.ca_file = ca_file;
    client_ = make_client(with);
    EXPECT_EQ(begin().has_value(), !names.empty());
  }
  std::filesystem::remove(ca_file);
}

TEST_F(OidcTest, SaysWhereNobodyListens) {
  auto closed = options();
  closed.issuer = "http://127.0.0.1:1";
  client_ = make_client(closed);
  const auto url = begin();
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().log, HasSubstr("http://127.0.0.1:1/.well-known/openid-configuration"));
}

// Goal: the queue is bounded, and an end interrupts and answers all. Method: a provider that hangs, three that wait.
TEST_F(OidcTest, AnswersAllAtItsEnd) {
  std::promise<void> asked;
  provider_.respond("/.well-known/openid-configuration", [&](Peer& peer, const ReceivedRequest&) {
    asked.set_value();
    peer.wait_until_closed();
  });
  auto bounded = options(1min);
  bounded.waiting_max = 2;
  client_ = make_client(bounded);
  std::atomic<int> answers = 0;
  const auto count = [&](const auto& answer) {
    EXPECT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, OidcProblem::Kind::Unavailable);
    ++answers;
  };
  client_->begin(flow_, count);
  asked.get_future().wait();
  client_->begin(flow_, count);
  client_->finish(flow_, std::string(kCode), count);
  EXPECT_EQ(answers, 0);
  client_->begin(flow_, count);
  EXPECT_EQ(answers, 1) << "the one too many is told at once";
  client_.reset();
  EXPECT_EQ(answers, 4);
}

}  // namespace
}  // namespace limehook::identity
