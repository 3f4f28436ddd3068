#pragma once
// A webhook's URL, taken apart for sending.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace limehook::http_client {

struct Target {
  bool tls = false;
  std::string host;                                 // lower case; IPv6 literals without brackets
  std::optional<boost::asio::ip::address> address;  // set when the host is an address literal
  std::uint16_t port = 0;
  std::string authority;  // value of the Host header: RFC 9110 section 7.2, without a default port
  std::string path;       // path and query exactly as given; "/" for an empty path
};

// The error says what is wrong with `url`, in words. Stored URLs have passed url_problem(), so this is the last guard.
std::expected<Target, std::string> parse_target(std::string_view url);

// The part of a URL that decides which connections can serve it: scheme, host and port as written.
std::string_view origin_text(std::string_view url);

}  // namespace limehook::http_client
