// What becomes of receivers' answers, good and bad.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http_client_test_client.hpp"
#include "http_client_test_server.hpp"

namespace limehook::http_client::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TestServer::Handler once(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    peer.read_request();
    peer.write(response);
  };
}

// One that stays open after its answer.
TestServer::Handler once_and_stay(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    peer.read_request();
    peer.write(response);
    peer.wait_until_closed();
  };
}

Attempt attempt_at(const TestServer& server, Duration timeout = seconds(20)) {
  TestClient client;
  return client.send(webhook_to(server.url(), timeout)).attempt;
}

TEST(Response, DoesNotFollowRedirects) {
  TestServer elsewhere(always(response_text(200)));
  for (const int status : {301, 302, 303, 307, 308}) {
    TestServer server(once(response_text(status, "", "Location: " + elsewhere.url() + "\r\n")));
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.http_status, status);
    EXPECT_THAT(attempt.response_head, HasSubstr("Location: " + elsewhere.url()));
  }
  EXPECT_EQ(elsewhere.connections(), 0);
}

TEST(Response, ReadsAChunkedBody) {
  TestServer server(
      once_and_stay("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n7\r\n, "
                    "world\r\n0\r\nX-Trailer: 1\r\n\r\n"));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.response_body, "hello, world");
  EXPECT_EQ(attempt.response_head, "Transfer-Encoding: chunked");
  EXPECT_EQ(attempt.error, "");
}

TEST(Response, ReadsABodyThatEndsWithTheConnection) {
  TestServer server(once("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold style"));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.http_status, 200);
  EXPECT_EQ(attempt.response_body, "old style");
  EXPECT_EQ(attempt.error, "");
}

TEST(Response, IsCompleteWithoutABody) {
  for (const char* response :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204\n\n"}) {
    TestServer server(once_and_stay(response));
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.outcome, AttemptOutcome::Response) << response << attempt.error;
    EXPECT_EQ(attempt.response_body, "");
  }
}

// Goal: answers that nearly every client takes are acknowledgements here too, with their bodies.
TEST(Response, IsTakenFromSloppyReceivers) {
  for (const char* response :
       {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200\r\n\r\nok",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 Sch\xF6n\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nX-Fold: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n"}) {
    TestServer server(once(response));
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.http_status, 200) << response << attempt.error;
    EXPECT_EQ(attempt.response_body, "ok") << response;
    EXPECT_EQ(attempt.error, "");
  }
}

// Goal: what is no answer is shown, so that one sees who speaks there; without what was sent in confidence.
TEST(Response, ShowsWhatABadOneBeginsWith) {
  const auto error = [](const std::string& answer) {
    TestServer server(once_and_stay(answer));
    return attempt_at(server).error;
  };
  EXPECT_EQ(error("SSH-2.0-OpenSSH_9.2\r\n"), "the answer is not HTTP/1.1; it begins with: SSH-2.0-OpenSSH_9.2\\r\\n");
  EXPECT_EQ(error("\x15\x03\x01\x02\x02"), "the answer is not HTTP/1.1; it begins with: \\x15\\x03\\x01\\x02\\x02");
  EXPECT_EQ(error("HTTP/1.1 502 Bad\r\nContent-Length: x\r\n\r\n"),
            "the answer is not HTTP/1.1: its Content-Length is not a number; it begins with: HTTP/1.1 502 Bad\\r\\n"
            "Content-Length: x\\r\\n\\r\\n");
  EXPECT_EQ(error("token-of-the-webhook, you said"), "the answer is not HTTP/1.1; it begins with: ••••••••, you said");
  EXPECT_LT(error(std::string(1000, 'x')).size(), 300u);
}

TEST(Response, SkipsInterimResponses) {
  TestServer server(once_and_stay("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                                  response_text(201, "made")));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.http_status, 201);
  EXPECT_EQ(attempt.response_head, "Content-Length: 4");
  EXPECT_EQ(attempt.response_body, "made");
}

TEST(Response, DoesNotSkipInterimResponsesForever) {
  TestServer server([](Peer& peer) {
    peer.read_request();
    while (peer.write("HTTP/1.1 100 Continue\r\n\r\n")) {
    }
  });
  EXPECT_EQ(attempt_at(server).outcome, AttemptOutcome::BadResponse);
}

TEST(Response, KeepsABodyOfExactlyTheLimit) {
  const std::string body(limits::kResponseBodyBytesMax, 'x');
  TestServer server(once_and_stay(response_text(200, body)));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.response_body, body);
  EXPECT_FALSE(attempt.response_body_cut);
}

// Goal: a huge answer costs no more than what is kept of it. Method: the receiver counts what it gets rid of before
// the connection is closed; that is bounded by the sockets' buffers.
TEST(Response, CutsAHugeBodyAndReadsNoFurther) {
  for (const bool chunked : {false, true}) {
    std::atomic<std::size_t> written = 0;
    TestServer server([&](Peer& peer) {
      peer.read_request();
      peer.write(chunked ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40000000\r\n"
                         : "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
      const std::string block(64 * 1024, 'x');
      while (written < 1'073'741'824 && peer.write(block)) written += block.size();
    });
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.http_status, 200);
    EXPECT_EQ(attempt.response_body, std::string(limits::kResponseBodyBytesMax, 'x'));
    EXPECT_TRUE(attempt.response_body_cut);
    EXPECT_EQ(attempt.error, "");
    EXPECT_LT(written, 64u * 1024 * 1024);
  }
}

TEST(Response, RefusesAnEndlessHead) {
  for (const char* piece : {"X-More: and more\r\n", "x"}) {
    TestServer server([&](Peer& peer) {
      peer.read_request();
      std::string pieces;
      while (pieces.size() < 1000) pieces += piece;
      peer.write("HTTP/1.1 200 OK\r\n");
      while (peer.write(pieces)) {
      }
    });
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.outcome, AttemptOutcome::BadResponse);
    EXPECT_THAT(attempt.error, StartsWith("the response head is too long; it begins with: HTTP/1.1 200 OK\\r\\n"));
    EXPECT_EQ(attempt.http_status, 0);
  }
}

TEST(Response, RefusesWhatIsNotHttp) {
  for (const char* answer : {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                             "HTTP/1.1 abc OK\r\n\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                             "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "\x15\x03\x01\x02\x02"}) {
    TestServer server(once_and_stay(answer));
    const auto attempt = attempt_at(server);
    EXPECT_EQ(attempt.outcome, AttemptOutcome::BadResponse) << answer;
    EXPECT_THAT(attempt.error, HasSubstr("not HTTP/1.1"));
  }
}

TEST(Response, KeepsWhatArrivedOfABadBody) {
  TestServer server(once_and_stay("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.outcome, AttemptOutcome::Response);
  EXPECT_EQ(attempt.response_body, "hello");
  EXPECT_THAT(attempt.error, HasSubstr("malformed"));
}

TEST(Response, KeepsWhatArrivedOfABodyThatBreaksOff) {
  TestServer server(once("HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf"));
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.http_status, 500);
  EXPECT_EQ(attempt.response_body, "half");
  EXPECT_THAT(attempt.error, HasSubstr("before the response body was complete"));
}

TEST(Response, KeepsWhatArrivedOfABodyThatStalls) {
  TestServer server(once_and_stay("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
  const auto attempt = attempt_at(server, milliseconds(200));
  EXPECT_EQ(attempt.outcome, AttemptOutcome::Response);
  EXPECT_EQ(attempt.http_status, 200);
  EXPECT_EQ(attempt.response_body, "half");
  EXPECT_EQ(attempt.error, "the response body was not complete in time");
  EXPECT_GE(attempt.duration, milliseconds(200));
}

TEST(Timeouts, EndsAHangingAttemptAtItsDeadline) {
  TestServer server([](Peer& peer) { peer.wait_until_closed(); });
  const auto attempt = attempt_at(server, milliseconds(300));
  EXPECT_EQ(attempt.outcome, AttemptOutcome::Timeout);
  EXPECT_EQ(attempt.error, "timed out: no response within 300ms");
  EXPECT_GE(attempt.duration, milliseconds(300));
  EXPECT_LT(attempt.duration, milliseconds(1500));
}

// Writes byte by byte until the client closes.
void write_slowly(Peer& peer, std::string_view text, milliseconds pause) {
  peer.read_request();
  for (const char c : text) {
    if (!peer.write({&c, 1}) || peer.closed_within(pause)) return;
  }
  peer.wait_until_closed();
}

TEST(Timeouts, ASlowResponseIsGoodWhileThereIsTime) {
  TestServer server(
      [](Peer& peer) { write_slowly(peer, response_text(200, "slow", "X-One: 1\r\n"), milliseconds(1)); });
  const auto attempt = attempt_at(server);
  EXPECT_EQ(attempt.http_status, 200) << attempt.error;
  EXPECT_EQ(attempt.response_body, "slow");
  EXPECT_EQ(attempt.response_head, "Content-Length: 4\r\nX-One: 1");
}

TEST(Timeouts, ASlowResponseDoesNotExtendTheDeadline) {
  TestServer server([](Peer& peer) { write_slowly(peer, response_text(200, "slow"), milliseconds(50)); });
  const auto attempt = attempt_at(server, milliseconds(400));
  EXPECT_EQ(attempt.outcome, AttemptOutcome::Timeout);
  EXPECT_LT(attempt.duration, milliseconds(1500));
}

TEST(Lost, TellsAConnectionThatIsReset) {
  TestServer before_reading([](Peer& peer) {
    peer.wait_until_readable();
    peer.reset_on_close();
  });
  EXPECT_EQ(attempt_at(before_reading).outcome, AttemptOutcome::ConnectionLost);
  TestServer after_reading([](Peer& peer) {
    peer.read_request();
    peer.reset_on_close();
  });
  const auto attempt = attempt_at(after_reading);
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(attempt.error, "Connection reset by peer without a response; the request may have been processed");
}

TEST(Lost, TellsAConnectionThatIsClosed) {
  TestServer without(once(""));
  EXPECT_EQ(attempt_at(without).error,
            "the receiver closed the connection without a response; the request may have been processed");
  TestServer within(once("HTTP/1.1 200 OK\r\nContent-"));
  const auto attempt = attempt_at(within);
  EXPECT_EQ(attempt.outcome, AttemptOutcome::ConnectionLost);
  EXPECT_EQ(
      attempt.error,
      "the receiver closed the connection in the middle of the response head; the request may have been processed");
}

TEST(RetryAfterHeader, IsReadOn429And503Only) {
  TestClient client;
  const auto asked = [&](int status, const std::string& value) {
    TestServer server(once(response_text(status, "", "retry-after: " + value + "\r\n")));
    return client.send(server.url()).retry_after;
  };
  EXPECT_EQ(asked(429, "7"), seconds(7));
  EXPECT_EQ(asked(503, "120"), seconds(120));
  EXPECT_EQ(asked(503, "-1"), std::nullopt);
  EXPECT_EQ(asked(503, "later"), std::nullopt);
  EXPECT_GT(asked(503, "99999999999999999999"), std::chrono::hours(24));
  EXPECT_GT(asked(429, "Fri, 31 Dec 2100 23:59:59 GMT"), std::chrono::hours(24));
  EXPECT_EQ(asked(500, "7"), std::nullopt);
  EXPECT_EQ(asked(200, "7"), std::nullopt);
}

}  // namespace
}  // namespace limehook::http_client::testing
