#pragma once
// How much of the server each caller holds: connections, memory for bodies of requests, and answers that wait to be
// taken. Pure; one thread.

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/limits_more.hpp"

namespace limehook::http_server {

struct ShareLimits {
  std::size_t connections_max = 4096;
  std::size_t connections_per_address_max = 4096;
  std::size_t body_bytes_max = std::size_t{64} << 20;  // of all requests at once; one address may hold half
  std::size_t answer_bytes_max = limits::kAnswerBytesMax;
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

  // ---- answers that wait to be taken, by who pays for them: whoever the handler's side says has asked ----
  // Each may hold as much as is free beside it: however many hold all they can, something is left for others.
  std::size_t answer_bytes() const { return answer_bytes_; }
  bool fits(const std::string& payer, std::size_t bytes) const {
    return held_by(payer) + bytes + answer_bytes_ <= limits_.answer_bytes_max || answer_bytes_ == 0;
  }
  void hold_answer(const std::string& payer, std::size_t bytes) {
    answer_bytes_ += bytes;
    payers_[payer] += bytes;
  }
  void release_answer(const std::string& payer, std::size_t bytes) {
    answer_bytes_ -= bytes;
    const auto found = payers_.find(payer);
    if ((found->second -= bytes) == 0) payers_.erase(found);
  }

 private:
  std::size_t held_by(const std::string& payer) const {
    const auto found = payers_.find(payer);
    return found == payers_.end() ? 0 : found->second;
  }

  struct Use {
    std::size_t connections = 0;
    std::size_t body_bytes = 0;
  };
  ShareLimits limits_;
  std::size_t connections_ = 0;
  std::size_t body_bytes_ = 0;
  std::size_t answer_bytes_ = 0;
  std::unordered_map<Address, Use> addresses_;           // of those with a connection
  std::unordered_map<std::string, std::size_t> payers_;  // bytes of answers; of those for whom some wait
};

}  // namespace limehook::http_server
