// A request is repeated when the kept connection it took turns out to be stale, and in no other case.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

// How a receiver gives up a connection on which a request comes that it does not answer.
enum class Loss {
  Unread,    // closes it without reading
  ShutDown,  // likewise, and says first that it will write no more
  Reset,     // aborts it
};

// A receiver that loses connections. Counts whole requests that it has read.
class Redial : public ::testing::TestWithParam<Loss> {
 protected:
  std::optional<ReceivedRequest> read(Peer& peer) {
    auto request = peer.read_request();
    if (request) ++requests_;
    return request;
  }
  static void lose(Peer& peer) {
    peer.wait_until_readable();
    if (GetParam() == Loss::ShutDown) peer.end_writing();
    if (GetParam() == Loss::Reset) peer.reset_on_close();
  }

  std::atomic<int> connections_ = 0;
  std::atomic<int> requests_ = 0;
};

// Goal: a receiver that gives up a kept connection just as a request comes still gets it, in the same attempt, however
// short the connection's rest was.
TEST_P(Redial, RepeatsARequestThatMetAStaleConnection) {
  for (const auto rest : {milliseconds(0), milliseconds(20), milliseconds(300)}) {
    connections_ = requests_ = 0;
    ReceivedRequest repeated;
    TestServer server([&](Peer& peer) {
      if (++connections_ == 1) {
        read(peer);
        peer.write(response_text(200));
        lose(peer);
      } else {
        repeated = *read(peer);
        peer.write(response_text(201));
      }
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
    std::this_thread::sleep_for(rest);
    const auto result = client.send(server.url());
    EXPECT_EQ(result.attempt.http_status, 201) << result.attempt.error;
    EXPECT_EQ(result.attempt.number, 2);
    EXPECT_EQ(result.attempt.error, "");
    EXPECT_EQ(connections_, 2);
    EXPECT_EQ(requests_, 2);
    EXPECT_EQ(client.results_left(), 0u);
    EXPECT_EQ(repeated.header("X-LimeCall-Attempt"), "2");
    EXPECT_EQ(repeated.body, kBody);
  }
}

// Goal: likewise when sending fails in the middle of a large body.
TEST_P(Redial, RepeatsARequestThatWasPartlySent) {
  std::string received;
  TestServer server([&](Peer& peer) {
    if (++connections_ == 1) {
      read(peer);
      peer.write(response_text(200));
      lose(peer);
    } else {
      received = read(peer)->body;
      peer.write(response_text(200));
    }
  });
  TestClient client;
  const auto webhook = webhook_to(server.url());
  EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  const std::string body(8 * 1024 * 1024, 'x');
  const auto result = client.send(webhook, body);
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
    lose(peer);
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(connections_, 2);
}

TEST_P(Redial, DoesNotRepeatWhatWasLostOnANewConnection) {
  TestServer server([&](Peer& peer) {
    ++connections_;
    lose(peer);
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(connections_, 1);
}

TEST_P(Redial, DoesNotRepeatAfterAByteOfAResponse) {
  for (const char* begun : {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"}) {
    TestServer server([&](Peer& peer) {
      read(peer);
      peer.write(response_text(200));
      read(peer);
      peer.write(begun);
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
    const auto attempt = client.send(server.url()).attempt;
    EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectionLost) << begun;
    EXPECT_THAT(attempt.error, EndsWith("; the request may have been processed"));
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
      lose(peer);
    } else {
      peer.wait_until_closed();
    }
  });
  TestClient client;
  const auto webhook = webhook_to(server.url(), milliseconds(1500));
  EXPECT_EQ(client.send(webhook).attempt.http_status, 200);
  const auto result = client.send(webhook);
  EXPECT_EQ(result.attempt.outcome, AttemptOutcome::Timeout);
  EXPECT_THAT(result.attempt.error, HasSubstr("no response within"));
  EXPECT_LT(result.attempt.duration, milliseconds(2000));
  EXPECT_EQ(connections_, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Losses, Redial, ::testing::Values(Loss::Unread, Loss::ShutDown, Loss::Reset), [](const auto& loss) {
      return std::string(loss.param == Loss::Unread ? "Unread" : loss.param == Loss::ShutDown ? "ShutDown" : "Reset");
    });

// Goal: a receiver that has read a request and closes without an answer may have done its work: it does not get the
// request again at once, and the log says so. Method: on a kept connection after two rests, and on a new one.
TEST(Processed, MayHaveBeenWhatWasReadBeforeTheEnd) {
  for (const auto rest : {milliseconds(0), milliseconds(300)}) {
    std::atomic<int> requests = 0;
    TestServer server([&](Peer& peer) {
      while (peer.read_request()) {
        if (++requests > 1) return;
        peer.write(response_text(200));
      }
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
    for (int i = 0; i < 2; ++i) {
      std::this_thread::sleep_for(rest);
      const auto attempt = client.send(server.url()).attempt;
      EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectionLost);
      EXPECT_EQ(attempt.error,
                "the receiver closed the connection without a response; the request may have been processed");
    }
    EXPECT_EQ(requests, 3);
    EXPECT_EQ(server.connections(), 2);
  }
}

// Goal: what cannot have been read as a whole is not said to be processed. Method: the receiver says that it will write
// no more before it has got all of a large body.
TEST(Processed, CannotHaveBeenWhatNeverArrived) {
  TestServer server([](Peer& peer) {
    peer.wait_until_readable();
    peer.end_writing();
    peer.wait_until_closed();
  });
  TestClient client;
  const auto attempt = client.send(webhook_to(server.url()), std::string(16 * 1024 * 1024, 'x')).attempt;
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_THAT(attempt.error, Not(HasSubstr("processed")));
}

constexpr std::string_view kTimeout = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

// Goal: 408 in the place of an end is the end of a kept connection, no answer to the request that met it.
TEST(RequestTimeout, OnAKeptConnectionIsItsEnd) {
  for (const bool closes : {true, false}) {
    std::atomic<int> connections = 0;
    TestServer server([&](Peer& peer) {
      const bool first = ++connections == 1;
      if (!peer.read_request()) return;
      peer.write(response_text(first ? 200 : 201));
      if (!first) return;
      peer.wait_until_readable();
      peer.write(closes ? kTimeout : "HTTP/1.1 408\r\nContent-Length: 0\r\n\r\n");
      if (closes) peer.end_writing();
      peer.wait_until_closed();
    });
    TestClient client;
    EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
    const auto attempt = client.send(server.url()).attempt;
    EXPECT_EQ(attempt.http_status, 201) << attempt.error;
    EXPECT_EQ(attempt.error, "");
    EXPECT_EQ(connections, 2);
  }
}

TEST(RequestTimeout, WhileAConnectionRestsIsItsEnd) {
  std::latch sent(1);
  std::atomic<int> connections = 0;
  TestServer server([&](Peer& peer) {
    const bool first = ++connections == 1;
    peer.read_request();
    peer.write(response_text(first ? 200 : 201));
    if (!first) return;
    peer.closed_within(milliseconds(5));
    peer.write(kTimeout);
    sent.count_down();
    peer.wait_until_closed();
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  sent.wait();
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 201);
}

// Goal: it is an answer like any other on a new connection, so that a receiver that says nothing else is not asked for
// ever.
TEST(RequestTimeout, OnANewConnectionIsAnAnswer) {
  std::atomic<int> requests = 0;
  TestServer server([&](Peer& peer) {
    while (peer.read_request()) peer.write(response_text(++requests == 1 ? 200 : 408));
  });
  TestClient client;
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 200);
  EXPECT_EQ(client.send(server.url()).attempt.http_status, 408);
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server.connections(), 2);
}

}  // namespace
}  // namespace limehook::http_client::testing
