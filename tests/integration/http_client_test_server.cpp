#include "http_client_test_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.hpp"

namespace limehook::http_client::testing {

std::string ReceivedRequest::header(std::string_view name) const {
  std::size_t line = head.find("\r\n") + 2;
  while (line < head.size()) {
    const auto end = head.find("\r\n", line);
    const auto colon = head.find(": ", line);
    if (colon != std::string::npos && colon < end && colon - line == name.size() &&
        ::strncasecmp(head.data() + line, name.data(), name.size()) == 0) {
      return head.substr(colon + 2, end - colon - 2);
    }
    line = end + 2;
  }
  return {};
}

std::ptrdiff_t Peer::read_some(char* bytes, std::size_t size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, bytes, static_cast<int>(size));
  return ::recv(fd_, bytes, size, 0);
}

std::optional<ReceivedRequest> Peer::read_request() {
  char bytes[16 * 1024];
  for (;;) {
    const auto head_end = unread_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      ReceivedRequest request;
      request.head = unread_.substr(0, head_end + 4);
      const auto length = request.header("Content-Length");
      const auto size = length.empty() ? 0 : static_cast<std::size_t>(std::stoul(length));
      if (unread_.size() >= head_end + 4 + size) {
        request.body = unread_.substr(head_end + 4, size);
        unread_.erase(0, head_end + 4 + size);
        return request;
      }
    }
    const auto n = read_some(bytes, sizeof bytes);
    if (n <= 0) return std::nullopt;
    unread_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Peer::write_raw(std::string_view bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

bool Peer::closed_within(std::chrono::milliseconds time) {
  pollfd waited{fd_, POLLRDHUP, 0};
  return ::poll(&waited, 1, static_cast<int>(time.count())) > 0;
}

void Peer::wait_until_closed() {
  pollfd waited{fd_, POLLRDHUP, 0};
  ::poll(&waited, 1, -1);
}

void Peer::wait_until_readable() {
  pollfd waited{fd_, POLLIN, 0};
  ::poll(&waited, 1, -1);
}

void Peer::hold_back(bool hold) {
  const int value = hold ? 1 : 0;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

void Peer::end_writing() { ::shutdown(fd_, SHUT_WR); }

void Peer::reset_on_close() {
  const linger now{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool Peer::session_reused() const { return SSL_session_reused(ssl_) == 1; }

std::string Peer::client_name() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_);
  char name[64] = "";
  if (certificate != nullptr) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  }
  X509_free(certificate);
  return name;
}

std::string Peer::read_head() {
  char bytes[4096];
  for (;;) {
    if (const auto end = unread_.find("\r\n\r\n"); end != std::string::npos) {
      std::string head = unread_.substr(0, end + 4);
      unread_.erase(0, end + 4);
      return head;
    }
    const auto n = read_some(bytes, sizeof bytes);
    if (n <= 0) return {};
    unread_.append(bytes, static_cast<std::size_t>(n));
  }
}

bool Peer::accept_tls(SSL_CTX* context) {
  own_ssl_ = SSL_new(context);
  SSL_set_fd(own_ssl_, fd_);
  ssl_ = own_ssl_;
  return SSL_accept(ssl_) == 1;
}

TestServer::TestServer(Handler handler, SSL_CTX* tls, const char* address)
    : handler_(std::move(handler)), tls_(tls), host_(address) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const bool v6 = host_.find(':') != std::string::npos;
  sockaddr_storage storage{};
  socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (v6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(storage);
    in6.sin6_family = AF_INET6;
    ::inet_pton(AF_INET6, address, &in6.sin6_addr);
    host_ = "[" + host_ + "]";
  } else {
    auto& in = reinterpret_cast<sockaddr_in&>(storage);
    in.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &in.sin_addr);
  }
  listener_ = ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  LIMEHOOK_ASSERT(listener_ >= 0);
  LIMEHOOK_ASSERT(::bind(listener_, reinterpret_cast<sockaddr*>(&storage), size) == 0);
  LIMEHOOK_ASSERT(::listen(listener_, 512) == 0);
  LIMEHOOK_ASSERT(::getsockname(listener_, reinterpret_cast<sockaddr*>(&storage), &size) == 0);
  port_ =
      ntohs(v6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port : reinterpret_cast<sockaddr_in&>(storage).sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::string TestServer::url(std::string_view path) const {
  return fmt::format("{}://{}:{}{}", tls_ != nullptr ? "https" : "http", host_, port_, path);
}

void TestServer::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) {
        ::close(fd);
        return;
      }
      open_.push_back(fd);
    }
    ++connections_;
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void TestServer::serve(int fd) {
  SSL* ssl = tls_ != nullptr ? SSL_new(tls_) : nullptr;
  bool ready = true;
  if (ssl != nullptr) {
    SSL_set_fd(ssl, fd);
    ready = SSL_accept(ssl) == 1;
  }
  if (ready) {
    Peer peer(fd, ssl);
    handler_(peer);
  }
  if (ssl != nullptr) {
    if (ready) SSL_shutdown(ssl);
    SSL_free(ssl);
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

TestServer::Handler always(std::string response) {
  return [response = std::move(response)](Peer& peer) {
    while (peer.read_request()) {
      if (!peer.write(response)) return;
    }
  };
}

std::string response_text(int status, std::string_view body, std::string_view header_lines) {
  return fmt::format("HTTP/1.1 {} Some Words\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), header_lines,
                     body);
}

}  // namespace limehook::http_client::testing
