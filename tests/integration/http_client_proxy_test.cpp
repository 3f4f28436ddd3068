// Going through an HTTP proxy: tunnels for https, whole URLs for http, and proxies that do not play along.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_client_test_certificates.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

SenderOptions through(const TestServer& proxy) {
  auto options = test_options();
  options.policy = AddressPolicy();  // the proxy is on loopback all the same
  options.proxy = Proxy{.host = "127.0.0.1", .port = static_cast<std::uint16_t>(proxy.port()), .credentials = "u:p"};
  return options;
}

// Goal: http goes as a whole URL with the proxy's credentials, over a connection that is kept.
TEST(ViaProxy, SendsHttpInAbsoluteForm) {
  ReceivedRequest request;
  TestServer proxy([&](Peer& peer) {
    while (const auto next = peer.read_request()) {
      request = *next;
      peer.write(response_text(200, "hello"));
    }
  });
  TestClient client(through(proxy));
  EXPECT_EQ(client.send("http://hooks.example/a?b=c").attempt.response_body, "hello");
  EXPECT_THAT(request.head, StartsWith("POST http://hooks.example/a?b=c HTTP/1.1\r\nHost: hooks.example\r\n"));
  EXPECT_EQ(request.header("Proxy-Authorization"), "Basic dTpw");
  client.send("http://hooks.example/a?b=c");
  EXPECT_EQ(proxy.connections(), 1);
}

// Goal: a connection through the proxy belongs to one webhook, like any other.
TEST(ViaProxy, ConnectionsBelongToOneWebhook) {
  TestServer proxy(always(response_text(200)));
  TestClient client(through(proxy));
  const WebhookPtr webhooks[] = {webhook_to("http://hooks.example/"), webhook_to("http://hooks.example/")};
  for (int i = 0; i < 3; ++i) {
    for (const auto& webhook : webhooks) EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  }
  EXPECT_EQ(proxy.connections(), 2);
}

// Goal: https goes through a tunnel, in which the receiver proves who it is and sees nothing of the proxy's business.
TEST(ViaProxy, SendsHttpsThroughATunnel) {
  const auto authority = make_certificate({.common_name = "test authority", .authority = true});
  const auto certificate = make_certificate({.alternative_names = "DNS:hooks.example", .issuer = &authority});
  const auto context = server_context(certificate);
  std::string ca_file = ::testing::TempDir() + "limehook-proxy-ca.pem";
  write_file(ca_file, authority.pem());
  std::vector<std::string> connects;
  ReceivedRequest request;
  // Proxy and receiver in one: after CONNECT the connection speaks TLS.
  TestServer proxy([&](Peer& peer) {
    connects.push_back(peer.read_head());
    peer.write("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n");
    if (!peer.accept_tls(context.get())) return;
    while (const auto next = peer.read_request()) {
      request = *next;
      peer.write(response_text(200));
    }
  });
  auto options = through(proxy);
  options.ca_file = ca_file;
  TestClient client(options);
  for (int i = 0; i < 2; ++i) {
    const auto attempt = client.send("https://hooks.example/hook").attempt;
    EXPECT_EQ(attempt.http_status, 200) << attempt.error;
  }
  ASSERT_EQ(connects.size(), 1u) << "the tunnel is used again";
  EXPECT_EQ(connects[0],
            "CONNECT hooks.example:443 HTTP/1.1\r\nHost: hooks.example:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n");
  EXPECT_THAT(request.head, StartsWith("POST /hook HTTP/1.1\r\nHost: hooks.example\r\n"));
  EXPECT_EQ(request.header("Proxy-Authorization"), "");
  const auto other = client.send("https://other.example/").attempt;
  EXPECT_EQ(other.outcome, AttemptOutcome::TlsFailed);
  EXPECT_THAT(other.error, StartsWith("certificate is not valid for host other.example: it is for "));
  std::remove(ca_file.c_str());
}

// What comes of an attempt through a proxy that gives `answer`; where the error names the proxy, it says "PROXY".
Attempt attempt_via(const std::string& answer, const std::string& url) {
  TestServer proxy([&](Peer& peer) {
    peer.read_head();
    peer.write(answer);
  });
  TestClient client(through(proxy));
  auto attempt = client.send(url).attempt;
  const auto name = fmt::format("proxy 127.0.0.1:{}", proxy.port());
  if (attempt.error.starts_with(name)) attempt.error.replace(0, name.size(), "PROXY");
  return attempt;
}

// Goal: what a proxy does wrong is told as such, and not as the receiver's answer.
TEST(ViaProxy, SaysWhatTheProxyDoesWrong) {
  for (const auto& [answer, error] : std::initializer_list<std::pair<std::string, std::string>>{
           {response_text(407, "who?"), "PROXY: it answered 407 to CONNECT"},
           {response_text(502), "PROXY: it answered 502 to CONNECT"},
           {"SSH-2.0-OpenSSH\r\n", "PROXY: its answer to CONNECT is not HTTP/1.1"},
           {"HTTP/1.1 200 OK\r\n\r\nmore", "PROXY: it sent more than an answer to CONNECT"},
           {"", "PROXY: it closed the connection without an answer to CONNECT"}}) {
    const auto attempt = attempt_via(answer, "https://hooks.example/");
    EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed) << error;
    EXPECT_EQ(attempt.error, error);
  }
  const auto attempt = attempt_via(response_text(407, "who?"), "http://hooks.example/");
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(attempt.error, "the proxy asks for other credentials: it answered 407");
  EXPECT_EQ(attempt.http_status, 0);
  EXPECT_EQ(attempt.response_body, "");
}

TEST(ViaProxy, SaysThatTheProxyCannotBeReached) {
  auto options = test_options();
  {
    TestServer gone(always(""));
    options = through(gone);
  }
  TestClient client(options);
  const auto attempt = client.send("https://hooks.example/").attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(attempt.error, fmt::format("proxy 127.0.0.1:{}: Connection refused", options.proxy->port));
  options.proxy->host = "nobody.invalid";
  TestClient lost(options);
  const auto unknown = lost.send("https://hooks.example/").attempt;
  EXPECT_EQ(unknown.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_THAT(unknown.error, StartsWith("proxy nobody.invalid: "));
}

TEST(ViaProxy, GivesUpOnAProxyThatHangs) {
  TestServer proxy([](Peer& peer) { peer.wait_until_closed(); });
  auto options = through(proxy);
  options.connect_timeout = milliseconds(200);
  TestClient client(options);
  const auto attempt = client.send("https://hooks.example/").attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(attempt.error, "proxy 127.0.0.1: no answer to CONNECT within 200ms");
}

// Goal: hosts that are not public as they are written are refused before the proxy hears of them, also for tokens.
TEST(ViaProxy, RefusesPrivateAddressesItself) {
  TestServer proxy(always(response_text(200)));
  TestClient client(through(proxy));
  for (const auto* const url : kPrivateHosts) {
    for (const std::string scheme : {"http", "https"}) {
      const auto attempt = client.send(scheme + "://" + url + "/").attempt;
      EXPECT_EQ(attempt.outcome, AttemptOutcome::AddressRefused) << scheme << " " << url << ": " << attempt.error;
    }
    auto webhook = webhook_to("https://hooks.example/");
    webhook->oauth = OauthSettings{.token_url = std::string("http://") + url + "/", .client_secret = "secret"};
    EXPECT_EQ(client.send(webhook).attempt.outcome, AttemptOutcome::OauthFailed) << url;
  }
  EXPECT_EQ(proxy.connections(), 0);
}

}  // namespace
}  // namespace limehook::http_client::testing
