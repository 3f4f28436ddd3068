// Where requests may go: the address that was judged is the address that is connected to, whatever names, kept
// connections and answers say.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <mutex>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// 127.0.0.1 stands for the public addresses, 127.0.0.2 for the private ones.
constexpr const char* kPublic = "127.0.0.1";
constexpr const char* kPrivate = "127.0.0.2";
constexpr const char* kLastResponse = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// A name server whose answer can change; shared, because a lookup under way outlives its sender.
class Names {
 public:
  void answer(std::vector<const char*> addresses) {
    const std::lock_guard lock(mutex_);
    addresses_ = std::move(addresses);
  }
  Resolution look_up() {
    const std::lock_guard lock(mutex_);
    ++lookups;
    Resolution found;
    for (const char* text : addresses_) found.addresses.push_back(make_address(text));
    return found;
  }
  std::atomic<int> lookups = 0;

 private:
  std::mutex mutex_;
  std::vector<const char*> addresses_;
};

class Egress : public ::testing::Test {
 protected:
  SenderOptions options() const {
    auto made = test_options();
    made.policy = AddressPolicy({*parse_network("127.0.0.1/32")});
    made.look_up = [names = names_](const std::string&) { return names->look_up(); };
    made.resolution_lifetime = Duration(0);  // each new connection asks for the addresses
    return made;
  }
  static std::string url(const TestServer& server) {
    return fmt::format("http://hooks.example:{}/hook", server.port());
  }
  // Sends until an attempt is refused for its address. Some still go to the old address, which is fine.
  static Attempt send_until_refused(TestClient& client, const std::string& url) {
    const auto webhook = webhook_to(url);
    for (int i = 0; i < 20'000; ++i) {
      auto attempt = client.send(webhook).attempt;
      if (attempt.outcome != AttemptOutcome::Response) return attempt;
    }
    return {};
  }

  std::shared_ptr<Names> names_ = std::make_shared<Names>();
};

// Goal: of an answer that mixes public and private addresses only the public ones are used, in any order.
TEST_F(Egress, UsesThePublicAddressesOfAMixedAnswerOnly) {
  TestServer inner(always(response_text(200)), nullptr, kPrivate);
  TestServer outer(always(response_text(200)), nullptr, kPublic);
  for (const std::vector<const char*>& mixed :
       {std::vector{kPrivate, kPublic}, {kPublic, kPrivate}, {"::ffff:127.0.0.2", "10.0.0.1", kPublic, "::1"}}) {
    names_->answer(mixed);
    TestClient client(options());
    EXPECT_EQ(client.send(url(outer)).attempt.http_status, 200);
    // Nobody listens there on the public address, and that is the end of it.
    EXPECT_EQ(client.send(url(inner)).attempt.outcome, AttemptOutcome::ConnectFailed);
  }
  EXPECT_EQ(inner.connections(), 0);
}

// Goal: names that lead to private addresses only are refused, in every form that an answer can have; nothing tells
// them from names that do not exist, how often they are looked up included. (Aliases are followed by the system's
// resolver: what comes of them is judged.)
TEST_F(Egress, RefusesNamesThatLeadInsideLikeUnknownOnes) {
  TestServer inner(always(response_text(200)), nullptr, kPrivate);
  std::atomic<int> told = 0;
  for (const char* inside :
       {kPrivate, "10.1.2.3", "::ffff:127.0.0.2", "::ffff:10.1.2.3", "64:ff9b::127.0.0.2", "::1", "fd00::1",
        "fe80::1%1", "169.254.169.254", "2606:4700::5efe:10.1.2.3", "0.0.0.0", "::", ""}) {
    const bool exists = *inside != '\0';
    names_->answer(exists ? std::vector{inside} : std::vector<const char*>{});
    names_->lookups = 0;
    told = 0;
    auto made = options();
    made.look_up = [names = names_](const std::string&) {
      auto found = names->look_up();
      found.name_unknown = found.addresses.empty();
      return found;
    };
    made.name_leads_inside = [&](const std::string&, std::string_view) { ++told; };
    TestClient client(made);
    for (int i = 0; i < 5; ++i) {
      const auto attempt = client.send(url(inner)).attempt;
      EXPECT_EQ(attempt.outcome, AttemptOutcome::NameNotResolved) << inside;
      EXPECT_EQ(attempt.error, "hooks.example: the name is not known, or has no address that this server may send to")
          << inside;
    }
    EXPECT_LE(names_->lookups, 2) << inside << ": an unknown name is not asked for again at once";
    EXPECT_EQ(told, exists ? names_->lookups.load() : 0) << inside;
  }
  EXPECT_EQ(inner.connections(), 0);
}

// Goal: a name that changes its mind after the check (DNS rebinding) reaches nothing: each connection goes to an
// address that was judged for it.
TEST_F(Egress, JudgesTheAddressThatItConnectsTo) {
  TestServer outer(always(kLastResponse), nullptr, kPublic);
  names_->answer({kPublic});
  TestClient client(options());
  EXPECT_EQ(client.send(url(outer)).attempt.http_status, 200);
  names_->answer({kPrivate});
  EXPECT_EQ(send_until_refused(client, url(outer)).outcome, AttemptOutcome::NameNotResolved);
  names_->answer({kPublic});
  while (client.send(url(outer)).attempt.outcome == AttemptOutcome::NameNotResolved) {
  }
  EXPECT_EQ(client.send(url(outer)).attempt.http_status, 200);
}

// Goal: a kept connection is not used once its name leads elsewhere. Method: while one attempt holds the only
// connection a second one has the name looked up, with a new answer; then the first connection is free.
TEST_F(Egress, GivesUpKeptConnectionsWhoseNameHasMoved) {
  std::latch release(1);
  std::atomic<bool> first = true;
  TestServer outer(
      [&](Peer& peer) {
        while (peer.read_request()) {
          const bool holds = first.exchange(false);
          if (holds) release.wait();
          peer.write(holds ? response_text(200) : kLastResponse);
        }
      },
      nullptr, kPublic);
  names_->answer({kPublic});
  TestClient client(options());
  const auto webhook = webhook_to(url(outer));
  client.start(webhook);
  while (first) std::this_thread::yield();
  names_->answer({kPrivate});
  EXPECT_EQ(send_until_refused(client, url(outer)).outcome, AttemptOutcome::NameNotResolved);
  release.count_down();
  EXPECT_EQ(client.next().attempt.http_status, 200);
  EXPECT_EQ(client.send(webhook).attempt.outcome, AttemptOutcome::NameNotResolved);
}

// Goal: no connection is used for ever, so that a name is looked at again however busy its connections are.
TEST_F(Egress, ReplacesOldConnections) {
  TestServer outer(always(response_text(200)), nullptr, kPublic);
  names_->answer({kPublic});
  auto limited = options();
  limited.connection_age_max = milliseconds(50);
  TestClient client(limited);
  const auto webhook = webhook_to(url(outer));
  while (outer.connections() < 3) ASSERT_EQ(client.send(webhook).attempt.http_status, 200);
  EXPECT_GE(names_->lookups, 2);
  names_->answer({kPrivate});
  EXPECT_EQ(send_until_refused(client, url(outer)).outcome, AttemptOutcome::NameNotResolved);
}

// Goal: hosts that were saved while they were allowed are judged again as they are written, before anybody is asked.
TEST_F(Egress, RefusesHostsAsTheyAreWritten) {
  names_->answer({kPublic});
  auto strict = options();
  strict.policy = AddressPolicy();
  TestClient client(strict);
  for (const char* host : kPrivateHosts) {
    const auto attempt = client.send(fmt::format("http://{}/", host)).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::AddressRefused) << host << ": " << attempt.error;
  }
  EXPECT_EQ(names_->lookups, 0);
}

// Goal: a redirect to a private address is the end of an attempt, and of a request for a token.
TEST_F(Egress, FollowsNoRedirectInside) {
  TestServer inner(always(response_text(200, R"({"access_token":"x"})")), nullptr, kPrivate);
  TestClient client(options());
  for (const int status : {300, 301, 302, 303, 305, 307, 308}) {
    const auto lines = fmt::format("Location: {0}\r\nRefresh: 0; url={0}\r\nContent-Location: {0}\r\n", inner.url());
    TestServer outer(always(response_text(status, "", lines)), nullptr, kPublic);
    EXPECT_EQ(client.send(outer.url()).attempt.http_status, status);
    auto webhook = webhook_to(outer.url());
    webhook->oauth = OauthSettings{.token_url = outer.url("/token"), .client_id = "c", .client_secret = "secret"};
    const auto attempt = client.send(webhook).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::OauthFailed);
    EXPECT_THAT(attempt.error, HasSubstr(fmt::format("it answered {}", status)));
  }
  EXPECT_EQ(inner.connections(), 0);
}

// Goal: the server's own test receivers are reached where nothing else is, and open no way to anything beside them.
TEST_F(Egress, ReachesOwnTestReceiversOnly) {
  std::vector<std::string> heads;
  std::mutex mutex;
  TestServer own(
      [&](Peer& peer) {
        while (const auto request = peer.read_request()) {
          const std::lock_guard lock(mutex);
          heads.push_back(request->head.substr(0, request->head.find("\r\n")));
          if (!request->header("Proxy-Authorization").empty()) heads.back() += " with the proxy's password";
          peer.write(response_text(200));
        }
      },
      nullptr, kPrivate);
  const auto receiver = own.url("/test-receiver/rcv_1");
  names_->answer({kPrivate});
  for (const bool with_proxy : {false, true}) {
    SCOPED_TRACE(with_proxy);
    heads.clear();
    auto made = options();
    made.is_test_receiver = [&](std::string_view url) { return url == receiver; };
    TestServer proxy(always(response_text(502)));
    if (with_proxy)
      made.proxy = Proxy{.host = kPublic, .port = static_cast<std::uint16_t>(proxy.port()), .credentials = "u:p"};
    TestClient client(made);
    const auto refused = [&](const std::string& url) {
      const auto attempt = client.send(url).attempt;
      EXPECT_EQ(attempt.outcome, AttemptOutcome::AddressRefused) << url << ": " << attempt.error;
    };
    refused(own.url("/v1/keys"));
    EXPECT_EQ(client.send(receiver).attempt.http_status, 200);
    for (const auto* path : {"/v1/keys", "/test-receiver/rcv_2", "/test-receiver/rcv_1?", "/test-receiver/../v1/keys"})
      refused(own.url(path));  // there is a connection now
    auto webhook = webhook_to(receiver);
    webhook->fallback_url = own.url("/v1/keys");
    EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
    auto oauth = webhook_to(receiver);
    oauth->oauth = OauthSettings{.token_url = receiver, .client_id = "c", .client_secret = "secret"};
    EXPECT_EQ(client.send(oauth).attempt.outcome, AttemptOutcome::OauthFailed);
    if (!with_proxy) {
      const auto named = client.send(fmt::format("http://hooks.example:{}/test-receiver/rcv_1", own.port())).attempt;
      EXPECT_EQ(named.outcome, AttemptOutcome::NameNotResolved) << named.error;
    }
    EXPECT_EQ(heads, (std::vector<std::string>(2, "POST /test-receiver/rcv_1 HTTP/1.1")));
    EXPECT_EQ(proxy.connections(), 0);
  }
}

}  // namespace
}  // namespace limehook::http_client::testing
