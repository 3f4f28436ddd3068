// Heads of responses: what is read of them, and with how much leniency.

#include "http_client/response_head.hpp"

#include <gtest/gtest.h>

#include "http_client/response_parser.hpp"

namespace limehook::http_client {
namespace {

ResponseHead read(std::string_view text) {
  ResponseHead head;
  const auto result = read_response_head(text, head);
  EXPECT_TRUE(result) << text << (result ? "" : result.error());
  return head;
}

std::string problem(std::string_view text) {
  ResponseHead head;
  const auto result = read_response_head(text, head);
  return result ? "none" : result.error();
}

TEST(ResponseHead, SaysWhatMatters) {
  const auto head = read(
      "HTTP/1.1 503 Busy\r\nConnection: x, Close\r\nRetry-After: 7\r\nKeep-Alive: max=5, timeout=9\r\n"
      "content-encoding: gzip\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(head.status, 503);
  EXPECT_FALSE(head.keep_alive);
  EXPECT_EQ(head.retry_after, "7");
  EXPECT_EQ(head.keep_alive_timeout, std::chrono::seconds(9));
  EXPECT_EQ(head.content_encoding, "gzip");
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_FALSE(head.ambiguous);
  EXPECT_EQ(head.fields,
            "Connection: x, Close\r\nRetry-After: 7\r\nKeep-Alive: max=5, timeout=9\r\ncontent-encoding: gzip\r\n"
            "Content-Length: 12");
}

// Goal: what nearly every client takes is taken: the status is what counts. No more readers come after this one.
TEST(ResponseHead, TakesSloppyStatusLines) {
  for (const auto* line :
       {"HTTP/1.1 200", "HTTP/1.0 200", "HTTP/1.1 200 ", "HTTP/1.1 200  ", "HTTP/1.1  200 OK", "HTTP/1.1 200\tOK",
        "HTTP/1.1 200 \xC3\x9C"
        "ber",
        "HTTP/1.1 200 \xDC"
        "ber",
        "HTTP/1.1 200 OK: (fine)", "HTTP/1.2 200 OK"}) {
    for (const auto* end : {"\r\n", "\n"}) {
      const auto head = read(line + std::string(end) + "Content-Length: 2" + end + end);
      EXPECT_EQ(head.status, 200) << line;
      EXPECT_EQ(head.content_length, 2u) << line;
      EXPECT_FALSE(head.ambiguous) << line;
      EXPECT_EQ(head.keep_alive, !std::string_view(line).starts_with("HTTP/1.0")) << line;
    }
  }
  EXPECT_EQ(read("HTTP/1.1 204\r\n\r\n").status, 204);
  EXPECT_TRUE(read("HTTP/1.0 200\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

// Goal: bare line feeds, folded lines, and lines of spaces keep their meaning.
TEST(ResponseHead, TakesSloppyLines) {
  const auto head = read("HTTP/1.1 200 OK\nX-Fold: a\r\n  b\n\tc\r\n \r\nX-Empty:\nX-Last:  d \t\r\n\n");
  EXPECT_EQ(head.fields, "X-Fold: a b c\r\nX-Empty: \r\nX-Last: d");
  EXPECT_FALSE(head.ambiguous);
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\n").content_length, 5u);
}

// Goal: an answer whose end another reader could see elsewhere, or with framing that its status forbids, is taken, but
// its connection is not used again.
TEST(ResponseHead, TellsWhereTheEndIsInDoubt) {
  for (const auto* lines :
       {"200\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
        "200\r\nTransfer-Encoding: chunked\r\nContent-Length: 2", "204\r\nContent-Length: 2",
        "204\r\nContent-Length: 0", "204\r\nTransfer-Encoding: chunked", "304\r\nContent-Length: 2",
        "304\r\nTransfer-Encoding: chunked", "100\r\nContent-Length: 2", "103\r\nTransfer-Encoding: chunked",
        "200\r\nContent-Length : 2", "200\r\nTransfer-Encoding: identity", "200\r\nTransfer-Encoding:"}) {
    EXPECT_TRUE(read("HTTP/1.1 " + std::string(lines) + "\r\n\r\n").ambiguous) << lines;
  }
  EXPECT_TRUE(read("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ambiguous);
  EXPECT_FALSE(read("HTTP/1.1 204 No\r\n\r\n").ambiguous);
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\n").ambiguous);
}

// Goal: RFC 9112 section 6.3, rules 3 and 4.
TEST(ResponseHead, LetsTransferEncodingDecide) {
  const auto both = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: Chunked\r\n\r\n");
  EXPECT_TRUE(both.chunked);
  EXPECT_EQ(both.content_length, std::nullopt);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n").chunked);
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n").other_transfer_coding);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n").other_transfer_coding);
  const auto identity = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(identity.content_length, 2u);
  EXPECT_FALSE(identity.chunked);
}

TEST(ResponseHead, SaysWhatIsWrong) {
  const std::string not_http = "the answer is not HTTP/1.1: ";
  EXPECT_EQ(problem("HTTP/1.1 abc\r\n\r\n"), not_http + "its status line is malformed");
  EXPECT_EQ(problem("HTTP/1.1 200\r\nno colon\r\n\r\n"), not_http + "it has a line without a colon in its head");
  EXPECT_EQ(problem("HTTP/1.1 200\r\nContent-Length: -5\r\n\r\n"), not_http + "its Content-Length is not a number");
  EXPECT_EQ(problem("HTTP/1.1 200\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            not_http + "it has two different values of Content-Length");
}

// Goal: a body that ends with its connection, and one that nobody wants.
TEST(ResponseParser, KnowsWhereABodyEnds) {
  ResponseParser parser;
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nsome bytes";
  EXPECT_EQ(parser.put(answer), answer.size());
  EXPECT_TRUE(parser.ends_with_connection());
  EXPECT_FALSE(parser.done());
  EXPECT_EQ(parser.take_body(), "some bytes");
  ResponseParser head_only(ResponseParser::Body::None);
  EXPECT_EQ(head_only.put("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 38u);
  EXPECT_TRUE(head_only.done());
}

// Goal: what follows an answer is not taken as part of it.
TEST(ResponseParser, LeavesWhatFollows) {
  for (const std::string answer : {"HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
                                   "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    ResponseParser parser;
    EXPECT_EQ(parser.put(answer + "HTTP/1.1 200 OK\r\n\r\n"), answer.size());
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(parser.put("more"), 0u);
  }
}

}  // namespace
}  // namespace limehook::http_client
