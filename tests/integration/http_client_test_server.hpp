#pragma once
// A receiver that does exactly what a test says, well-behaved or not: blocking sockets, a thread per connection.

#include <openssl/ssl.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace limehook::http_client::testing {

struct ReceivedRequest {
  std::string head;  // with the empty line
  std::string body;
  // Value of a header; empty when there is none. Names compare without case.
  std::string header(std::string_view name) const;
};

// The server's end of one connection.
class Peer {
 public:
  Peer(int fd, SSL* ssl) : fd_(fd), ssl_(ssl) {}
  ~Peer() { SSL_free(own_ssl_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  // Nothing when the client has closed.
  std::optional<ReceivedRequest> read_request();
  // False when the client has closed.
  bool write(std::string_view bytes);
  // Past TLS, where there is any.
  void write_raw(std::string_view bytes);
  // Answers whether the client closed (or the server stopped) within that time.
  bool closed_within(std::chrono::milliseconds time);
  void wait_until_closed();
  void wait_until_readable();
  // What is written from true to false leaves together.
  void hold_back(bool hold);
  // Says that nothing more will be written.
  void end_writing();
  // Makes the end of the handler a reset (RST).
  void reset_on_close();
  bool session_reused() const;
  // The common name in the certificate that the client has shown.
  std::string client_name() const;
  // The next head as it is, for requests without a body; empty when the client has closed.
  std::string read_head();
  // For TLS messages of a test's own making; null without TLS.
  SSL* tls() const { return ssl_; }
  // Speaks TLS from here on.
  bool accept_tls(SSL_CTX* context);

 private:
  std::ptrdiff_t read_some(char* bytes, std::size_t size);
  int fd_;
  SSL* ssl_;
  SSL* own_ssl_ = nullptr;  // of accept_tls()
  std::string unread_;
};

class TestServer {
 public:
  // Runs for each connection on a thread of its own; when it returns the connection is closed.
  using Handler = std::function<void(Peer&)>;

  // `tls` may be null; it must outlive the server.
  explicit TestServer(Handler handler, SSL_CTX* tls = nullptr, const char* address = "127.0.0.1");
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  int port() const { return port_; }
  // "http://127.0.0.1:PORT" or https, then `path`.
  std::string url(std::string_view path = "/hook") const;
  int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  SSL_CTX* tls_;
  std::string host_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;  // guards the next two
  std::vector<int> open_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;  // of the accepting thread until it has ended
  std::thread accepting_;
};

// Answers every request with `response`, until the client closes.
TestServer::Handler always(std::string response);
// A response with Content-Length.
std::string response_text(int status, std::string_view body = "", std::string_view header_lines = "");

}  // namespace limehook::http_client::testing
