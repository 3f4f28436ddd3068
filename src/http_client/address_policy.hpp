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

  // Why `address` must not be connected to, naming it; nothing when it may. An IPv4 address inside an IPv6 one
  // (mapped, NAT64) is judged as what it stands for.
  std::optional<std::string> problem(const boost::asio::ip::address& address) const;

  // What is wrong with a URL's host as an address literal: an address that problem() refuses (IPv6 with or without
  // brackets), or a number in a spelling that some resolvers take for an IPv4 address ("127.1", "0x7f.1",
  // "2130706433"). Names are judged when connecting, by what they resolve to.
  std::optional<std::string> literal_problem(std::string_view host) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace limehook::http_client
