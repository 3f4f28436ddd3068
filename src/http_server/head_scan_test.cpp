#include "http_server/head_scan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.hpp"

namespace limehook::http_server {
namespace {

using namespace std::string_literals;

int status_of(const std::optional<HeadProblem>& problem) { return problem ? problem->status : 0; }

// Goal: a head's end is found wherever the network cuts it, and what follows it is left alone.
TEST(HeadScanner, FindsTheEndByteForByte) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string text = head + "body";
  HeadScanner scanner;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    ASSERT_FALSE(scanner.scan(text.substr(0, size))) << size;
    EXPECT_EQ(scanner.size(), size < head.size() ? 0 : head.size()) << size;
  }
}

// Goal: bytes that another server could read differently are refused, as soon as they are there.
TEST(HeadScanner, RefusesWhatIsNoHead) {
  const std::vector<std::pair<std::string, int>> kCases{
      {"\x16\x03\x01\x02", 400},                                        // TLS
      {"\x80\x2e\x01\x03", 400},                                        // SSL 2
      {"\r\n", 400},                                                    // an empty line first
      {" GET / HTTP/1.1\r\n", 400},                                     //
      {"GET /\r\n", 400},                                               // HTTP/0.9
      {"GET / HTTP/1.1\n", 400},                                        // bare LF
      {"GET / HTTP/1.1\r\nHost: a\n", 400},                             //
      {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n", 400},                     // bare CR
      {"GET / HTTP/1.1\r\nHost: a\r\r\n", 400},                         //
      {"GET / HTTP/1.1\r\nHost: a\r\n b\r\n", 400},                     // folded
      {"GET / HTTP/1.1\r\nHost: a\r\n\tb\r\n", 400},                    //
      {"GET / HTTP/1.1\r\n Host: a\r\n", 400},                          //
      {"GET / HTTP/1.1\r\nHost: a\0b\r\n"s, 400},                       // NUL
      {"PRI * HTTP/2.0\r\n", 400},                                      // HTTP/2's preface
      {"GET / HTTP/1.2\r\n", 400},                                      //
      {"GET / HTTP/1.1 \r\n", 400},                                     //
      {"GET /" + std::string(limits::kRequestHeadBytesMax, 'a'), 431},  //
  };
  for (const auto& [text, status] : kCases)
    EXPECT_EQ(status_of(HeadScanner().scan(text)), status) << text.substr(0, 40);
}

TEST(HeadScanner, CountsHeaders) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < limits::kRequestHeadersMax; ++i) head += "X: y\r\n";
  EXPECT_EQ(status_of(HeadScanner().scan(head + "\r\n")), 0);
  EXPECT_EQ(status_of(HeadScanner().scan(head + "X: y\r\n\r\n")), 431);
}

Request request(std::string target, std::vector<std::pair<std::string, std::string>> headers) {
  Request made;
  made.method = "POST";
  made.target = std::move(target);
  made.headers = std::move(headers);
  return made;
}

// Goal: requests whose end or addressee could be disputed are refused.
TEST(HeadProblem, NamesWhatCouldBeReadInTwoWays) {
  const std::pair<std::string, std::string> kHost{"host", "a:80"};
  const std::vector<Request> kGood{
      request("/", {kHost}),
      request("/a?b=c%20d", {{"host", "[::1]:8080"}}),
      request("/", {kHost, {"content-length", "0"}}),
      request("/", {kHost, {"transfer-encoding", "Chunked"}}),
  };
  for (const auto& head : kGood) EXPECT_FALSE(head_problem(head, 1)) << head.target;
  const std::vector<Request> kBad{
      request("http://a/", {kHost}),
      request("a:80", {kHost}),
      request("*", {kHost}),
      request("", {kHost}),
      request("/a b", {kHost}),
      request("/a#b", {kHost}),
      request("/\xc3\xa4", {kHost}),
      request("/", {}),
      request("/", {{"host", ""}}),
      request("/", {kHost, kHost}),
      request("/", {{"host", "a/b"}}),
      request("/", {{"host", "me@a"}}),
      request("/", {{"host", "a b"}}),
      request("/", {kHost, {"content-length", ""}}),
      request("/", {kHost, {"content-length", "-1"}}),
      request("/", {kHost, {"content-length", "+1"}}),
      request("/", {kHost, {"content-length", "0x10"}}),
      request("/", {kHost, {"content-length", "1,1"}}),
      request("/", {kHost, {"content-length", "99999999999999999999"}}),
      request("/", {kHost, {"content-length", "1"}, {"content-length", "1"}}),
      request("/", {kHost, {"content-length", "1"}, {"content-length", "2"}}),
      request("/", {kHost, {"content-length", "1"}, {"transfer-encoding", "chunked"}}),
      request("/", {kHost, {"transfer-encoding", "identity"}}),
      request("/", {kHost, {"transfer-encoding", "gzip, chunked"}}),
      request("/", {kHost, {"transfer-encoding", "chunked, identity"}}),
      request("/", {kHost, {"transfer-encoding", "xchunked"}}),
      request("/", {kHost, {"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}),
  };
  for (const auto& head : kBad) {
    EXPECT_EQ(status_of(head_problem(head, 1)), 400)
        << head.target << ' ' << (head.headers.empty() ? "" : head.headers.back().second);
  }
}

TEST(HeadProblem, KnowsWhatHttp10MayLack) {
  EXPECT_FALSE(head_problem(request("/", {}), 0));
  EXPECT_TRUE(head_problem(request("/", {{"transfer-encoding", "chunked"}}), 0));
}

TEST(HeadProblem, LetsOptionsAskAboutTheServer) {
  auto head = request("*", {{"host", "a"}});
  head.method = "OPTIONS";
  EXPECT_FALSE(head_problem(head, 1));
}

}  // namespace
}  // namespace limehook::http_server
