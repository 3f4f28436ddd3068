#pragma once
// Who asks, where a reverse proxy may stand in between. Pure.

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/request.hpp"

namespace limehook::http_server {

// IPv4 inside IPv6 (::ffff:192.0.2.1) as IPv4; others as they are.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address);

// What one caller of a network usually has: an IPv4 address, or the /64 that an IPv6 address is of. Limits per address
// count by this.
boost::asio::ip::address address_block(const boost::asio::ip::address& address);
// The same for an address as text; text that is none is answered as it is.
std::string address_block(std::string_view address);

// The proxies whose word about their callers counts.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  // Networks in CIDR form without host bits ("10.0.0.0/8", "fd00::/8"); throws boost::system::system_error for others.
  explicit TrustedProxies(const std::vector<std::string>& networks);
  // `address` as plain_address() gives it.
  bool contains(const boost::asio::ip::address& address) const;

 private:
  struct Network {
    boost::asio::ip::address_v6::bytes_type bytes;  // IPv4 as ::ffff:…
    unsigned prefix_length;
  };
  std::vector<Network> networks_;
};

struct Origin {
  std::string address;
  bool secure = false;
};

// Where a request comes from. A trusted peer's X-Forwarded-For is read from right to left up to the first address that
// is not trusted, its X-Forwarded-Proto tells the scheme; other peers' are ignored, and so is what cannot be read.
Origin origin_of(const boost::asio::ip::address& peer, bool secure, const Request& head, const TrustedProxies& trusted);

}  // namespace limehook::http_server
