// A host's addresses are raced: which are tried, when, and what it costs.

#include "http_client/race.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "http_client/clocks.hpp"
#include "http_client_silent_port.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> interleaved_texts(const std::vector<const char*>& texts) {
  std::vector<boost::asio::ip::address> addresses;
  for (const char* text : texts) addresses.push_back(make_address(text));
  std::vector<std::string> out;
  for (const auto& address : interleaved(addresses)) out.push_back(address.to_string());
  return out;
}

TEST(RaceOrder, FamiliesTakeTurns) {
  EXPECT_THAT(interleaved_texts({"::1", "::2", "::3", "1.0.0.1", "1.0.0.2"}),
              ElementsAre("::1", "1.0.0.1", "::2", "1.0.0.2", "::3"));
  EXPECT_THAT(interleaved_texts({"1.0.0.1", "::1", "::2"}), ElementsAre("1.0.0.1", "::1", "::2"));
  EXPECT_THAT(interleaved_texts({"1.0.0.1", "1.0.0.2"}), ElementsAre("1.0.0.1", "1.0.0.2"));
}

class Races : public ::testing::Test {
 protected:
  // Adds an address of its own on loopback that swallows packets.
  Race::Endpoint silent(int port) {
    const auto address = "127.0.1." + std::to_string(silent_.size() + 1);
    silent_.emplace_back(address.c_str(), port);
    return {make_address(address), static_cast<std::uint16_t>(port)};
  }
  static Race::Endpoint endpoint_of(const TestServer& server, const char* address = "127.0.0.1") {
    return {make_address(address), static_cast<std::uint16_t>(server.port())};
  }
  // Runs a race until it is over, or for `limit` and then cancels it.
  std::optional<Race::Result> run(std::vector<Race::Endpoint> endpoints, Duration limit = seconds(20)) {
    std::optional<Race::Result> result;
    const auto began = monotonic_now();
    const boost::intrusive_ptr<Race> race(new Race(io_, budget_, std::move(endpoints), [&](Race::Result r) {
      result = std::move(r);
      took_ = monotonic_now() - began;
    }));
    race->start();
    io_.restart();
    while (!result && monotonic_now() - began < limit) {
      most_ = std::max(most_, budget_.extra_sockets);
      io_.run_one_for(milliseconds(10));
    }
    race->cancel();
    EXPECT_EQ(budget_.extra_sockets, 0u) << "losers are closed";
    io_.run();
    return result;
  }

  boost::asio::io_context io_;
  RaceBudget budget_{.extra_sockets_max = 100};
  std::deque<SilentPort> silent_;
  Duration took_{};
  std::size_t most_ = 0;  // extra sockets at a time
};

TEST_F(Races, ASilentAddressCostsTheDelayOnly) {
  TestServer server(always(""));
  const auto result = run({silent(server.port()), endpoint_of(server)});
  ASSERT_TRUE(result && result->socket) << result->error.message();
  EXPECT_EQ(result->endpoint, endpoint_of(server));
  EXPECT_GE(took_, Race::kDelay);
  EXPECT_LT(took_, seconds(2));
}

TEST_F(Races, AnAddressThatRefusesCostsNothing) {
  TestServer server(always(""));
  const auto result = run({endpoint_of(server, "127.0.0.2"), endpoint_of(server, "127.0.0.3"), endpoint_of(server)});
  ASSERT_TRUE(result && result->socket);
  EXPECT_EQ(result->endpoint, endpoint_of(server));
  EXPECT_LT(took_, Race::kDelay);
}

// Goal: one that fails makes the next start at once, though others still wait.
TEST_F(Races, AFailureStartsTheNextAtOnce) {
  TestServer server(always(""));
  const auto result = run({silent(server.port()), endpoint_of(server, "127.0.0.2"), endpoint_of(server)});
  ASSERT_TRUE(result && result->socket);
  EXPECT_GE(took_, Race::kDelay);
  EXPECT_LT(took_, 2 * Race::kDelay);
}

TEST_F(Races, AllFailingIsTheLastOnesError) {
  TestServer server(always(""));
  const auto last = endpoint_of(server, "127.0.0.3");
  const auto result = run({endpoint_of(server, "127.0.0.2"), last});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error, boost::asio::error::connection_refused);
  EXPECT_EQ(result->endpoint, last);
}

// Goal: many silent addresses take few sockets, and yet the one that answers is found.
TEST_F(Races, TakesFewSocketsHoweverManyAddressesThereAre) {
  TestServer server(always(""));
  std::vector<Race::Endpoint> endpoints;
  for (int i = 0; i < 6; ++i) endpoints.push_back(silent(server.port()));
  endpoints.push_back(endpoint_of(server));
  const auto result = run(endpoints);
  ASSERT_TRUE(result && result->socket);
  EXPECT_EQ(most_, Race::kRunningMax - 1);
}

// Goal: where the budget is used up a connection has one socket, and goes on when that fails.
TEST_F(Races, KeepsToTheBudget) {
  TestServer server(always(""));
  budget_.extra_sockets_max = 0;
  EXPECT_FALSE(run({silent(server.port()), endpoint_of(server)}, 3 * Race::kDelay));
  EXPECT_EQ(most_, 0u);
  const auto result = run({endpoint_of(server, "127.0.0.2"), endpoint_of(server)});
  EXPECT_TRUE(result && result->socket);
}

// What is looked up for every name: addresses that are silent, and the one where `server` is.
LookUp silent_first(const std::vector<std::string>& silent) {
  return [silent](const std::string&) {
    Resolution found;
    for (const auto& address : silent) found.addresses.push_back(make_address(address));
    found.addresses.push_back(make_address("127.0.0.1"));
    return found;
  };
}

// Goal: receivers, endpoints for tokens and proxies are all reached past an address that is silent.
TEST(RacedHosts, AreReachedWhoeverTheyAre) {
  TestServer server(always(response_text(200, R"({"access_token":"x","token_type":"Bearer"})")));
  const SilentPort silent("127.0.2.1", server.port());
  auto options = test_options();
  options.look_up = silent_first({"127.0.2.1"});
  const auto port = std::to_string(server.port());
  auto plain = webhook_to("http://hooks.example:" + port + "/");
  auto with_token = webhook_to(server.url());
  with_token->oauth =
      OauthSettings{.token_url = "http://tokens.example:" + port + "/", .client_id = "c", .client_secret = "secret"};
  for (const auto& webhook : {plain, with_token}) {
    TestClient client(options);
    const auto attempt = client.send(webhook).attempt;
    EXPECT_EQ(attempt.http_status, 200) << attempt.error;
    EXPECT_LT(attempt.duration, seconds(2));
  }
  options.proxy = Proxy{.host = "proxy.example", .port = static_cast<std::uint16_t>(server.port()), .credentials = ""};
  TestClient client(options);
  const auto attempt = client.send("http://far.example/").attempt;
  EXPECT_EQ(attempt.http_status, 200) << attempt.error;
  EXPECT_LT(attempt.duration, seconds(2));
}

// Goal: the limit for connecting is one for all addresses together, and what failed is said.
TEST(RacedHosts, ShareOneLimit) {
  const SilentPort first("127.0.2.1");
  const SilentPort second("127.0.2.2", first.port());
  const SilentPort third("127.0.0.1", first.port());
  auto options = test_options();
  options.connect_timeout = milliseconds(900);
  options.look_up = silent_first({"127.0.2.1", "127.0.2.2"});
  TestClient client(options);
  const auto attempt = client.send("http://hooks.example:" + std::to_string(first.port()) + "/").attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_EQ(attempt.error, "no connection to hooks.example within 900ms");
  EXPECT_GE(attempt.duration, milliseconds(900));
  EXPECT_LT(attempt.duration, seconds(3));
}

TEST(RacedHosts, SayWhenNoAddressAnswers) {
  int port;
  {
    port = TestServer(always("")).port();
  }
  auto options = test_options();
  options.look_up = silent_first({"127.0.0.2", "127.0.0.3"});  // they refuse
  TestClient client(options);
  const auto attempt = client.send("http://hooks.example:" + std::to_string(port) + "/").attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectFailed);
  EXPECT_THAT(attempt.error, HasSubstr("Connection refused (the last of 3 addresses that failed)"));
}

}  // namespace
}  // namespace limehook::http_client::testing
