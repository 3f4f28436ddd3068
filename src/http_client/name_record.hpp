#pragma once
// What is known of one host's addresses, and when to ask for them again. Known hosts must not wait for their name
// server, so old addresses stay in use while a lookup runs or gets no answer (RFC 8767). A failure is remembered for a
// moment, so that a burst of attempts asks once.

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "http_client/resolution.hpp"

namespace limehook::http_client {

// One thread; no I/O.
class NameRecord {
 public:
  static constexpr Duration kStaleMax = std::chrono::hours(1);       // since a lookup has found them
  static constexpr Duration kFailureTime = std::chrono::seconds(2);  // without another lookup

  using Addresses = std::vector<boost::asio::ip::address>;

  // What to connect to, perhaps old. Empty: not known; wait for the lookup under way, or without one see error().
  const Addresses& addresses(MonotonicTime now) const;
  // Was the last answer that there are none?
  bool denied() const { return denied_; }
  // Why the last lookup failed, for people.
  const std::string& error() const { return error_; }

  bool looking_up() const { return looking_up_; }
  // Is it time to look up, and is no lookup under way?
  bool lookup_is_due(MonotonicTime now) const { return !looking_up_ && now >= lookup_at_; }
  NameStanding standing(MonotonicTime now) const;

  // `deadline`: an answer that comes later counts against the host's standing.
  void lookup_started(MonotonicTime deadline);
  // The addresses count as new for `lifetime`.
  void lookup_ended(Resolution resolution, MonotonicTime now, Duration lifetime);

 private:
  Addresses addresses_;
  std::string error_;
  MonotonicTime lookup_at_ = MonotonicTime::min();
  MonotonicTime usable_until_ = MonotonicTime::min();
  MonotonicTime lookup_deadline_{};
  bool looking_up_ = false;
  bool failing_ = false;
  bool denied_ = false;
};

}  // namespace limehook::http_client
