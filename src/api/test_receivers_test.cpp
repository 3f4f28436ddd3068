#include "api/test_receivers.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace limehook::api {
namespace {

ReceivedRequest request(int second, std::size_t bytes = 1) {
  return {.at = WallTime(std::chrono::seconds(second)), .headers = {{"host", "h"}}, .body = std::string(bytes, 'b')};
}

// Goal: a receiver keeps the newest requests, newest first, and counts all.
TEST(TestReceivers, KeepTheNewest) {
  TestReceivers receivers(1 << 20);
  TestReceiver& receiver = receivers.add({.id = "rcv_a", .team_id = "t"});
  const int count = static_cast<int>(limits::kTestRequestsKept) + 3;
  for (int i = 0; i < count; ++i) receivers.keep(receiver, request(i));
  ASSERT_EQ(receiver.requests.size(), limits::kTestRequestsKept);
  EXPECT_EQ(receiver.requests.front().at, request(count - 1).at);
  EXPECT_EQ(receiver.requests.back().at, request(3).at);
  EXPECT_EQ(receiver.received, static_cast<std::uint64_t>(count));
}

// Goal: all together stay within the limit; who has most loses the oldest, others lose nothing.
TEST(TestReceivers, WhoHasMostMakesRoom) {
  constexpr std::size_t kBytesMax = 100'000;
  TestReceivers receivers(kBytesMax);
  TestReceiver& quiet = receivers.add({.id = "rcv_quiet", .team_id = "quiet"});
  TestReceiver& first = receivers.add({.id = "rcv_first", .team_id = "loud"});
  TestReceiver& second = receivers.add({.id = "rcv_second", .team_id = "loud"});
  receivers.keep(quiet, request(0, 20'000));
  for (int i = 1; i <= 40; ++i) {
    receivers.keep(i % 2 == 1 ? first : second, request(i, 20'000));
    EXPECT_LE(receivers.bytes(), kBytesMax);
  }
  EXPECT_EQ(quiet.requests.size(), 1u);
  ASSERT_EQ(first.requests.size() + second.requests.size(), 3u);
  EXPECT_EQ(second.requests.front().at, request(40).at);
}

// Goal: which request is the newest does not depend on the clock. Method: one that goes back all the time.
TEST(TestReceivers, KeepTheOrderOfArrival) {
  constexpr std::size_t kBytesMax = 100'000;
  TestReceivers receivers(kBytesMax);
  TestReceiver& first = receivers.add({.id = "rcv_first", .team_id = "t"});
  TestReceiver& second = receivers.add({.id = "rcv_second", .team_id = "t"});
  for (int i = 1; i <= 40; ++i) receivers.keep(i % 2 == 1 ? first : second, request(-i, 20'000));
  ASSERT_EQ(first.requests.size(), 2u);
  ASSERT_EQ(second.requests.size(), 2u);
  EXPECT_EQ(first.requests.front().at, request(-39).at);
  EXPECT_EQ(first.requests.back().at, request(-37).at);
  EXPECT_EQ(second.requests.front().at, request(-40).at);
  EXPECT_EQ(second.requests.back().at, request(-38).at);
}

// Goal: what is removed leaves nothing behind.
TEST(TestReceivers, AreForgottenWhole) {
  TestReceivers receivers(1 << 20);
  TestReceiver& kept = receivers.add({.id = "rcv_a", .team_id = "t"});
  receivers.keep(kept, request(1));
  const std::size_t before = receivers.bytes();
  receivers.keep(receivers.add({.id = "rcv_b", .team_id = "t"}), request(2));
  receivers.keep(receivers.add({.id = "rcv_c", .team_id = "u"}), request(3));
  EXPECT_EQ(receivers.count_of("t"), 2u);
  for (const auto* id : {"rcv_b", "rcv_c", "rcv_none"}) receivers.remove(id);
  EXPECT_EQ(receivers.bytes(), before);
  EXPECT_EQ(receivers.count_of("t"), 1u);
  EXPECT_EQ(receivers.count_of("u"), 0u);
  EXPECT_EQ(receivers.find("rcv_b"), nullptr);
  EXPECT_EQ(receivers.find("rcv_a"), &kept);
}

}  // namespace
}  // namespace limehook::api
