#include "app/local_receiver.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "app/http_connection.hpp"

namespace limehook::app {
namespace {

using namespace std::chrono_literals;
using Kind = ReceiverReply::Kind;

std::string url_of(const LocalReceiver& receiver) { return fmt::format("http://127.0.0.1:{}", receiver.port()); }

// Goal: client and receiver understand each other over one kept connection. Method: an echo, twice.
TEST(LocalReceiver, AnswersOnAKeptConnection) {
  const auto receiver = LocalReceiver::start(0, [](const ReceivedRequest& request) {
    return ReceiverReply{Kind::Answer, 201, {{"X-Path", request.target}}, request.method + request.body, {}};
  });
  ASSERT_TRUE(receiver);
  auto connection = HttpConnection::to(url_of(*receiver) + "/prefix/").value();
  for (int i = 0; i < 2; ++i) {
    const auto answer = connection.send({"POST", "/a?b=%20", {{"X-A", "1"}}, "body"}, 5s);
    ASSERT_TRUE(answer) << answer.error();
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, "POSTbody");
    EXPECT_EQ(answer->headers.front(), (std::pair<std::string, std::string>("X-Path", "/prefix/a?b=%20")));
  }
}

TEST(LocalReceiver, HangsAndResetsAsTold) {
  std::atomic<Kind> kind = Kind::Hang;
  const auto receiver =
      LocalReceiver::start(0, [&](const ReceivedRequest&) { return ReceiverReply{kind, 200, {}, "", {}}; });
  ASSERT_TRUE(receiver);
  auto connection = HttpConnection::to(url_of(*receiver)).value();
  EXPECT_EQ(connection.send({"GET", "/", {}, ""}, 50ms).error(), "no answer in time");
  kind = Kind::Reset;
  EXPECT_FALSE(connection.send({"GET", "/", {}, ""}, 5s));
  kind = Kind::Answer;
  EXPECT_EQ(connection.send({"GET", "/", {}, ""}, 5s).value().status, 200) << "a new connection is made";
}

TEST(LocalReceiver, AUsedPortIsAnError) {
  const auto answer = [](const ReceivedRequest&) { return ReceiverReply{}; };
  const auto first = LocalReceiver::start(0, answer);
  ASSERT_TRUE(first);
  const auto second = LocalReceiver::start(first->port(), answer);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find(std::to_string(first->port())), std::string::npos);
}

TEST(HttpConnection, SaysWhyThereIsNoAnswer) {
  std::uint16_t port = 0;
  {
    const auto receiver = LocalReceiver::start(0, [](const ReceivedRequest&) { return ReceiverReply{}; });
    ASSERT_TRUE(receiver);
    port = receiver->port();
  }
  auto connection = HttpConnection::to(fmt::format("http://127.0.0.1:{}", port)).value();
  EXPECT_EQ(connection.send({"GET", "/", {}, ""}, 5s).error(), "connection refused");
  EXPECT_FALSE(HttpConnection::to("localhost:8080"));
  EXPECT_FALSE(HttpConnection::to("ftp://localhost"));
  EXPECT_FALSE(HttpConnection::to("http://"));
}

}  // namespace
}  // namespace limehook::app
