#pragma once
// Which ports webhooks may reach. A request to a port of another protocol can mean something there: a line of its body
// may be a command to a mail server or a database.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace limehook::http_client {

// Refuses the ports that browsers refuse (WHATWG Fetch, "port blocking"), and those of databases, brokers, remote
// access and telephony; all others are fine. Immutable; any thread.
class PortPolicy {
 public:
  PortPolicy() = default;
  explicit PortPolicy(std::vector<std::uint16_t> allowed) : allowed_(std::move(allowed)) {}

  // Why not, as the end of a sentence: "must not use port 25, which is for SMTP (…)".
  std::optional<std::string> problem(std::uint16_t port) const;

 private:
  std::vector<std::uint16_t> allowed_;
};

}  // namespace limehook::http_client
