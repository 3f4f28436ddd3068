#include "http_client/port_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

// Goal: ports of other protocols are refused, with the protocol's name; what HTTP is found at is not.
TEST(PortPolicy, RefusesPortsOfOtherProtocols) {
  const PortPolicy policy;
  for (const std::uint16_t port : {21,   22,   23,   25,   53,   110,  111,  135,  139,   143,   389,  445,  465,
                                   587,  636,  993,  995,  1433, 1521, 2049, 3306, 3389,  5038,  5060, 5432, 5672,
                                   5900, 6000, 6379, 6667, 8021, 9042, 9092, 9300, 10080, 11211, 27017}) {
    EXPECT_TRUE(policy.problem(port)) << port;
  }
  for (const std::uint16_t port : {1,    7,    9,    80,   81,   443,  591,  1024, 3000, 3128, 4000, 4443,  5000,
                                   5001, 8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090, 9200, 9443, 10443, 65535}) {
    EXPECT_FALSE(policy.problem(port)) << port;
  }
  EXPECT_EQ(policy.problem(6379),
            "must not use port 6379, which is for Redis (allowed only when the server runs with --allow-port 6379)");
}

// Goal: receivers that get a free port of the machine are reached, whichever it is.
TEST(PortPolicy, RefusesNoPortThatTheSystemGives) {
  for (std::uint16_t port = 32'768; port < 61'000; ++port) EXPECT_FALSE(PortPolicy().problem(port)) << port;
}

TEST(PortPolicy, AllowsWhatIsNamed) {
  const PortPolicy policy({25, 6379});
  EXPECT_FALSE(policy.problem(25));
  EXPECT_FALSE(policy.problem(6379));
  EXPECT_TRUE(policy.problem(587));
}

}  // namespace
}  // namespace limehook::http_client
