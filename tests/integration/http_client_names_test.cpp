// Names: what is looked up, how often, and who waits for whom.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "http_client/name_record.hpp"
#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// After it the next attempt has to connect, and so to know the host's address.
constexpr const char* kLastResponse = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

Resolution loopback() { return {{boost::asio::ip::make_address("127.0.0.1")}, ""}; }

// Goal: a name with several addresses is reached over the first allowed one that answers; the others are skipped.
TEST(Names, TriesTheNextAddress) {
  TestServer server(always(response_text(200)), nullptr, "127.0.0.3");
  auto options = test_options();
  options.look_up = [](const std::string&) {
    Resolution resolution;
    for (const char* text : {"10.0.0.1", "127.0.0.2", "127.0.0.3"}) {
      resolution.addresses.push_back(boost::asio::ip::make_address(text));
    }
    return resolution;
  };
  TestClient client(options);
  const auto url = "http://several.example:" + std::to_string(server.port()) + "/";
  const auto result = client.send(url);
  EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
}

// Goal: a slow name holds up nobody else, and is asked for once however many wait for it.
TEST(Names, ASlowNameHoldsUpNobodyElse) {
  TestServer server(always(response_text(200)));
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  std::atomic<int> slow_lookups = 0;
  auto options = test_options();
  options.look_up = [release, &slow_lookups](const std::string& host) {
    if (host == "slow.example") {
      ++slow_lookups;
      release->wait();
    }
    return Resolution{{boost::asio::ip::make_address("127.0.0.1")}, "", false};
  };
  TestClient client(options);
  const auto port = std::to_string(server.port());
  const auto slow = webhook_to("http://slow.example:" + port + "/");
  for (int i = 0; i < 10; ++i) client.start(slow);
  client.start(webhook_to("http://quick.example:" + port + "/"));
  EXPECT_EQ(client.next().delivery, DeliveryId{11});
  release->count_down();
  for (const auto& result : client.next(10)) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  EXPECT_EQ(client.send(slow).attempt.http_status, 200);
  EXPECT_EQ(slow_lookups, 1);
}

TEST(Names, GivesUpOnANameThatDoesNotAnswer) {
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  auto options = test_options();
  options.connect_timeout = milliseconds(150);
  options.look_up = [release](const std::string&) {
    release->wait();
    return Resolution{{}, "late", false};
  };
  TestClient client(options);
  // More names than there are threads to resolve them.
  for (int i = 0; i < 20; ++i) client.start(webhook_to("http://slow" + std::to_string(i) + ".example/"));
  for (const auto& result : client.next(20)) {
    EXPECT_EQ(result.attempt.outcome, AttemptOutcome::NameNotResolved);
    EXPECT_THAT(result.attempt.error, HasSubstr("no answer from the name server within 150ms"));
    EXPECT_LT(result.attempt.duration, seconds(5));
  }
  release->count_down();
}

// Goal: a known host does not wait for its name server. Method: from its second lookup on the name server is silent.
TEST(Names, KnownHostsUseTheirOldAddressesMeanwhile) {
  TestServer server(always(kLastResponse));
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  const auto lookups = std::make_shared<std::atomic<int>>(0);
  auto options = test_options();
  options.resolution_lifetime = Duration(0);
  options.look_up = [release, lookups](const std::string&) {
    if (++*lookups == 2) release->wait();
    return loopback();
  };
  TestClient client(options);
  const auto webhook = webhook_to("http://known.example:" + std::to_string(server.port()) + "/");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  EXPECT_EQ(server.connections(), 5);
  while (*lookups < 2) std::this_thread::yield();
  release->count_down();
  // Once that has its answer, the next is asked for.
  while (*lookups < 3) EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
}

TEST(Names, ABurstToADeadHostMakesOneLookup) {
  std::atomic<int> lookups = 0;
  auto options = test_options();
  options.look_up = [&](const std::string&) {
    ++lookups;
    return Resolution{{}, "it has gone"};
  };
  TestClient client(options);
  const auto webhook = webhook_to("http://dead.example/");
  EXPECT_EQ(client.send(webhook).attempt.outcome, AttemptOutcome::NameNotResolved);
  for (int i = 0; i < 50; ++i) client.start(webhook);
  for (const auto& result : client.next(50)) {
    EXPECT_EQ(result.attempt.outcome, AttemptOutcome::NameNotResolved);
    EXPECT_EQ(result.attempt.error, "dead.example: it has gone");
  }
  EXPECT_EQ(lookups, 1);
}

// Goal: one team's silent names, all of them new, cost other teams nothing. Method: more of them than there may ever be
// threads, all stuck; then names of another team, known to nobody.
TEST(Names, ATeamsSilentNamesHoldUpNoOtherTeam) {
  TestServer server(always(response_text(200)));
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  auto options = test_options();
  options.connect_timeout = seconds(1);
  options.look_up = [release](const std::string& host) {
    if (host.starts_with("silent")) release->wait();
    return loopback();
  };
  TestClient client(options);
  const auto send_silent = [&](int round) {
    for (int i = 0; i < 100; ++i) {
      auto webhook = webhook_to("http://silent" + std::to_string(round * 100 + i) + ".example/");
      webhook->team_id = "team_silent";
      client.start(webhook);
    }
  };
  const auto port = std::to_string(server.port());
  for (int round = 0; round < 2; ++round) {
    send_silent(round);
    for (int i = 0; i < 5; ++i) {
      auto webhook = webhook_to("http://new" + std::to_string(round * 5 + i) + ".example:" + port + "/");
      webhook->team_id = "team_other";
      const auto result = client.send(webhook);
      EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
    }
    for (const auto& result : client.next(100)) EXPECT_EQ(result.attempt.outcome, AttemptOutcome::NameNotResolved);
  }
  release->count_down();
}

// Goal: no team can make a host's name wait for others by asking for it first. Method: all lookups that a team may have
// are stuck, and its next one waits; it is for a host that another team needs, too.
TEST(Names, ATeamDoesNotWaitForAnothersLookup) {
  TestServer server(always(response_text(200)));
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  auto options = test_options();
  options.look_up = [release](const std::string& host) {
    if (host.starts_with("silent")) release->wait();
    return loopback();
  };
  TestClient client(options);
  const auto start = [&](const std::string& team, const std::string& host) {
    auto webhook = webhook_to("http://" + host + ".example:" + std::to_string(server.port()) + "/");
    webhook->team_id = team;
    client.start(webhook);
  };
  for (int i = 0; i < 50; ++i) start("team_silent", "silent" + std::to_string(i));
  start("team_silent", "wanted");
  start("team_other", "wanted");
  for (const auto& result : client.next(2)) {
    EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
    EXPECT_LT(result.attempt.duration, seconds(4));
  }
  release->count_down();
  client.next(50);
}

// Goal: names of a team that has too many waiting fail with that reason, for this team only.
TEST(Names, TooManyWaitingAreToldToTheirTeamOnly) {
  TestServer server(always(response_text(200)));
  // Shared, because a lookup under way outlives its sender.
  const auto release = std::make_shared<std::latch>(1);
  auto options = test_options();
  options.look_up = [release](const std::string& host) {
    if (host.starts_with("silent")) release->wait();
    return loopback();
  };
  TestClient client(options);
  const auto start = [&](const std::string& team, const std::string& host) {
    auto webhook = webhook_to("http://" + host + ".example:" + std::to_string(server.port()) + "/");
    webhook->team_id = team;
    return client.start(webhook);
  };
  constexpr int kSilent = 600;  // more than may wait and run
  for (int i = 0; i < kSilent; ++i) start("team_silent", "silent" + std::to_string(i));
  start("team_silent", "wanted");
  const auto wanted = start("team_other", "wanted");
  int too_many = 0;
  for (bool found = false; !found;) {
    const auto result = client.next();
    found = result.delivery == wanted;
    if (found) EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
    if (result.attempt.error.ends_with("too many names are waiting to be looked up")) ++too_many;
  }
  EXPECT_GT(too_many, 0);
  release->count_down();
}

// Goal: hosts without a name server starve nobody. Method: many hosts fail, and get no answer at all when they are
// looked up again; meanwhile attempts go to hosts never seen before.
TEST(Names, FailingHostsHoldUpNobodyElse) {
  constexpr int kDeadHosts = 20;
  TestServer server(always(response_text(200)));
  struct NameServer {
    std::latch release{1};
    std::atomic<int> lookups = 0, hanging = 0;
  };
  // Shared, because a lookup under way outlives its sender.
  const auto names = std::make_shared<NameServer>();
  auto options = test_options();
  options.look_up = [names](const std::string& host) {
    if (!host.starts_with("dead")) return loopback();
    if (++names->lookups > kDeadHosts) {
      ++names->hanging;
      names->release.wait();
    }
    return Resolution{{}, "no answer"};
  };
  TestClient client(options);
  std::vector<WebhookPtr> dead;
  for (int i = 0; i < kDeadHosts; ++i) dead.push_back(webhook_to("http://dead" + std::to_string(i) + ".example/"));
  for (const auto& webhook : dead) client.start(webhook);
  client.next(kDeadHosts);
  std::this_thread::sleep_for(NameRecord::kFailureTime);
  for (const auto& webhook : dead) client.start(webhook);
  const auto port = std::to_string(server.port());
  for (int i = 0; i < 20; ++i) {
    const auto result = client.send("http://new" + std::to_string(i) + ".example:" + port + "/");
    EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  }
  while (names->hanging < 4) std::this_thread::yield();
  EXPECT_EQ(names->hanging, 4);
  names->release.count_down();
}

}  // namespace
}  // namespace limehook::http_client::testing
