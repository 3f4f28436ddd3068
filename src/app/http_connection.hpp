#pragma once
// A small blocking HTTP/1.1 client for the commands that talk to a server, and for forwarding. Not for deliveries:
// it has no address policy and no limit on connections.

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace limehook::app {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string target;   // path and query
  HttpHeaders headers;  // Host and Content-Length are added
  std::string body;
};

struct HttpResponse {
  int status = 0;
  std::string reason;
  HttpHeaders headers;
  std::string body;
};

// One server, one connection, kept alive between requests and opened anew when the server has closed it. For use by
// one thread.
class HttpConnection {
 public:
  // `url`: http:// or https:// with a host and possibly a port; a path becomes the prefix of every target. The error
  // says what is wrong with it.
  static std::expected<HttpConnection, std::string> to(std::string_view url);

  HttpConnection(HttpConnection&&) noexcept;
  HttpConnection& operator=(HttpConnection&&) noexcept;
  ~HttpConnection();

  // Trusts the certificates in a PEM file besides the system's authorities. False: it cannot be used.
  bool trust(const std::string& ca_file);

  // Blocks for `limit` at most (name resolution not included). The error says why there is no answer.
  std::expected<HttpResponse, std::string> send(const HttpRequest& request, Duration limit);

 private:
  struct Impl;
  explicit HttpConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace limehook::app
