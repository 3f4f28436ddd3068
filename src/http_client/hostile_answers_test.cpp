// What hostile answers cost: each is counted in bytes taken and kept, not in time.

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "http_client/response_parser.hpp"

namespace limehook::http_client {
namespace {

enum class End { Head, Body, Whole };  // how far a parser came: not through the head, into the body, to the end

struct Parsed {
  End end = End::Head;
  bool failed = false;
  int status = 0;
  std::string head, body;
};

// Feeds `answer` in pieces of `size` bytes, as a socket would.
Parsed parse(std::string_view answer, std::size_t size) {
  ResponseParser parser;
  Parsed result;
  std::size_t begin = 0;
  for (std::size_t end = std::min(size, answer.size());; end = std::min(end + size, answer.size())) {
    begin += parser.put(answer.substr(begin, end - begin));
    if (parser.done() || parser.failed() || parser.body_cut() || end == answer.size()) break;
  }
  result.failed = parser.failed();
  if (parser.head_done()) result.end = parser.done() ? End::Whole : End::Body;
  result.status = parser.status();
  result.head = parser.take_fields();
  result.body = parser.take_body();
  return result;
}

struct Case {
  std::string answer;
  End end;
  bool failed;
  std::string body = {};
};

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kChunked = kOk + "Transfer-Encoding: chunked\r\n\r\n";

// Goal: answers without one clear frame are refused; no NUL and no line feed gets into a head's values. The result is
// the same however the bytes arrive.
TEST(HostileAnswers, AreFramedInOneWayOnly) {
  const std::vector<Case> cases{
      {kOk + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", End::Whole, false, "ok"},
      {kOk + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n", End::Whole, false, "ok"},
      {kOk + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", End::Head, true},
      {kOk + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk", End::Head, true},
      {kOk + "Content-Length: 2, 3\r\n\r\nokk", End::Head, true},
      {kOk + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", End::Whole, false, "ok"},
      {kOk + "Content-Length: 2, 2\r\n\r\nok", End::Whole, false, "ok"},
      {kOk + "Content-Length: +2\r\n\r\nok", End::Head, true},
      {kOk + "Content-Length: 0x2\r\n\r\nok", End::Head, true},
      {kOk + "Content-Length: 2 \r\n\r\nok", End::Whole, false, "ok"},
      {kOk + "Content-Length: 18446744073709551616\r\n\r\n", End::Head, true},
      {kOk + "Content-Length: 18446744073709551615\r\n\r\nok", End::Body, false, "ok"},
      {kOk + std::string("X-Nul: a\0b\r\n\r\n", 14), End::Head, true},
      {kOk + std::string("X-N\0l: a\r\n\r\n", 12), End::Head, true},
      {std::string("HTTP/1.1 200 O\0K\r\n\r\n", 20), End::Head, true},
      {kOk + "X-Return: a\rX-More: b\r\n\r\n", End::Head, true},
      {kOk + ": a\r\n\r\n", End::Head, true},
      {kOk + "X Y: a\r\n\r\n", End::Head, true},
      {kOk + "Content-Length:\r\n\r\n", End::Head, true},
      {"HTTP/1.1 20 OK\r\n\r\n", End::Head, true},
      {"HTTP/1.1 2000 OK\r\n\r\n", End::Head, true},
      {"HTTP/1.1 200OK\r\n\r\n", End::Head, true},
      {"HTTP/1.1200 OK\r\n\r\n", End::Head, true},
      {"HTTP/1.1 099 OK\r\n\r\n", End::Head, true},
      {"HTTP/1. 200 OK\r\n\r\n", End::Head, true},
      {"HTTP/2.0 200 OK\r\n\r\n", End::Head, true},
      {"http/1.1 200 OK\r\n\r\n", End::Head, true},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", End::Head, true},
      {kChunked + "2\r\nok\r\n0\r\n\r\n", End::Whole, false, "ok"},
      {kChunked + "0\r\n\r\n", End::Whole, false, ""},
      {kChunked + "2;x=\"y\"\r\nok\r\n0;z\r\nX-Trailer: 1\r\n\r\n", End::Whole, false, "ok"},
      {kChunked + "2 \r\nok\r\n0\r\n\r\n", End::Whole, false, "ok"},
      {kChunked + "10000000000000000\r\nok", End::Body, true},
      {kChunked + "2\nok\n0\n\n", End::Body, true},
      {kChunked + "2 2\r\nok\r\n0\r\n\r\n", End::Body, true},
      {kChunked + "2;x=\ry\r\nok\r\n0\r\n\r\n", End::Body, true},
      {kChunked + "0x2\r\nok\r\n0\r\n\r\n", End::Body, true},
      {kChunked + "\r\n", End::Body, true},
      {kChunked + "-2\r\nok", End::Body, true},
      {kChunked + "2\r\nokay\r\n0\r\n\r\n", End::Body, true, "ok"},
      {kChunked + "2\r\nok\r\n0\r\nno colon\r\n\r\n", End::Body, true, "ok"},
      {kOk + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x01", End::Whole, false,
       "\x1f\x8b\x08\x01"},
  };
  for (const auto& [answer, end, failed, body] : cases) {
    for (const std::size_t size : {answer.size(), std::size_t{7}, std::size_t{1}}) {
      const auto parsed = parse(answer, size);
      EXPECT_EQ(parsed.end, end) << answer << " in pieces of " << size;
      EXPECT_EQ(parsed.failed, failed) << answer << " in pieces of " << size;
      if (end != End::Head) EXPECT_EQ(parsed.body, body) << answer << " in pieces of " << size;
    }
  }
}

// Goal: whatever comes, no more is kept than the log takes. Method: four times the limit of each part, in pieces of
// several sizes.
TEST(HostileAnswers, AreKeptUpToTheLimits) {
  const auto repeated = [](const std::string& piece) {
    std::string text;
    while (text.size() < 4 * limits::kResponseBodyBytesMax) text += piece;
    return text;
  };
  const std::vector<std::string> answers{
      "HTTP/1.1 200 " + repeated("x"),   kOk + repeated("X-A: b\r\n"),
      kOk + "X-Long: " + repeated("x"),  kOk + "X-Folded: a" + repeated("\r\n b"),
      kOk + "\r\n" + repeated("x"),      kOk + "Content-Length: 1000000000000\r\n\r\n" + repeated("x"),
      kChunked + repeated("1\r\nx\r\n"), kChunked + repeated("1;" + std::string(100, 'e') + "\r\nx\r\n"),
      kChunked + "1;" + repeated("e"),   kChunked + "0\r\n" + repeated("X-Trailer: 1\r\n"),
      kChunked + repeated("0"),
  };
  for (const auto& answer : answers) {
    for (const std::size_t size : {std::size_t{16 * 1024}, std::size_t{1000}, std::size_t{61}}) {
      const auto parsed = parse(answer, size);
      EXPECT_LE(parsed.head.size(), limits::kResponseHeadBytesMax) << answer.substr(0, 80);
      EXPECT_LE(parsed.body.size(), limits::kResponseBodyBytesMax) << answer.substr(0, 80);
      EXPECT_NE(parsed.end, End::Whole) << answer.substr(0, 80);
    }
  }
}

// Goal: a head that is within the limit as it came, and above it as it is kept, is refused too.
TEST(HostileAnswers, AreKeptUpToTheLimitsHoweverTerse) {
  const auto with_lines = [](std::size_t bytes) {
    std::string head = kOk;
    while (head.size() < bytes) head += "a:b\r\n";
    return head + "\r\n";
  };
  EXPECT_EQ(parse(with_lines(limits::kResponseHeadBytesMax / 2), 1000).failed, false);
  const auto parsed = parse(with_lines(limits::kResponseHeadBytesMax - 100), 1000);
  EXPECT_TRUE(parsed.failed);
  EXPECT_EQ(parsed.end, End::Head);
  EXPECT_LE(parsed.head.size(), limits::kResponseHeadBytesMax);
}

}  // namespace
}  // namespace limehook::http_client
