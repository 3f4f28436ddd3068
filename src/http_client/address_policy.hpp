#pragma once
// Which addresses webhooks may reach (spec, section 7: public ones, and the networks an operator allows). Without
// this, anyone who can save a webhook could make the server talk to its own neighbours.

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limehook::http_client {

// An address range in CIDR notation.
struct Network {
  boost::asio::ip::address address;
  unsigned prefix_length = 0;
  bool contains(const boost::asio::ip::address& candidate) const;
};

// "10.0.0.0/8", "fd00::/8", or one address. Bits beyond the prefix must be zero. Nothing for anything else.
std::optional<Network> parse_network(std::string_view text);

// Immutable after construction; any thread.
class AddressPolicy {
 public:
  AddressPolicy() = default;
  explicit AddressPolicy(std::vector<Network> allowed) : allowed_(std::move(allowed)) {}

  // What kind of address ("private") forbids connecting to it; nothing when it may be connected to. An IPv4-mapped or
  // NAT64 address is judged as the IPv4 address that it stands for, by `allowed` too. Of an ISATAP address in a public
  // network both must be fine.
  std::optional<std::string_view> forbidden_kind(const boost::asio::ip::address& address) const;
  // The same as a sentence that names the address.
  std::optional<std::string> problem(const boost::asio::ip::address& address) const;

  // Why a host must not be connected to as it is written in a URL: an address that problem() refuses (IPv6 with or
  // without brackets); a number in a spelling that some resolvers or proxies take for an IPv4 address ("127.1",
  // "0x7f.1", "2130706433", "8.8.8.8."); "localhost" and names below it unless a loopback address is allowed. Other
  // names are judged when connecting, by what they resolve to.
  std::optional<std::string> literal_problem(std::string_view host) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace limehook::http_client
