#pragma once
// How much of the server each caller holds: connections, and memory for bodies of requests. Pure; one thread.

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>

namespace limehook::http_server {

struct ShareLimits {
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 4096;
  std::size_t body_bytes_max = std::size_t{64} << 20;  // of all requests at once; one address may hold half
};

enum class Shortage : std::uint8_t { Connections, ConnectionsOfAddress };

class Shares {
 public:
  using Address = boost::asio::ip::address;

  explicit Shares(ShareLimits limits) : limits_(limits) {}

  std::size_t connections() const { return connections_; }

  // Counts one more connection, or says what is lacking. Each that was let in must leave.
  std::optional<Shortage> enter(const Address& block, bool exempt) {
    if (connections_ >= limits_.connections_max) return Shortage::Connections;
    auto& use = addresses_[block];
    if (!exempt && use.connections >= limits_.connections_per_address_max) return Shortage::ConnectionsOfAddress;
    ++use.connections;
    ++connections_;
    return std::nullopt;
  }
  void leave(const Address& block) {
    --connections_;
    const auto found = addresses_.find(block);
    if (--found->second.connections == 0) addresses_.erase(found);
  }

  // Memory for a body, of somebody who has entered. False: there is none left.
  bool take(const Address& block, std::size_t bytes, bool exempt) {
    auto& use = addresses_[block];
    if (body_bytes_ + bytes > limits_.body_bytes_max) return false;
    if (!exempt && use.body_bytes + bytes > limits_.body_bytes_max / 2) return false;
    body_bytes_ += bytes;
    use.body_bytes += bytes;
    return true;
  }
  void give_back(const Address& block, std::size_t bytes) {
    body_bytes_ -= bytes;
    addresses_[block].body_bytes -= bytes;
  }

 private:
  struct Use {
    std::size_t connections = 0;
    std::size_t body_bytes = 0;
  };
  ShareLimits limits_;
  std::size_t connections_ = 0;
  std::size_t body_bytes_ = 0;
  std::unordered_map<Address, Use> addresses_;  // of those with a connection
};

}  // namespace limehook::http_server
