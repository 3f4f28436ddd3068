// A request is repeated when its connection was lost for being idle, and in no other case.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

enum class Loss { Closed, Reset };

// A receiver that loses connections. Counts whole requests.
class Redial : public ::testing::TestWithParam<Loss> {
 protected:
  std::optional<ReceivedRequest> read(Peer& peer) {
    auto request = peer.read_request();
    if (request) ++requests_;
    return request;
  }
  // Reads the next request and loses the connection.
  ReceivedRequest read_and_lose(Peer& peer) {
    auto request = read(peer);
    if (GetParam() == Loss::Reset) peer.reset_on_close();
    return request.value_or(ReceivedRequest{});
  }
  // A connection is idle from when its last result is there.
  static void let_idle() { std::this_thread::sleep_for(kIdleBeforeRedial); }

  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
};

// Goal: a receiver that closes an idle connection just as a request comes still gets it, in the same attempt. Method:
// the receiver takes its first request, and the next only to hang up.
TEST_P(Redial, RepeatsARequestThatMetAnIdleConnectionsEnd) {
  ReceivedRequest lost, repeated;
  TestServer server([&](Peer& peer) {
    if (++connections_ == 1) {
      read(peer);
      peer.write(response_text(200));
      lost = read_and_lose(peer);
    } else {
      repeated = *read(peer);
      peer.write(response_text(201));
    }
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  let_idle();
  const auto result = client.send(server.url());
  EXPECT_EQ(result.attempt.http_status, 201) << result.attempt.error;
  EXPECT_EQ(result.attempt.number, 2);
  EXPECT_EQ(result.attempt.error, "");
  EXPECT_EQ(connections_, 2);
  EXPECT_EQ(requests_, 3);
  EXPECT_EQ(client.results_left(), 0u);
  EXPECT_EQ(repeated.head, lost.head);
  EXPECT_EQ(repeated.body, kBody);
  EXPECT_EQ(lost.body, kBody);
}

// Goal: likewise when the receiver reads nothing, so that sending may fail in the middle of a large body.
TEST_P(Redial, RepeatsARequestThatWasPartlySent) {
  std::string received;
  TestServer server([&](Peer& peer) {
    if (++connections_ == 1) {
      read(peer);
      peer.write(response_text(200));
      peer.wait_until_readable();
      if (GetParam() == Loss::Reset) peer.reset_on_close();
    } else {
      received = read(peer)->body;
      peer.write(response_text(200));
    }
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  let_idle();
  const std::string body(8 * 1024 * 1024, 'x');
  const auto result = client.send(webhook_to(server.url()), body);
  EXPECT_EQ(result.attempt.http_status, 200) << result.attempt.error;
  EXPECT_TRUE(received == body);
  EXPECT_EQ(connections_, 2);
}

TEST_P(Redial, DoesNotRepeatTwice) {
  TestServer server([&](Peer& peer) {
    if (++connections_ == 1) {
      read(peer);
      peer.write(response_text(200));
    }
    read_and_lose(peer);
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  let_idle();
  EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(connections_, 2);
  EXPECT_EQ(requests_, 3);
}

// Goal: a receiver that breaks off while it processes a request does not get it again. Method: the sender may have one
// connection, so that the second attempt takes it as soon as the first is answered.
TEST_P(Redial, DoesNotRepeatWhatWasLostOnABusyConnection) {
  std::latch both_started(1);
  TestServer server([&](Peer& peer) {
    ++connections_;
    read(peer);
    both_started.wait();
    peer.write(response_text(200));
    read_and_lose(peer);
  });
  auto options = test_options();
  options.connections_max = 1;
  TestClient client(options);
  const auto webhook = webhook_to(server.url());
  client.start(webhook);
  client.start(webhook);
  both_started.count_down();
  EXPECT_EQ(client.next().attempt.http_status, 200);
  EXPECT_EQ(client.next().attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(requests_, 2);
  EXPECT_EQ(connections_, 1);
}

TEST_P(Redial, DoesNotRepeatWhatWasLostOnANewConnection) {
  TestServer server([&](Peer& peer) {
    ++connections_;
    read_and_lose(peer);
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(requests_, 1);
  EXPECT_EQ(connections_, 1);
}

TEST_P(Redial, DoesNotRepeatAfterAByteOfAResponse) {
  for (const char* begun : {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    requests_ = 0;
    TestServer server([&](Peer& peer) {
      read(peer);
      peer.write(response_text(200));
      read(peer);
      peer.write(begun);
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
    let_idle();
    EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::ConnectionLost) << begun;
    EXPECT_EQ(requests_, 2) << begun;
    EXPECT_EQ(server.connections(), 1) << begun;
  }
}

// Goal: the repetition has no time of its own. Method: the second connection gets no answer.
TEST_P(Redial, KeepsTheDeadline) {
  TestServer server([&](Peer& peer) {
    if (++connections_ == 1) {
      read(peer);
      peer.write(response_text(200));
      peer.wait_until_readable();
      peer.closed_within(milliseconds(700));
      read_and_lose(peer);
    } else {
      peer.wait_until_closed();
    }
  });
  TestClient client;
  const auto webhook = webhook_to(server.url(), milliseconds(1500));
  EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  let_idle();
  const auto result = client.send(webhook);
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::Timeout);
  EXPECT_THAT(result.attempt.error, HasSubstr("no response within"));
  EXPECT_LT(result.attempt.duration, milliseconds(2000));
  EXPECT_EQ(connections_, 2);
}

INSTANTIATE_TEST_SUITE_P(Losses, Redial, ::testing::Values(Loss::Closed, Loss::Reset),
                         [](const auto& loss) { return std::string(loss.param == Loss::Closed ? "Closed" : "Reset"); });

}  // namespace
}  // namespace limehook::http_client::testing
