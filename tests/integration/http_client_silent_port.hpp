#pragma once
// An address that swallows packets: Linux drops further SYNs to a listener whose queue is full.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/assert.hpp"

namespace limehook::http_client::testing {

class SilentPort {
 public:
  // `port` 0: one that is free. IPv4 only.
  explicit SilentPort(const char* address, int port = 0) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address, &name.sin_addr);
    socklen_t size = sizeof name;
    LIMEHOOK_ASSERT(::bind(open(0), reinterpret_cast<sockaddr*>(&name), size) == 0);
    LIMEHOOK_ASSERT(::listen(sockets_.front(), 0) == 0);
    ::getsockname(sockets_.front(), reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
    for (int i = 0; i < 4; ++i) ::connect(open(SOCK_NONBLOCK), reinterpret_cast<sockaddr*>(&name), size);
  }
  ~SilentPort() {
    for (const int fd : sockets_) ::close(fd);
  }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  int port() const { return port_; }

 private:
  int open(int flags) {
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    return sockets_.back();
  }
  std::vector<int> sockets_;
  int port_ = 0;
};

}  // namespace limehook::http_client::testing
