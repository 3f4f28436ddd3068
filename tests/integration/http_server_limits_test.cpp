// That callers cannot take more of the server than they may: connections, time, memory.

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>

#include "http_server_test_server.hpp"

namespace limehook::http_server::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(std::size_t size) {
  return "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

// Goal: who stops halfway is disconnected in bounded time, at each step. Method: short limits, one caller per step.
TEST(HttpServerLimits, EndsWhatStalls) {
  const TestServer server({.times = {.head = 300ms, .idle = 300ms, .body_grace = 300ms, .body = 300ms}});
  for (const auto& bytes :
       {std::string(), std::string("G"), std::string("GET / HTTP/1.1\r\nHost: a\r\n"), post(10), post(10) + "abc"}) {
    Caller caller(server.port());
    caller.send(bytes);
    EXPECT_EQ(caller.rest(), "") << bytes;
  }
  Caller idle(server.port());
  idle.send(kGet);
  EXPECT_EQ(status_of(idle.rest()), 200);
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.refused(Refusal::Timeout), 4) << "those that had begun a request";
}

// Goal: a head has one time limit as a whole, not one for each byte. Method: a byte every 50 ms for far longer.
TEST(HttpServerLimits, EndsSlowHeads) {
  const TestServer server({.times = {.head = 500ms}});
  Caller caller(server.port());
  caller.send("GET / HTTP/1.1\r\nX: ");
  const auto began = std::chrono::steady_clock::now();
  while (caller.send("y") && std::chrono::steady_clock::now() - began < 9s) std::this_thread::sleep_for(50ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

// Goal: a body must come at a rate, and one that does may take longer than the grace.
TEST(HttpServerLimits, EndsSlowBodies) {
  const TestServer server({.times = {.body_grace = 300ms, .body = 20s}});
  Caller slow(server.port());
  slow.send(post(1000));
  const auto began = std::chrono::steady_clock::now();
  while (slow.send("y") && std::chrono::steady_clock::now() - began < 9s) std::this_thread::sleep_for(20ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);

  Caller fair(server.port());
  fair.send(post(20 * 4096));
  for (int i = 0; i < 20; ++i) {
    fair.send(std::string(4096, 'y'));
    std::this_thread::sleep_for(30ms);
  }
  EXPECT_EQ(status_of(fair.answer()), 200);
}

// Goal: an answer that is not taken does not hold a connection.
TEST(HttpServerLimits, EndsSlowReaders) {
  const TestServer server({.times = {.response = 300ms}, .answer_bytes = 64 * 1024 * 1024});
  Caller caller(server.port());
  caller.send(kGet);
  EXPECT_TRUE(eventually([&] { return server.connections() == 1; }));
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.refused(Refusal::Timeout), 1);
}

// Goal: one address cannot take all connections, and all of them not more than there are; who leaves makes room.
TEST(HttpServerLimits, LimitsConnections) {
  const TestServer server({.shares = {.connections_max = 4, .connections_per_address_max = 2}});
  const auto call = [&](const char* from) {
    auto caller = std::make_unique<Caller>(server.port(), from);
    caller->send(kGet);
    return std::pair(status_of(caller->answer()), std::move(caller));
  };
  auto one = call("127.0.0.1");
  const auto two = call("127.0.0.1");
  EXPECT_EQ(one.first, 200);
  EXPECT_EQ(two.first, 200);
  EXPECT_EQ(call("127.0.0.1").first, 0);
  EXPECT_EQ(server.refused(Refusal::ConnectionsOfAddress), 1);
  const auto third = call("127.0.0.2");
  const auto fourth = call("127.0.0.3");
  EXPECT_EQ(third.first, 200);
  EXPECT_EQ(fourth.first, 200);
  EXPECT_EQ(call("127.0.0.4").first, 0);
  EXPECT_EQ(server.refused(Refusal::Connections), 1);
  one.second.reset();
  EXPECT_TRUE(eventually([&] { return server.connections() == 3; }));
  EXPECT_EQ(call("127.0.0.1").first, 200);
}

TEST(HttpServerLimits, LetsTrustedProxiesHaveAllConnections) {
  const TestServer server({.shares = {.connections_per_address_max = 1}, .trusted_proxies = {"127.0.0.1/32"}});
  Caller one(server.port());
  Caller other(server.port());
  for (auto* const caller : {&one, &other}) {
    caller->send(kGet);
    EXPECT_EQ(status_of(caller->answer()), 200);
  }
}

// Sends all but the end of a body from each of these addresses, then the ends; answers the statuses, sorted.
std::vector<int> hold_bodies(const TestServer& server, std::size_t size, const std::vector<const char*>& addresses) {
  std::vector<std::unique_ptr<Caller>> callers;
  for (const auto* const from : addresses) {
    auto& caller = callers.emplace_back(std::make_unique<Caller>(server.port(), from));
    caller->send(post(size + 1) + std::string(size, 'x'));
  }
  EXPECT_TRUE(eventually([&] { return server.refused(Refusal::Memory) > 0; }));
  std::vector<int> statuses;
  for (const auto& caller : callers) {
    caller->send("x");
    const auto answer = caller->answer();
    statuses.push_back(status_of(answer));
    if (statuses.back() == 503) EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  }
  std::ranges::sort(statuses);
  return statuses;
}

// Goal: bodies that wait for their ends fill memory up to the budget only; who comes on top of it gets 503, others end
// well, and then there is room again.
TEST(HttpServerLimits, BoundsMemoryForBodies) {
  const TestServer server({.shares = {.body_bytes_max = 400'000}});
  EXPECT_EQ(hold_bodies(server, 150'000, {"127.0.0.1", "127.0.0.2", "127.0.0.3"}), (std::vector{200, 200, 503}));
  Caller next(server.port());
  next.send(post(200'000) + std::string(200'000, 'x'));
  EXPECT_EQ(status_of(next.answer()), 200);
}

TEST(HttpServerLimits, LeavesHalfOfTheMemoryToOthers) {
  const TestServer server({.shares = {.body_bytes_max = 400'000}});
  EXPECT_EQ(hold_bodies(server, 120'000, {"127.0.0.1", "127.0.0.1"}), (std::vector{200, 503}));
}

// Goal: draining ends connections that wait, and lets a request that has begun end.
TEST(HttpServerLimits, Drains) {
  TestServer server;
  Caller idle(server.port());
  Caller busy(server.port());
  idle.send(kGet);
  EXPECT_EQ(status_of(idle.answer()), 200);
  busy.send(kGet);
  EXPECT_EQ(status_of(busy.answer()), 200);
  busy.send("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(busy.answer()), 100) << "its head has arrived";
  server.drain();
  EXPECT_EQ(idle.rest(), "");
  busy.send("c");
  const auto answer = busy.rest();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

// Goal: a caller whose answers wait to be taken gets no more of them until it takes them or hangs up; another caller is
// answered all the while.
TEST(HttpServerLimits, RefusesWhoTakesNoAnswers) {
  const TestServer server({.shares = {.answer_bytes_max = 64 << 20}, .answer_bytes = 16 << 20});
  std::vector<std::unique_ptr<Caller>> silent;
  for (int i = 0; i < 2; ++i) {
    silent.push_back(std::make_unique<Caller>(server.port()));
    silent.back()->send(kGet);
  }
  ASSERT_TRUE(eventually([&] { return server.handled() == 2; }));
  Caller third(server.port());
  third.send(kGet);
  const std::string refused = third.answer();
  EXPECT_EQ(status_of(refused), 503) << refused.substr(0, 200);
  EXPECT_THAT(refused, HasSubstr("Retry-After: "));
  EXPECT_EQ(server.refused(Refusal::Answers), 1);
  Caller other(server.port(), "127.0.0.9");
  other.send(kGet);
  EXPECT_EQ(status_of(other.answer()), 200);
  silent.clear();
  EXPECT_TRUE(eventually([&] {
    Caller again(server.port());
    again.send(kGet);
    return status_of(again.answer()) == 200;
  }));
}

}  // namespace
}  // namespace limehook::http_server::testing
