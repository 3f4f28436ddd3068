// OAuth tokens (RFC 6749 section 4.4): asked for, shared, renewed, and what happens when there is none.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Gives "token-1", "token-2"… and keeps what it was asked.
class TokenServer {
 public:
  explicit TokenServer(int expires_in = 3600)
      : server_([this, expires_in](Peer& peer) {
          while (const auto request = peer.read_request()) {
            const int number = ++requests;
            last = *request;
            if (refuse) {
              peer.write(response_text(401, R"({"error":"invalid_client","error_description":"no secret-of-client"})"));
              continue;
            }
            peer.write(
                response_text(200, fmt::format(R"({{"access_token":"token-{}","token_type":"bearer","expires_in":{}}})",
                                               number, expires_in)));
          }
        }) {}
  std::string url() const { return server_.url("/oauth/token?tenant=7"); }

  std::atomic<int> requests = 0;
  std::atomic<bool> refuse = false;
  ReceivedRequest last;

 private:
  TestServer server_;
};

std::shared_ptr<Webhook> oauth_webhook(std::string url, std::string token_url, Duration timeout = seconds(20)) {
  auto webhook = webhook_to(std::move(url), timeout);
  webhook->oauth = OauthSettings{.token_url = std::move(token_url),
                                 .client_id = "the-client",
                                 .client_secret = "secret-of-client",
                                 .scope = "hooks"};
  return webhook;
}

// Keeps the Authorization header of each request; answers `status`.
TestServer::Handler keeping(std::vector<std::string>& authorizations, std::atomic<int>& status) {
  return [&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      authorizations.push_back(request->header("Authorization"));
      peer.write(response_text(status, "you sent " + request->header("Authorization")));
    }
  };
}

// Goal: the token is asked for once, as the RFC says, sent on every attempt, and never shown.
TEST(Oauth, SendsOneTokenOnManyAttempts) {
  TokenServer tokens;
  std::vector<std::string> authorizations;
  std::atomic<int> status = 200;
  TestServer server(keeping(authorizations, status));
  TestClient client;
  const auto webhook = oauth_webhook(server.url(), tokens.url());
  const auto attempt = client.send(webhook).attempt;
  client.send(webhook);
  auto next_version = std::make_shared<Webhook>(*webhook);
  next_version->version = 8;
  client.send(next_version);
  EXPECT_THAT(authorizations, ElementsAre("Bearer token-1", "Bearer token-1", "Bearer token-1"));
  EXPECT_EQ(tokens.requests, 1);
  EXPECT_THAT(tokens.last.head, HasSubstr("POST /oauth/token?tenant=7 HTTP/1.1\r\n"));
  EXPECT_EQ(tokens.last.header("Authorization"), "Basic dGhlLWNsaWVudDpzZWNyZXQtb2YtY2xpZW50");
  EXPECT_EQ(tokens.last.header("X-LimeCall-Signature"), "");
  EXPECT_EQ(tokens.last.body, "grant_type=client_credentials&scope=hooks");
  EXPECT_EQ(attempt.response_body, "you sent Bearer ••••••••");
}

// Goal: attempts that wait for the same token cause one request for it.
TEST(Oauth, AsksOnceForAllWhoWait) {
  TokenServer tokens;
  TestServer server(always(response_text(200)));
  TestClient client;
  const auto webhook = oauth_webhook(server.url(), tokens.url());
  for (int i = 0; i < 20; ++i) client.start(webhook);
  for (const auto& result : client.next(20)) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  EXPECT_EQ(tokens.requests, 1);
}

// Goal: a token that has expired, or that the receiver refuses, is replaced; so is that of other settings.
TEST(Oauth, AsksAnewWhenTheTokenIsNoLongerGood) {
  std::vector<std::string> authorizations;
  std::atomic<int> status = 200;
  TestServer server(keeping(authorizations, status));
  TestClient client;
  TokenServer short_lived(0);
  const auto expiring = oauth_webhook(server.url(), short_lived.url());
  client.send(expiring);
  client.send(expiring);
  EXPECT_THAT(authorizations, ElementsAre("Bearer token-1", "Bearer token-2"));

  authorizations.clear();
  TokenServer tokens;
  const auto webhook = oauth_webhook(server.url(), tokens.url());
  status = 401;
  EXPECT_EQ(client.send(webhook).attempt.http_status, 401);
  status = 200;
  client.send(webhook);
  auto changed = std::make_shared<Webhook>(*webhook);
  changed->oauth->scope = "more";
  client.send(changed);
  EXPECT_THAT(authorizations, ElementsAre("Bearer token-1", "Bearer token-2", "Bearer token-3"));
}

// Goal: no token, no request to the receiver; the attempt says why, without the secret, and the next one tries again.
TEST(Oauth, FailsTheAttemptWhenThereIsNoToken) {
  TokenServer tokens;
  TestServer server(always(response_text(200)));
  TestClient client;
  const auto webhook = oauth_webhook(server.url(), tokens.url());
  tokens.refuse = true;
  const auto attempt = client.send(webhook).attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::OauthFailed);
  EXPECT_EQ(attempt.http_status, 0);
  EXPECT_EQ(attempt.response_body, "");
  EXPECT_THAT(attempt.error, HasSubstr("it answered 401: invalid_client (no ••••••••)"));
  EXPECT_EQ(server.connections(), 0);
  tokens.refuse = false;
  EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
}

// Goal: the token's endpoint is under the same address policy, by literal and by name, and is not redirected.
TEST(Oauth, AsksNobodyWhoMayNotBeReached) {
  TestServer inner(always(response_text(200, R"({"access_token":"x"})")), nullptr, "127.0.0.2");
  TestServer redirecting(always(response_text(302, "", "Location: " + inner.url() + "\r\n")));
  TestServer server(always(response_text(200)));
  auto options = test_options();
  options.policy = AddressPolicy({*parse_network("127.0.0.1/32")});
  options.look_up = [](const std::string&) {
    return Resolution{{boost::asio::ip::make_address("127.0.0.2")}, "", false};
  };
  TestClient client(options);
  const std::pair<std::string, std::string> refused[] = {
      {inner.url(), "loopback"},
      {fmt::format("http://inner.example:{}/", inner.port()), "no address that this server may send to"},
      {redirecting.url(), "it answered 302"}};
  for (const auto& [url, why] : refused) {
    const auto attempt = client.send(oauth_webhook(server.url(), url)).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::OauthFailed) << url;
    EXPECT_THAT(attempt.error, HasSubstr(why)) << url;
  }
  EXPECT_EQ(inner.connections(), 0);
  EXPECT_EQ(server.connections(), 0);
}

// Goal: an endpoint that hangs costs its own webhooks the attempt's time and no other webhook anything.
TEST(Oauth, HoldsUpOnlyThoseWhoWaitForIt) {
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  TestServer server(always(response_text(200)));
  TestClient client;
  const auto stuck = oauth_webhook(server.url(), hanging.url(), milliseconds(400));
  for (int i = 0; i < 3; ++i) client.start(stuck);
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200) << "while the others wait";
  for (const auto& result : client.next(3)) {
    EXPECT_EQ(result.attempt.outcome, AttemptOutcome::OauthFailed);
    EXPECT_THAT(result.attempt.error, HasSubstr("no OAuth token from " + hanging.url("") + ": "));
    EXPECT_GE(result.attempt.duration, milliseconds(400));
  }
  EXPECT_EQ(hanging.connections(), 1);
}

// Goal: each webhook asks for its own token over its own connection, also where another has the same settings, and late
// bytes of a receiver at the same host and port never become a token. Method: the receiver's answers to deliveries have
// bodies that their status forbids, and send them late, in the form of a token.
TEST(Oauth, ATokenIsNeverAnothersAnswer) {
  const auto forged = response_text(200, R"({"access_token":"forged","token_type":"bearer"})");
  std::mutex mutex;
  std::vector<std::string> authorizations;
  std::atomic<int> token_requests = 0;
  TestServer server([&](Peer& peer) {
    bool asked_for_token = false, asked_for_more = false;
    while (const auto request = peer.read_request()) {
      const bool token = request->head.starts_with("POST /token");
      (token ? asked_for_token : asked_for_more) = true;
      EXPECT_FALSE(asked_for_token && asked_for_more) << "both on one connection";
      if (token) {
        peer.write(response_text(200, fmt::format(R"({{"access_token":"own-{}"}})", ++token_requests)));
        continue;
      }
      const std::lock_guard lock(mutex);
      authorizations.push_back(request->header("Authorization"));
      peer.write(fmt::format("HTTP/1.1 204 No Content\r\nContent-Length: {}\r\n\r\n", forged.size()));
      peer.closed_within(milliseconds(2));
      peer.write(forged);
    }
  });
  TestClient client;
  for (int i = 0; i < 5; ++i) {
    client.send(webhook_to(server.url("/hook")));
    client.send(oauth_webhook(server.url("/hook"), server.url("/token")));
  }
  std::erase(authorizations, "Bearer token-of-the-webhook");
  EXPECT_THAT(authorizations,
              ElementsAre("Bearer own-1", "Bearer own-2", "Bearer own-3", "Bearer own-4", "Bearer own-5"));
}

// Goal: an answer that cannot be read is told apart by its first line. What follows may be the token.
TEST(Oauth, ShowsNoTokenOfABrokenAnswer) {
  TestServer server(always(response_text(200)));
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{\"access_token\":\"confidential\"}",
                                   "{\"access_token\":\"confidential\"}\r\n\r\n"}) {
    TestServer tokens(always(answer));
    TestClient client;
    const auto attempt = client.send(oauth_webhook(server.url(), tokens.url())).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::OauthFailed);
    EXPECT_THAT(attempt.error, HasSubstr("the answer is not HTTP/1.1"));
    EXPECT_THAT(attempt.error, Not(HasSubstr("confidential")));
    EXPECT_EQ(attempt.error.contains("it begins with: HTTP/1.1 200 OK"), answer.starts_with("HTTP"));
  }
}

// Goal: stopping ends attempts that wait for a token, each once.
TEST(Oauth, StopsWhileWaiting) {
  TestServer hanging([](Peer& peer) { peer.wait_until_closed(); });
  TestClient client;
  const auto webhook = oauth_webhook("http://127.0.0.1:1/", hanging.url());
  for (int i = 0; i < 3; ++i) client.start(webhook);
  while (hanging.connections() == 0) std::this_thread::yield();
  client.sender().stop();
  for (const auto& result : client.next(3)) EXPECT_EQ(result.attempt.outcome, AttemptOutcome::Internal);
  EXPECT_EQ(client.results_left(), 0u);
}

}  // namespace
}  // namespace limehook::http_client::testing
