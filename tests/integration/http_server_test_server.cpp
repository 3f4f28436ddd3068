#include "http_server_test_server.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <charconv>

namespace limehook::http_server::testing {

namespace asio = boost::asio;
using boost::system::error_code;

TestServer::TestServer(TestWish wish) : wish_(std::move(wish)) {
  server_ = std::make_unique<Server>(
      io_,
      ServerOptions{
          .server_name = "Test",
          .shares = wish_.shares,
          .times = wish_.times,
          .trusted_proxies = TrustedProxies(wish_.trusted_proxies),
          .body_bytes_max = [this](std::string_view, std::string_view) { return wish_.body_bytes_max; },
          .connections_changed = [this](std::size_t count) { connections_ = count; },
          .refused = [this](Refusal reason) { ++refused_[static_cast<std::size_t>(reason)]; },
          .admit = [](const Request& head) -> std::optional<Response> {
            if (!head.target.starts_with("/no")) return std::nullopt;
            return Response{403, "text/plain", "no", {}};
          },
          .payer = [](const Request& head) { return head.client_address; },
          .error = [](int status,
                      std::string_view detail) { return Response{status, "text/plain", std::string(detail), {}}; }},
      [this](const Request& request) { return handle(request); });
  server_->use_tls(wish_.tls);
  const auto address = server_->listen({asio::ip::address_v4::loopback(), 0});
  server_->accept();
  port_ = static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1)));
  thread_ = std::thread([this] { io_.run(); });
}

TestServer::~TestServer() {
  io_.stop();
  thread_.join();
}

void TestServer::use_tls(std::shared_ptr<asio::ssl::context> context) {
  asio::post(io_, [this, context] { server_->use_tls(context); });
}

void TestServer::drain() {
  asio::post(io_, [this] { server_->drain(); });
}

asio::awaitable<Response> TestServer::handle(const Request& request) {
  ++handled_;
  if (wish_.stream) co_return Response{200, "text/plain", "", {}, wish_.stream(io_)};
  if (wish_.answer_bytes > 0) co_return Response{200, "text/plain", std::string(wish_.answer_bytes, 'x'), {}};
  co_return Response{200,
                     "text/plain",
                     request.method + ' ' + request.target + ' ' + request.client_address + ' ' +
                         (request.secure ? "https" : "http") + ' ' + std::to_string(request.body.size()),
                     {}};
}

Caller::Caller(std::uint16_t port, const char* from) {
  socket_.open(asio::ip::tcp::v4());
  socket_.bind({asio::ip::make_address(from), 0});
  const timeval limit{10, 0};
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  socket_.connect({asio::ip::address_v4::loopback(), port});
}

bool Caller::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Caller::receive() {
  char bytes[16 * 1024];
  const auto size = ::recv(descriptor(), bytes, sizeof bytes, 0);
  if (size < 0 && errno == EAGAIN) received_ += "(nothing came for ten seconds)";
  if (size <= 0) return false;
  received_.append(bytes, static_cast<std::size_t>(size));
  return true;
}

std::string Caller::answer() {
  while (true) {
    const auto end = received_.find("\r\n\r\n");
    if (end != std::string::npos) {
      static constexpr std::string_view kLength = "Content-Length: ";
      std::size_t size = 0;
      if (const auto at = received_.find(kLength); at < end) {
        std::from_chars(received_.data() + at + kLength.size(), received_.data() + end, size);
      }
      if (received_.size() >= end + 4 + size) {
        auto whole = received_.substr(0, end + 4 + size);
        received_.erase(0, whole.size());
        return whole;
      }
    }
    if (!receive()) return "";
  }
}

std::string Caller::rest() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

int status_of(std::string_view answer) {
  int status = 0;
  if (answer.starts_with("HTTP/1.1 ")) std::from_chars(answer.data() + 9, answer.data() + answer.size(), status);
  return status;
}

}  // namespace limehook::http_server::testing
