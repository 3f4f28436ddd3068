// What the server takes for a request, and what it does with what is none: over sockets, byte by byte.

#include <gmock/gmock.h>

#include "http_server_test_server.hpp"

namespace limehook::http_server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& headers, const std::string& body) {
  return "POST /b HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

struct Case {
  std::string bytes;
  int status;
};

// Goal: whatever could be read in two ways, or is no HTTP/1.1, gets 400 (431 where it is too much) and the connection
// ends, so that nothing hides behind it. Method: each case with a good request after it, which must not be handled.
TEST(HttpServer, RefusesWhatIsMalformed) {
  const std::vector<Case> cases{
      // no HTTP/1.1
      {"GET /\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
      {"\0\0\0\0"s, 400},
      {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      // targets
      {"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      // Host
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      // header lines
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
      // where the body ends
      {post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "0\r\n\r\n"), 400},
      {post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
      {post("Content-Length: 1\r\nContent-Length: 1\r\n", "a"), 400},
      {post("Content-Length: 1, 1\r\n", "a"), 400},
      {post("Content-Length: +1\r\n", "a"), 400},
      {post("Content-Length: -1\r\n", "a"), 400},
      {post("Content-Length: 1a\r\n", "a"), 400},
      {post("Content-Length: 18446744073709551617\r\n", "a"), 400},
      {post("Transfer-Encoding: identity\r\n", "a"), 400},
      {post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400},
      {post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n"),
       400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      // chunks
      {post("Transfer-Encoding: chunked\r\n", "x\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "-1\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "0x1\r\na\r\n0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "1 \r\na\r\n0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "1\na\r\n0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "1\r\nab\r\n0\r\n\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n"), 400},
      {post("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413},
      {post("Transfer-Encoding: chunked\r\n", "1;" + std::string(70'000, 'x')), 400},
      {post("Transfer-Encoding: chunked\r\n", "0\r\nX: " + std::string(70'000, 'x')), 400},
      {post("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"), 400},
      // too much
      {"GET /" + std::string(17'000, 'a'), 431},
      {"GET / HTTP/1.1\r\nHost: a\r\n" + std::string(17'000, 'a'), 431},
      {post("Content-Length: 1048577\r\n", ""), 413},
  };
  const TestServer server;
  for (const auto& [bytes, status] : cases) {
    Caller caller(server.port());
    caller.send(bytes + kGet);
    const auto answer = caller.rest();
    EXPECT_EQ(status_of(answer), status) << bytes.substr(0, 120) << "\n---\n" << answer;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << bytes.substr(0, 120);
    EXPECT_EQ(answer.find("HTTP/1.1 2"), std::string::npos) << "a second answer to " << bytes.substr(0, 120);
  }
  EXPECT_EQ(server.handled(), 0);
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.refused(Refusal::Malformed) + server.refused(Refusal::TooLarge), static_cast<int>(cases.size()));
}

// Goal: what is right is understood however it arrives. Method: all at once, and in single bytes.
TEST(HttpServer, UnderstandsWhatIsRight) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {kGet, "GET /a 127.0.0.1 http 0"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 127.0.0.1 http 0"},
      {"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", "BREW /pot 127.0.0.1 http 0"},
      {post("Content-Length: 3\r\n", "abc"), "POST /b 127.0.0.1 http 3"},
      {post("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n1;x=y\r\nc\r\n0\r\nX-Trailer: t\r\n\r\n"),
       "POST /b 127.0.0.1 http 3"},
      {"POST /b HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "POST /b 127.0.0.1 http 3"},
  };
  const TestServer server;
  Caller whole(server.port());
  Caller slow(server.port());
  for (const auto& [bytes, told] : cases) {
    whole.send(bytes);
    EXPECT_THAT(whole.answer(), HasSubstr(told));
    for (const char byte : bytes) slow.send({&byte, 1});
    EXPECT_THAT(slow.answer(), HasSubstr(told));
  }
}

// Goal: requests that are sent without waiting are answered in order, and a caller that ends its sending gets them all.
TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  const TestServer server;
  Caller caller(server.port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  caller.send(all + post("Content-Length: 3\r\n", "abc"));
  for (int i = 0; i < 500; ++i) ASSERT_THAT(caller.answer(), HasSubstr("GET /" + std::to_string(i) + " "));
  EXPECT_THAT(caller.answer(), HasSubstr("POST /b 127.0.0.1 http 3"));
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const TestServer server;
  Caller caller(server.port());
  caller.send("HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto answer = caller.rest();
  EXPECT_THAT(answer, HasSubstr("Content-Length: "));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

// Goal: a body is asked for only when it is wanted (RFC 9110, section 10.1.1).
TEST(HttpServer, AsksForAnnouncedBodies) {
  const TestServer server;
  Caller caller(server.port());
  caller.send(post("Content-Length: 3\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(status_of(caller.answer()), 100);
  caller.send("abc");
  EXPECT_THAT(caller.answer(), HasSubstr("POST /b 127.0.0.1 http 3"));
  caller.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(caller.rest()), 403);
}

// Goal: every answer, refusals too, tells browsers to keep to what it is.
TEST(HttpServer, AddsSecurityHeaders) {
  const TestServer server({.trusted_proxies = {"127.0.0.1/32"}});
  for (const auto& bytes : {kGet, "GET /no HTTP/1.1\r\nHost: a\r\n\r\n"s, "GET / HTTP/1.1\r\n\r\n"s}) {
    Caller caller(server.port());
    caller.send(bytes);
    const auto answer = caller.answer();
    for (const auto* const line :
         {"X-Content-Type-Options: nosniff\r\n", "X-Frame-Options: DENY\r\n", "Referrer-Policy: no-referrer\r\n",
          "Cross-Origin-Resource-Policy: same-origin\r\n", "Cache-Control: no-store\r\n"}) {
      EXPECT_THAT(answer, HasSubstr(line)) << bytes;
    }
    EXPECT_THAT(answer, Not(HasSubstr("Strict-Transport-Security"))) << bytes;
  }
  Caller caller(server.port());
  caller.send("GET /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
  const auto answer = caller.answer();
  EXPECT_THAT(answer, HasSubstr("Strict-Transport-Security: max-age="));
  EXPECT_THAT(answer, HasSubstr("GET /a 192.0.2.1 https 0"));
}

}  // namespace
}  // namespace limehook::http_server::testing
