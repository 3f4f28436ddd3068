#pragma once
// What a name stands for.

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace limehook::http_client {

struct Resolution {
  std::vector<boost::asio::ip::address> addresses;  // in the order in which to try them (RFC 6724)
  std::string error;                                // why there are none, for people
  bool expired = false;                             // the deadline passed before a thread was free
  bool refused = false;                             // too much waits already; like `expired`, nobody was asked
  bool name_unknown = false;                        // there are none that count: an answer, not the lack of one
};

// What is known of a name that is looked up. It decides who comes first.
enum class NameStanding : std::uint8_t {
  New,      // no usable addresses: attempts wait
  Known,    // has addresses for now
  Failing,  // its last lookup failed or took too long
};

// Resolves one name; blocks. The default asks the system (getaddrinfo).
using LookUp = std::function<Resolution(const std::string& host)>;
Resolution system_look_up(const std::string& host);

}  // namespace limehook::http_client
