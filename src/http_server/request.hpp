#pragma once
// What the server hands to its handler, and what it gets back.

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

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond Content-Type, Content-Length, Date and Server
};

}  // namespace limehook::http_server
