#pragma once
// Slows down who guesses passwords, one-time codes and recovery codes. Pure; the time is passed in. One owner, one
// thread. In memory only: a restart forgets all of it.
//
// An attempt counts as failed from its beginning until it has succeeded, so that many attempts at once are no way
// around.
//
// - An account has some attempts free; each failure after those makes the next wait longer. One success forgets them.
// - An address (IPv6: its /64) has some failures in a time over all accounts. Success at one account does not forget
//   those, or an account of one's own would buy guesses at others'.
// - An address that has signed in to an account before counts for itself there, and only there: strangers can make
//   strangers wait, but not the people who are at home in the account, nor those behind the same address.

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "identity/failure_table.hpp"

namespace limehook::identity {

struct GuessLimits {
  int account_failures = 5;                          // the last of these brings the first wait
  Duration first_wait = std::chrono::seconds(30);    // doubles with each failure more,
  Duration longest_wait = std::chrono::minutes(15);  // up to this
  Duration quiet = std::chrono::hours(24);           // without a failure, and an account's are forgotten
  int address_failures = 30;
  Duration address_window = std::chrono::minutes(10);  // from the first of them
  std::size_t counters_max = 100'000;                  // of accounts, and of addresses
  std::size_t known_addresses_max = 8;                 // of one account; the oldest goes
};

class GuessThrottle {
 public:
  explicit GuessThrottle(GuessLimits limits = {});

  // Call before anything about the attempt is checked. How long to wait before the next; then this one must be refused
  // unjudged, and does not count. Nothing: go on; it counts as failed. `account`: any text that is always the same for
  // one account, and is the caller's claim also where there is no such account; `address`: the client's IP address as
  // text.
  std::optional<Duration> attempt(std::string_view account, std::string_view address, MonotonicTime now);
  // Call when somebody has signed in completely, second factor included, and never before.
  void succeeded(std::string_view account, std::string_view address, MonotonicTime now);
  // The account is gone, or its password is new by a way that proved who its owner is.
  void forget(std::string_view account);

  std::size_t counters() const { return accounts_.size() + addresses_.size(); }

 private:
  using Key = FailureTable::Key;

  bool is_known(const Key& account, const Key& home) const;
  std::optional<Duration> account_wait(const Key& key, MonotonicTime now) const;
  std::optional<Duration> address_wait(const Key& key, MonotonicTime now);

  GuessLimits limits_;
  FailureTable accounts_;   // of strangers by account; of known addresses by account and address
  FailureTable addresses_;  // of strangers, by address
  // By account the addresses that have signed in, each as the key of its own counter; oldest first. Only successes add
  // to it, so it is bounded by the users there are.
  std::unordered_map<Key, std::vector<Key>, FailureTable::KeyHash> known_;
};

}  // namespace limehook::identity
