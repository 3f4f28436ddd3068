#include "http_server/shares.hpp"

#include <gtest/gtest.h>

namespace limehook::http_server {
namespace {

const auto kOne = boost::asio::ip::make_address("192.0.2.1");
const auto kOther = boost::asio::ip::make_address("192.0.2.2");

// Goal: one caller cannot take all connections, all callers cannot take more than there are, and who leaves makes room.
TEST(Shares, CountsConnections) {
  Shares shares({.connections_max = 3, .connections_per_address_max = 2, .body_bytes_max = 0});
  EXPECT_FALSE(shares.enter(kOne, false));
  EXPECT_FALSE(shares.enter(kOne, false));
  EXPECT_EQ(shares.enter(kOne, false), Shortage::ConnectionsOfAddress);
  EXPECT_FALSE(shares.enter(kOther, false));
  EXPECT_EQ(shares.enter(kOther, true), Shortage::Connections);
  shares.leave(kOne);
  EXPECT_EQ(shares.connections(), 2U);
  EXPECT_FALSE(shares.enter(kOne, false));
}

TEST(Shares, LetsTrustedProxiesHaveMore) {
  Shares shares({.connections_max = 3, .connections_per_address_max = 1, .body_bytes_max = 100});
  EXPECT_FALSE(shares.enter(kOne, true));
  EXPECT_FALSE(shares.enter(kOne, true));
  EXPECT_TRUE(shares.take(kOne, 100, true));
}

// Goal: bodies stay within the memory there is for them, and one caller leaves half of it to others.
TEST(Shares, CountsMemory) {
  Shares shares({.connections_max = 2, .connections_per_address_max = 2, .body_bytes_max = 100});
  ASSERT_FALSE(shares.enter(kOne, false));
  ASSERT_FALSE(shares.enter(kOther, false));
  EXPECT_TRUE(shares.take(kOne, 50, false));
  EXPECT_FALSE(shares.take(kOne, 1, false));
  EXPECT_TRUE(shares.take(kOther, 50, false));
  EXPECT_FALSE(shares.take(kOther, 1, true));
  shares.give_back(kOne, 20);
  EXPECT_TRUE(shares.take(kOne, 20, false));
}

// Goal: answers that nobody takes stay within the memory there is for them; one caller has at most half of it, and
// however many hold all they can, something is left for one who holds nothing.
TEST(Shares, CountsAnswers) {
  Shares shares({.answer_bytes_max = 1000});
  EXPECT_TRUE(shares.fits("a", 5000)) << "an only one is sent, however large";
  shares.hold_answer("a", 400);
  EXPECT_TRUE(shares.fits("a", 100));
  EXPECT_FALSE(shares.fits("a", 300));
  shares.hold_answer("a", 100);
  EXPECT_TRUE(shares.fits("a", 0));
  EXPECT_FALSE(shares.fits("a", 1));
  EXPECT_TRUE(shares.fits("b", 250));
  shares.hold_answer("b", 250);
  EXPECT_FALSE(shares.fits("a", 0)) << "who holds more than is free asks for nothing more";
  EXPECT_FALSE(shares.fits("b", 1));
  for (const auto* other : {"c", "d", "e", "f"}) {
    const std::size_t left = 1000 - shares.answer_bytes();
    ASSERT_TRUE(shares.fits(other, left / 2)) << other;
    shares.hold_answer(other, left / 2);
  }
  EXPECT_TRUE(shares.fits("g", 1));
  EXPECT_LE(shares.answer_bytes(), 1000U);
  shares.release_answer("a", 500);
  EXPECT_TRUE(shares.fits("a", 200));
}

}  // namespace
}  // namespace limehook::http_server
