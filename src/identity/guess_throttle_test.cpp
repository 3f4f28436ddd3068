#include "identity/guess_throttle.hpp"

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "base/prng.hpp"

namespace limehook::identity {
namespace {

using namespace std::chrono_literals;

class GuessThrottleTest : public testing::Test {
 protected:
  // An attempt that fails, or has to wait.
  std::optional<Duration> fail(std::string_view account, std::string_view address) {
    return throttle_.attempt(account, address, now_);
  }
  bool sign_in(std::string_view account, std::string_view address) {
    if (throttle_.attempt(account, address, now_)) return false;
    throttle_.succeeded(account, address, now_);
    return true;
  }
  // As many attempts that are let through as that, each as soon as it may be, from addresses that are all different.
  void fail_times(std::string_view account, int times) {
    for (int i = 0; i < times; ++i) {
      while (const auto wait = fail(account, another_address())) now_ += *wait;
    }
  }
  std::string another_address() {
    ++addresses_;
    return "10." + std::to_string(addresses_ >> 16) + "." + std::to_string(addresses_ >> 8 & 255) + "." +
           std::to_string(addresses_ & 255);
  }

  GuessThrottle throttle_;
  MonotonicTime now_{};

 private:
  int addresses_ = 0;
};

// Goal: an account's waits. Method: the table of them, each awaited; what comes early waits for what is left.
TEST_F(GuessThrottleTest, AnAccountsWaitsDouble) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("ann", another_address()), std::nullopt) << i;
  for (const Duration wait : std::initializer_list<Duration>{30s, 60s, 2min, 4min, 8min, 15min, 15min, 15min}) {
    EXPECT_EQ(fail("ann", another_address()), wait);
    now_ += wait - 1us;
    EXPECT_EQ(fail("ann", another_address()), 1us);
    now_ += 1us;
    EXPECT_EQ(fail("ann", another_address()), std::nullopt) << wait;
  }
}

TEST_F(GuessThrottleTest, OtherAccountsDoNotWait) {
  fail_times("ann", 5);
  EXPECT_TRUE(fail("ann", "192.0.2.1"));
  EXPECT_EQ(fail("bob", "192.0.2.1"), std::nullopt);
  EXPECT_EQ(fail("", "192.0.2.1"), std::nullopt);
}

TEST_F(GuessThrottleTest, ADayOfQuietForgets) {
  fail_times("ann", 7);
  now_ += 24h - 1us;
  EXPECT_EQ(fail("ann", another_address()), std::nullopt);
  EXPECT_EQ(fail("ann", another_address()), 4min);
  now_ += 24h;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("ann", another_address()), std::nullopt) << i;
  EXPECT_EQ(fail("ann", another_address()), 30s);
}

TEST_F(GuessThrottleTest, SuccessForgetsAnAccountsFailures) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(fail("ann", "192.0.2.1"), std::nullopt);
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("ann", "192.0.2.2"), std::nullopt) << i;
}

// Goal: many attempts at once have no more guesses than one after the other. Method: none of them has ended.
TEST_F(GuessThrottleTest, AttemptsUnderWayCount) {
  int let_through = 0;
  for (int i = 0; i < 1000; ++i) let_through += fail("ann", another_address()) ? 0 : 1;
  EXPECT_EQ(let_through, 5);
}

// Goal: an address' failures over all accounts are bounded. Method: one guess at each of many accounts.
TEST_F(GuessThrottleTest, AnAddressHasThirtyFailuresInTenMinutes) {
  int accounts = 0;
  const auto guess = [&] { return fail("user" + std::to_string(++accounts), "192.0.2.1"); };
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(guess(), std::nullopt);
    now_ += 1s;
  }
  EXPECT_EQ(guess(), 10min - 30s);
  EXPECT_EQ(fail("ann", "192.0.2.2"), std::nullopt);
  now_ += 10min - 30s;
  EXPECT_EQ(guess(), std::nullopt);
}

// Goal: signing in to an account of one's own buys no guesses at others'. Method: do so between all guesses.
TEST_F(GuessThrottleTest, OnesOwnSuccessBuysNoGuesses) {
  int guesses = 0;
  for (int i = 0; i < 100; ++i) {
    sign_in("mallory" + std::to_string(i % 10), "192.0.2.1");
    guesses += fail("user" + std::to_string(i), "192.0.2.1") ? 0 : 1;
  }
  EXPECT_EQ(guesses, 30);
}

// Goal: strangers never lock out whom an account knows. Method: they fail for days; its owner signs in at home.
TEST_F(GuessThrottleTest, StrangersCannotLockOutWhoIsKnown) {
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  for (int day = 0; day < 3; ++day) {
    fail_times("ann", 100);
    EXPECT_TRUE(fail("ann", "192.0.2.99"));
    EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  }
}

// Goal: a neighbour behind the same address cannot lock people out either. Method: use up the address' failures.
TEST_F(GuessThrottleTest, NeighboursCannotLockOutWhoIsKnown) {
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  for (int i = 0; i < 100; ++i) fail("user" + std::to_string(i), "192.0.2.1");
  EXPECT_TRUE(fail("bob", "192.0.2.1"));
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
}

// Goal: a known address waits for its own failures, not for others', and others do not wait for those.
TEST_F(GuessThrottleTest, AKnownAddressCountsForItself) {
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("ann", "192.0.2.1"), std::nullopt) << i;
  EXPECT_EQ(fail("ann", "192.0.2.1"), 30s);
  EXPECT_EQ(fail("ann", "192.0.2.2"), std::nullopt);
}

// Goal: a success at one account makes an address known there only.
TEST_F(GuessThrottleTest, KnownIsPerAccount) {
  EXPECT_TRUE(sign_in("mallory", "192.0.2.1"));
  fail_times("ann", 5);
  EXPECT_TRUE(fail("ann", "192.0.2.1"));
}

TEST_F(GuessThrottleTest, AnAccountKnowsItsLastEightAddresses) {
  for (int i = 1; i <= 9; ++i) EXPECT_TRUE(sign_in("ann", "192.0.2." + std::to_string(i)));
  fail_times("ann", 5);
  EXPECT_TRUE(fail("ann", "192.0.2.1"));
  for (int i = 2; i <= 9; ++i) EXPECT_TRUE(sign_in("ann", "192.0.2." + std::to_string(i)));
}

TEST_F(GuessThrottleTest, ForgettingAnAccountForgetsItsHomesToo) {
  EXPECT_TRUE(sign_in("ann", "192.0.2.1"));
  fail_times("ann", 6);
  throttle_.forget("ann");
  EXPECT_EQ(fail("ann", "192.0.2.2"), std::nullopt);
  fail_times("ann", 4);
  EXPECT_TRUE(fail("ann", "192.0.2.1"));
}

// Goal: which addresses are one. Method: use up the first's failures; a table of others and whether they wait.
TEST_F(GuessThrottleTest, AddressesAreOnesThatOneSubscriberHas) {
  struct Case {
    std::string_view used, other;
    bool same;
  };
  for (const auto& [used, other, same] : std::initializer_list<Case>{
           {"192.0.2.1", "192.0.2.1", true},
           {"192.0.2.1", "192.0.2.2", false},
           {"192.0.2.1", "::ffff:192.0.2.1", true},
           {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
           {"2001:db8::1", "2001:db8::2", true},
           {"2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff", true},
           {"2001:db8::1", "2001:DB8::1%eth0", true},
           {"2001:db8::1", "2001:db8:0:1::1", false},
           {"unknown", "unknown", true},
           {"unknown", "", false},
       }) {
    GuessThrottle throttle;
    for (int i = 0; i < 30; ++i) throttle.attempt("user" + std::to_string(i), used, now_);
    EXPECT_EQ(throttle.attempt("ann", other, now_).has_value(), same) << used << " and " << other;
  }
}

// Goal: texts cannot be put together so that two accounts share a counter.
TEST_F(GuessThrottleTest, NamesDoNotRunIntoAddresses) {
  EXPECT_TRUE(sign_in("ann", "bob x"));
  fail_times("ann bob", 5);
  EXPECT_TRUE(fail("ann bob", "x"));
}

// Goal: memory is bounded, and a flood of names does not push a lock out. Method: lock one account, then fail at more
// accounts than there are counters, a few times each.
TEST_F(GuessThrottleTest, AFloodDoesNotPushOutALock) {
  throttle_ = GuessThrottle({.counters_max = 1000});
  fail_times("ann", 8);
  fail_times("bob", 2);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 3000; ++i) fail("flood" + std::to_string(i), another_address());
  }
  EXPECT_LE(throttle_.counters(), 2000u);
  EXPECT_EQ(fail("ann", another_address()), 4min);
}

// Goal: locks that are over make room, so that a flood of locks ends with its day. Method: fill with locks, go on
// later.
TEST_F(GuessThrottleTest, WhatIsOverMakesRoom) {
  throttle_ = GuessThrottle({.counters_max = 100});
  for (int i = 0; i < 100; ++i) fail_times("flood" + std::to_string(i), 6);
  now_ += 25h;
  for (int i = 0; i < 50; ++i) {
    for (int k = 0; k < 5; ++k) EXPECT_EQ(fail("user" + std::to_string(i), another_address()), std::nullopt);
  }
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(fail("user" + std::to_string(i), another_address())) << i;
}

// What GuessThrottle promises, without bounds: a list of all failures.
class Model {
 public:
  bool waits(int account, int address, MonotonicTime now) {
    if (known_.contains({account, address})) return waits_for(homes_[{account, address}], now);
    auto& failures = addresses_[address];
    if (!failures.empty() && now - failures.front() >= 10min) failures.clear();
    return waits_for(accounts_[account], now) || failures.size() >= 30;
  }
  void attempt(int account, int address, MonotonicTime now) {
    if (known_.contains({account, address})) {
      homes_[{account, address}].push_back(now);
      return;
    }
    accounts_[account].push_back(now);
    addresses_[address].push_back(now);
  }
  void succeeded(int account, int address) {
    if (known_[{account, address}]) {
      homes_[{account, address}].clear();
      return;
    }
    known_[{account, address}] = true;
    accounts_[account].clear();
    addresses_[address].pop_back();
  }

 private:
  static bool waits_for(std::vector<MonotonicTime>& failures, MonotonicTime now) {
    if (!failures.empty() && now - failures.back() >= 24h) failures.clear();
    if (failures.size() < 5) return false;
    const auto doublings = std::min<std::size_t>(failures.size() - 5, 5);
    return now < failures.back() + std::min<Duration>(30s * (1 << doublings), 15min);
  }
  std::map<std::pair<int, int>, bool> known_;
  std::map<std::pair<int, int>, std::vector<MonotonicTime>> homes_;
  std::map<int, std::vector<MonotonicTime>> accounts_;
  std::map<int, std::vector<MonotonicTime>> addresses_;
};

// Goal: any sequence of attempts is judged as the rules say. Method: random ones beside a model that keeps everything.
TEST_F(GuessThrottleTest, AgreesWithAModel) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Prng random(seed);
    GuessThrottle throttle;
    Model model;
    MonotonicTime now{};
    for (int i = 0; i < 5000; ++i) {
      now += Duration(random.between(0, random.chance(0.01) ? Duration(26h).count() : Duration(2min).count()));
      const auto account = static_cast<int>(random.below(4));
      const auto address = static_cast<int>(random.below(6));
      const auto name = "user" + std::to_string(account);
      const auto from = "192.0.2." + std::to_string(address);
      const bool waits = model.waits(account, address, now);
      ASSERT_EQ(throttle.attempt(name, from, now).has_value(), waits) << "seed " << seed << ", attempt " << i;
      if (waits) continue;
      model.attempt(account, address, now);
      if (!random.chance(0.02)) continue;
      throttle.succeeded(name, from, now);
      model.succeeded(account, address);
    }
  }
}

}  // namespace
}  // namespace limehook::identity
