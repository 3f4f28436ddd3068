#pragma once
// A server in a thread of its own for tests, and callers that send raw bytes.

#include <atomic>
#include <boost/asio.hpp>
#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http_server/server.hpp"

namespace limehook::http_server::testing {

// What a test changes of the server before it starts.
struct TestWish {
  ShareLimits shares;
  TimeLimits times;
  std::vector<std::string> trusted_proxies;
  std::size_t body_bytes_max = 1024 * 1024;
  std::size_t answer_bytes = 0;  // of a body that is sent instead of the request told back
  std::function<std::shared_ptr<BodyStream>(boost::asio::io_context& io)> stream{};  // likewise
  std::shared_ptr<boost::asio::ssl::context> tls;
};

// Answers 200 with "METHOD TARGET ADDRESS SCHEME BYTES"; refuses targets that begin with "/no" by their head, with 403.
class TestServer {
 public:
  explicit TestServer(TestWish wish = {});
  ~TestServer();

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_; }
  int handled() const { return handled_; }
  int refused(Refusal reason) const { return refused_[static_cast<std::size_t>(reason)]; }
  void use_tls(std::shared_ptr<boost::asio::ssl::context> context);
  void drain();

 private:
  boost::asio::awaitable<Response> handle(const Request& request);

  TestWish wish_;
  boost::asio::io_context io_{1};
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<int> handled_ = 0;
  std::array<std::atomic<int>, kRefusalCount> refused_{};
  std::thread thread_;
};

// A blocking connection to it. Nothing waits longer than ten seconds.
class Caller {
 public:
  // `from`: the loopback address to call from.
  explicit Caller(std::uint16_t port, const char* from = "127.0.0.1");

  // Answers false when the connection does not take it.
  bool send(std::string_view bytes);
  // One answer: its head and as much body as Content-Length says. Empty: the connection ended instead.
  std::string answer();
  // Everything up to the end of the connection, which must come.
  std::string rest();
  int descriptor() { return socket_.native_handle(); }

 private:
  bool receive();

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_{io_};
  std::string received_;
};

// The status of an answer; 0 when there is none.
int status_of(std::string_view answer);

// Waits until `condition` holds; false after ten seconds.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace limehook::http_server::testing
