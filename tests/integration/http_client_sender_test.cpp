// What the receiver gets, and what becomes of attempts that do not reach it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_client_silent_port.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"
#include "signing/signing.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

WallTime wall_clock() {
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
}

// Goal: the request is the one of the contract, byte for byte where it is not random. Method: the receiver keeps it.
TEST(Sending, SendsExactlyTheContractsRequest) {
  ReceivedRequest request;
  TestServer server([&](Peer& peer) {
    request = *peer.read_request();
    peer.write(response_text(200, "thanks", "X-One: 1\r\nX-Two:  2  \r\n"));
  });
  TestClient client;
  auto webhook = webhook_to(server.url("/a%2Fb/../c?x=%41&y=a+b"));
  webhook->headers = {{"X-Own", "own value"}};
  const auto before = wall_clock();
  const auto result = client.send(webhook);
  const auto& attempt = result.attempt;

  EXPECT_EQ(attempt.outcome, AttemptOutcome::Response) << attempt.error;
  EXPECT_EQ(attempt.http_status, 200);
  EXPECT_EQ(attempt.number, 2);
  EXPECT_EQ(attempt.webhook_version, 7);
  EXPECT_EQ(attempt.error, "");
  EXPECT_EQ(attempt.response_head, "Content-Length: 6\r\nX-One: 1\r\nX-Two: 2");
  EXPECT_EQ(attempt.response_body, "thanks");
  EXPECT_FALSE(attempt.response_body_cut);
  EXPECT_EQ(result.retry_after, std::nullopt);
  EXPECT_GE(attempt.started_at, before);
  EXPECT_LE(attempt.started_at, wall_clock());
  EXPECT_GT(attempt.duration, Duration(0));
  EXPECT_LT(attempt.duration, seconds(10));

  const auto timestamp = to_us(attempt.started_at) / 1'000'000;
  const auto id = DeliveryId{1}.str();
  signing::Signer signer({.secret = kSecret});
  const auto macs = signer.sign(id, timestamp, kBody);
  const auto signatures = signing::headers_of(macs);
  EXPECT_EQ(attempt.signatures, macs);
  EXPECT_EQ(request.body, kBody);
  EXPECT_EQ(request.head,
            "POST /a%2Fb/../c?x=%41&y=a+b HTTP/1.1\r\n"
            "Host: 127.0.0.1:" +
                std::to_string(server.port()) +
                "\r\n"
                "Content-Length: " +
                std::to_string(std::string_view(kBody).size()) +
                "\r\n"
                "User-Agent: Limehook/1.2.3\r\n"
                "Content-Type: application/json\r\n"
                "Accept: */*\r\n"
                "Accept-Encoding: identity\r\n"
                "Authorization: Bearer token-of-the-webhook\r\n"
                "X-LimeCall-Event: missed_call\r\n"
                "X-LimeCall-Attempt: 2\r\n"
                "X-LimeCall-Signature: " +
                signatures.limecall +
                "\r\n"
                "webhook-id: " +
                id +
                "\r\n"
                "webhook-timestamp: " +
                std::to_string(timestamp) +
                "\r\n"
                "webhook-signature: " +
                signatures.webhook_signature +
                "\r\n"
                "X-Own: own value\r\n\r\n");
}

TEST(Sending, UsesTheWebhookVersionOfEachRequest) {
  std::vector<std::string> tokens;
  TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      tokens.push_back(request->header("Authorization") + " " + request->head.substr(0, request->head.find(" HTTP")));
      peer.write(response_text(200));
    }
  });
  TestClient client;
  const auto first = webhook_to(server.url("/1"));
  auto second = std::make_shared<Webhook>(*first);
  second->version = 8;
  second->token = "new";
  second->url = server.url("/2");
  client.send(first);
  EXPECT_EQ(client.send(second).attempt.webhook_version, 8);
  client.send(first);
  EXPECT_EQ(tokens, (std::vector<std::string>{"Bearer token-of-the-webhook POST /1", "Bearer new POST /2",
                                              "Bearer token-of-the-webhook POST /1"}));
  EXPECT_EQ(server.connections(), 1);
}

TEST(Sending, SendsBothSignaturesDuringARotation) {
  ReceivedRequest request;
  TestServer server([&](Peer& peer) {
    request = *peer.read_request();
    peer.write(response_text(200));
  });
  TestClient client;
  auto webhook = webhook_to(server.url());
  const std::string old = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  webhook->previous_secrets = {{old, wall_clock() + std::chrono::hours(1)}};
  const auto result = client.send(webhook);
  EXPECT_EQ(result.attempt.signatures.size(), 4 * 33u);
  EXPECT_TRUE(signing::verify_limecall(old, request.header("X-LimeCall-Signature-Previous"), kBody));
  EXPECT_TRUE(signing::verify_limecall(webhook->secret, request.header("X-LimeCall-Signature"), kBody));
  EXPECT_THAT(request.header("webhook-signature"), HasSubstr(" v1,"));
}

// Goal: with v1a the receiver can verify by the public key alone, beside v1 or without it.
TEST(Sending, SignsWithTheWebhooksKeyPair) {
  ReceivedRequest request;
  TestServer server([&](Peer& peer) {
    while (const auto next = peer.read_request()) {
      request = *next;
      peer.write(response_text(200));
    }
  });
  TestClient client;
  const auto pair = signing::generate_key_pair();
  for (const bool v1 : {true, false}) {
    auto webhook = webhook_to(server.url());
    webhook->signatures = {.v1 = v1, .v1a = true};
    webhook->signing_key = pair.private_key;
    client.send(webhook);
    const auto id = request.header("webhook-id");
    const auto timestamp = request.header("webhook-timestamp");
    const auto signature = request.header("webhook-signature");
    const signing::StandardHeaders headers{id, timestamp, signature};
    EXPECT_TRUE(signing::verify_standard_ed25519(pair.public_key, headers, kBody, wall_clock()));
    EXPECT_EQ(signing::verify_standard(kSecret, headers, kBody, wall_clock()).has_value(), v1);
    EXPECT_TRUE(signing::verify_limecall(kSecret, request.header("X-LimeCall-Signature"), kBody));
  }
}

// Goal: an attempt at the fallback goes to that URL and says so, with the body's type and the webhook's own header
// name.
TEST(Sending, GoesToTheFallbackWhenAsked) {
  ReceivedRequest request;
  TestServer main(always(response_text(500)));
  TestServer fallback([&](Peer& peer) {
    request = *peer.read_request();
    peer.write(response_text(200));
  });
  auto options = test_options();
  options.threads = 3;
  TestClient client(options);
  auto webhook = webhook_to(main.url());
  webhook->fallback_url = fallback.url("/second?x=1");
  webhook->signature_header = "X-Signed";
  client.sender().start({.delivery = DeliveryId{900},
                         .number = 6,
                         .type = EventType::MissedCall,
                         .fallback = true,
                         .body_type = BodyType::CloudEvents,
                         .webhook = webhook,
                         .body = std::make_shared<const std::string>(kBody)});
  const auto attempt = client.next().attempt;
  EXPECT_EQ(attempt.http_status, 200);
  EXPECT_TRUE(attempt.fallback);
  EXPECT_THAT(request.head, StartsWith("POST /second?x=1 HTTP/1.1\r\n"));
  EXPECT_EQ(request.header("Content-Type"), "application/cloudevents+json; charset=UTF-8");
  EXPECT_TRUE(signing::verify_limecall(kSecret, request.header("X-Signed"), kBody));
  EXPECT_EQ(request.header("X-LimeCall-Signature"), "");
  EXPECT_EQ(main.connections(), 0);
  EXPECT_FALSE(client.send(webhook).attempt.fallback);
  EXPECT_EQ(main.connections(), 1);
}

TEST(Sending, CarriesABodyLargerThanTheSocketsBuffers) {
  std::string received;
  TestServer server([&](Peer& peer) {
    // Reads only when the sender must be waiting for room.
    peer.closed_within(milliseconds(50));
    received = peer.read_request()->body;
    peer.write(response_text(200));
  });
  TestClient client;
  std::string body(8 * 1024 * 1024, 'x');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>('a' + i % 26);
  EXPECT_EQ(client.send(webhook_to(server.url()), body).attempt.http_status, 200);
  EXPECT_TRUE(received == body);
}

TEST(Sending, TakesAnAnswerThatComesBeforeTheBodyIsSent) {
  TestServer server([](Peer& peer) {
    peer.write(response_text(413, "too large"));
    peer.wait_until_closed();
  });
  TestClient client;
  const auto result = client.send(webhook_to(server.url()), std::string(16 * 1024 * 1024, 'x'));
  EXPECT_EQ(result.attempt.http_status, 413);
  EXPECT_EQ(result.attempt.response_body, "too large");
}

bool machine_has_ipv6() {
  const int probe = ::socket(AF_INET6, SOCK_STREAM, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = probe >= 0 && ::bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (probe >= 0) ::close(probe);
  return bound;
}

// Goal: a receiver that has an IPv6 address only is reached, by that address and by its name.
TEST(Sending, ReachesReceiversWithIpv6Only) {
  if (!machine_has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  std::string host;
  TestServer server(
      [&](Peer& peer) {
        while (const auto request = peer.read_request()) {
          host = request->header("Host");
          peer.write(response_text(200));
        }
      },
      nullptr, "::1");
  auto options = test_options();
  options.look_up = [](const std::string&) { return Resolution{{boost::asio::ip::make_address("::1")}, "", false}; };
  TestClient client(options);
  const auto port = std::to_string(server.port());
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  EXPECT_EQ(host, "[::1]:" + port);
  EXPECT_EQ(client.send("http://v6.example:" + port + "/").attempt.http_status, 200);
  EXPECT_EQ(host, "v6.example:" + port);
}

TEST(NotReached, SaysThatTheConnectionWasRefused) {
  int port;
  {
    port = TestServer(always("")).port();
  }
  TestClient client;
  const auto result = client.send("http://127.0.0.1:" + std::to_string(port) + "/");
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(result.attempt.http_status, 0);
  EXPECT_EQ(result.attempt.error, "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(result.attempt.signatures.size(), 2 * 33u);
}

// Goal: an address that swallows packets costs the connect timeout, not the attempt's.
TEST(NotReached, GivesUpConnecting) {
  const SilentPort silent("127.0.0.1");
  auto options = test_options();
  options.connect_timeout = milliseconds(200);
  TestClient client(options);
  const auto result = client.send("http://127.0.0.1:" + std::to_string(silent.port()) + "/");
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(result.attempt.error, "no connection to 127.0.0.1 within 200ms");
  EXPECT_GE(result.attempt.duration, milliseconds(200));
  EXPECT_LT(result.attempt.duration, seconds(5));
}

TEST(NotReached, RefusesAddressesThatAreNotPublic) {
  TestServer server(always(response_text(200)));
  auto options = test_options();
  options.policy = AddressPolicy();
  TestClient client(options);
  const auto literal = client.send(server.url());
  EXPECT_EQ(literal.attempt.outcome, AttemptOutcome::AddressRefused);
  EXPECT_EQ(literal.attempt.error, "127.0.0.1 is not a public address: loopback");
  const auto name = client.send("http://localhost:" + std::to_string(server.port()) + "/");
  EXPECT_EQ(name.attempt.outcome, AttemptOutcome::AddressRefused);
  EXPECT_THAT(name.attempt.error, HasSubstr("loopback"));
  EXPECT_EQ(server.connections(), 0);
}

TEST(NotReached, RefusesPortsOfOtherProtocols) {
  auto options = test_options();
  options.ports = PortPolicy({1});
  TestClient client(options);
  const auto attempt = client.send("http://127.0.0.1:6379/").attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::AddressRefused);
  EXPECT_THAT(attempt.error, StartsWith("the URL must not use port 6379, which is for Redis ("));
  EXPECT_EQ(client.send("http://127.0.0.1:1/").attempt.outcome, AttemptOutcome::ConnectFailed) << "it is allowed";
}

TEST(NotReached, SaysThatANameDoesNotExist) {
  TestClient client;
  const auto result = client.send("http://nobody.invalid/");
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::NameNotResolved);
  EXPECT_THAT(result.attempt.error, StartsWith("nobody.invalid: "));
}

TEST(NotReached, SaysThatAUrlCannotBeUsed) {
  TestClient client;
  const auto result = client.send("ftp://127.0.0.1/");
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::Internal);
  EXPECT_EQ(result.attempt.error, "the webhook's URL cannot be used: its scheme is neither http nor https");
}

}  // namespace
}  // namespace limehook::http_client::testing
