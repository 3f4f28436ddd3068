// Answers whose body is made while it is sent.

#include <gmock/gmock.h>

#include "http_server_test_server.hpp"

namespace limehook::http_server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

std::string get(std::string_view method = "GET", std::string_view version = "1.1") {
  return std::string(method) + " /a HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n";
}

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

// Gives its pieces, and then ends or waits for good.
class Pieces : public BodyStream {
 public:
  Pieces(asio::io_context& io, std::vector<std::string> pieces, bool ends, std::atomic<int>& alive)
      : timer_(io, asio::steady_timer::time_point::max()), pieces_(std::move(pieces)), ends_(ends), alive_(alive) {
    ++alive_;
  }
  ~Pieces() override { --alive_; }
  asio::awaitable<std::string> next() override {
    if (given_ == pieces_.size() && !ends_) co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return given_ < pieces_.size() ? pieces_[given_++] : "";
  }

 private:
  asio::steady_timer timer_;
  std::vector<std::string> pieces_;
  std::size_t given_ = 0;
  bool ends_;
  std::atomic<int>& alive_;
};

class HttpServerStream : public ::testing::Test {
 protected:
  TestWish wish(std::vector<std::string> pieces, bool ends) {
    TestWish wish;
    wish.stream = [this, pieces = std::move(pieces), ends](asio::io_context& io) {
      return std::make_shared<Pieces>(io, pieces, ends, alive_);
    };
    return wish;
  }
  std::atomic<int> alive_ = 0;
};

struct FormCase {
  std::string request;
  std::string body;
  bool chunked;
};

// Goal: pieces arrive as chunks, to HTTP/1.0 as they are, to HEAD not at all; the connection ends with them.
TEST_F(HttpServerStream, SendsPiecesInTheFormThatTheCallerTakes) {
  const TestServer server(wish({"one", std::string(17, 'x')}, true));
  const std::vector<FormCase> cases{
      {get(), "3\r\none\r\n11\r\n" + std::string(17, 'x') + "\r\n0\r\n\r\n", true},
      {get("GET", "1.0"), "one" + std::string(17, 'x'), false},
      {get("HEAD"), "", true},
  };
  for (const FormCase& c : cases) {
    Caller caller(server.port());
    caller.send(c.request);
    const auto answer = caller.rest();
    EXPECT_EQ(status_of(answer), 200) << c.request;
    EXPECT_EQ(body_of(answer), c.body) << c.request;
    EXPECT_EQ(answer.find("Transfer-Encoding: chunked\r\n") != std::string::npos, c.chunked) << c.request;
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  }
  EXPECT_TRUE(eventually([&] { return alive_ == 0; }));
}

// Goal: a stream that has nothing to say is not kept for a caller who is gone, or who goes on to something else; and a
// caller may wait for it longer than any limit of a request.
TEST_F(HttpServerStream, EndsWithItsCaller) {
  auto wanted = wish({"hello"}, false);
  wanted.times = {.head = 100ms, .idle = 100ms, .response = 100ms};
  const TestServer server(std::move(wanted));
  {
    Caller patient(server.port());
    patient.send(get());
    EXPECT_THAT(patient.answer(), HasSubstr("200 OK"));
    Caller more(server.port());
    more.send(get());
    EXPECT_THAT(more.answer(), HasSubstr("200 OK"));
    EXPECT_EQ(alive_, 2);
    Caller stalled(server.port());  // shows that the limits have passed
    EXPECT_EQ(stalled.rest(), "");
    EXPECT_EQ(alive_, 2);
    more.send(get());
    EXPECT_TRUE(eventually([&] { return alive_ == 1; }));
    EXPECT_EQ(server.handled(), 2) << "what follows a stream is no request";
  }
  EXPECT_TRUE(eventually([&] { return alive_ == 0 && server.connections() == 0; }));
}

// Goal: a caller who does not take the pieces is disconnected, and no more of them are made than fit on the way.
TEST_F(HttpServerStream, DropsCallersWhoDoNotRead) {
  auto wanted = wish(std::vector<std::string>(2000, std::string(64 * 1024, 'x')), true);
  wanted.times = {.response = 300ms};
  const TestServer server(std::move(wanted));
  Caller caller(server.port());
  caller.send(get());
  EXPECT_TRUE(eventually([&] { return server.refused(Refusal::Timeout) == 1; }));
  EXPECT_TRUE(eventually([&] { return alive_ == 0; }));
  EXPECT_LT(caller.rest().size(), 64u * 1024 * 1024);
}

}  // namespace
}  // namespace limehook::http_server::testing
