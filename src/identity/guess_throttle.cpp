#include "identity/guess_throttle.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "signing/signing.hpp"

namespace limehook::identity {
namespace {

// What one subscriber has of an address: IPv4 whole, also inside IPv6 (RFC 4291, section 2.5.5.2); of IPv6 the /64.
std::string network_of(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  static constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xFF\xFF", 12);
  if (std::string_view(bytes.data(), bytes.size()).starts_with(kMapped)) return {bytes.data() + 12, 4};
  return {bytes.data(), 8};
}

// Hashes have one size whatever a stranger sends, and nobody can aim at another's.
FailureTable::Key key_of(std::string_view kind, std::string_view account, std::string_view network) {
  const auto digest = signing::sha256(fmt::format("{} {} {} {}", kind, account.size(), account, network));
  FailureTable::Key key;
  std::memcpy(key.data(), digest.data(), key.size());
  return key;
}

struct Keys {
  explicit Keys(std::string_view name, std::string_view client)
      : account(key_of("account", name, "")),
        address(key_of("address", "", network_of(client))),
        home(key_of("home", name, network_of(client))) {}
  FailureTable::Key account;
  FailureTable::Key address;
  FailureTable::Key home;  // of the account at this address
};

}  // namespace

GuessThrottle::GuessThrottle(GuessLimits limits)
    : limits_(limits),
      accounts_(limits.counters_max, limits.quiet),
      addresses_(limits.counters_max, limits.address_window) {}

std::optional<Duration> GuessThrottle::attempt(std::string_view account, std::string_view address, MonotonicTime now) {
  const Keys keys(account, address);
  if (is_known(keys.account, keys.home)) {
    if (const auto wait = account_wait(keys.home, now)) return wait;
    accounts_.add(keys.home, now);
    return std::nullopt;
  }
  const auto wait = std::max(account_wait(keys.account, now), address_wait(keys.address, now));
  if (wait) return wait;
  accounts_.add(keys.account, now);
  addresses_.add(keys.address, now);
  return std::nullopt;
}

void GuessThrottle::succeeded(std::string_view account, std::string_view address, MonotonicTime now) {
  const Keys keys(account, address);
  if (is_known(keys.account, keys.home)) return accounts_.erase(keys.home);
  accounts_.erase(keys.account);
  addresses_.take_back_one(keys.address, now);
  auto& homes = known_[keys.account];
  if (homes.size() >= limits_.known_addresses_max) {
    accounts_.erase(homes.front());
    homes.erase(homes.begin());
  }
  homes.push_back(keys.home);
}

void GuessThrottle::forget(std::string_view account) {
  const auto key = key_of("account", account, "");
  accounts_.erase(key);
  const auto known = known_.find(key);
  if (known == known_.end()) return;
  for (const Key& home : known->second) accounts_.erase(home);
  known_.erase(known);
}

bool GuessThrottle::is_known(const Key& account, const Key& home) const {
  const auto known = known_.find(account);
  return known != known_.end() && std::ranges::find(known->second, home) != known->second.end();
}

std::optional<Duration> GuessThrottle::account_wait(const Key& key, MonotonicTime now) const {
  const auto* const counter = accounts_.find(key, now);
  if (!counter || counter->failures < limits_.account_failures) return std::nullopt;
  Duration wait = limits_.first_wait;
  for (int i = limits_.account_failures; i < counter->failures && wait < limits_.longest_wait; ++i) wait *= 2;
  const auto until = counter->last + std::min(wait, limits_.longest_wait);
  return until > now ? std::optional(until - now) : std::nullopt;
}

std::optional<Duration> GuessThrottle::address_wait(const Key& key, MonotonicTime now) {
  const auto* const counter = addresses_.find(key, now);
  if (!counter) return std::nullopt;
  const auto until = counter->first + limits_.address_window;
  if (until <= now) {
    addresses_.erase(key);
    return std::nullopt;
  }
  return counter->failures >= limits_.address_failures ? std::optional(until - now) : std::nullopt;
}

}  // namespace limehook::identity
