#pragma once
// What a name stands for.

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <string>
#include <vector>

namespace limehook::http_client {

struct Resolution {
  std::vector<boost::asio::ip::address> addresses;  // in the order in which to try them (RFC 6724)
  std::string error;                                // why there are none, for people
  bool expired = false;                             // the deadline passed before a thread was free
};

// Resolves one name; blocks. The default asks the system (getaddrinfo).
using LookUp = std::function<Resolution(const std::string& host)>;
Resolution system_look_up(const std::string& host);

}  // namespace limehook::http_client
