#pragma once
// What the server hands to its handler, and what it gets back.

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limehook::http_server {

struct Request {
  std::string method;  // upper case
  std::string target;  // as sent: path and query
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string client_address;                                // who asks: an IP address without port
  bool secure = false;                                       // came over TLS

  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  std::string_view query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
  // The first header of that name (lower case); empty when there is none.
  std::string_view header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

// A body that is made while it is sent, piece by piece. Lives on the server's io_context.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // The next piece; an empty one ends the body. Asked for when the caller has taken the one before, so that nothing
  // piles up. Does not throw. When the caller is gone the wait is canceled as asio cancels coroutines, and then the
  // stream destroyed.
  virtual boost::asio::awaitable<std::string> next() = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond Content-Type, Content-Length, Date and Server
  std::shared_ptr<BodyStream> stream = nullptr;              // instead of `body`; the connection ends with it
};

}  // namespace limehook::http_server
