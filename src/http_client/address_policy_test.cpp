#include "http_client/address_policy.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

bool refused(const AddressPolicy& policy, const char* address) {
  return policy.problem(boost::asio::ip::make_address(address)).has_value();
}

TEST(AddressPolicy, AllowsNamedNetworksAndNoMore) {
  const AddressPolicy policy({*parse_network("10.1.0.0/16"), *parse_network("::1"), *parse_network("fd00:1::/33")});
  EXPECT_FALSE(refused(policy, "10.1.255.255"));
  EXPECT_TRUE(refused(policy, "10.2.0.0"));
  EXPECT_FALSE(refused(policy, "::1"));
  EXPECT_TRUE(refused(policy, "127.0.0.1"));
  EXPECT_FALSE(refused(policy, "fd00:1:7fff::1"));
  EXPECT_TRUE(refused(policy, "fd00:1:8000::1"));
}

// Goal: an IPv4 address inside an IPv6 one is allowed by IPv4 networks only, whatever is allowed of IPv6.
TEST(AddressPolicy, AllowsIpv4AsSuch) {
  const AddressPolicy all_v6({*parse_network("::/0")});
  EXPECT_FALSE(refused(all_v6, "fd00::1"));
  EXPECT_TRUE(refused(all_v6, "::ffff:127.0.0.1"));
  EXPECT_TRUE(refused(all_v6, "64:ff9b::10.0.0.1"));
  const AddressPolicy loopback({*parse_network("127.0.0.0/8")});
  EXPECT_FALSE(refused(loopback, "::ffff:127.0.0.1"));
  EXPECT_FALSE(refused(loopback, "64:ff9b::127.0.0.1"));
}

TEST(AddressPolicy, SaysWhichAddressAndWhy) {
  EXPECT_EQ(AddressPolicy().problem(boost::asio::ip::make_address("169.254.169.254")),
            "169.254.169.254 is not a public address: link-local");
  EXPECT_EQ(AddressPolicy().problem(boost::asio::ip::make_address("::ffff:10.0.0.1")),
            "10.0.0.1 is not a public address: private (meant by ::ffff:10.0.0.1)");
}

// Goal: an URL's host cannot name a forbidden address in a spelling that this check reads otherwise than a resolver.
TEST(AddressPolicy, RefusesLiterals) {
  const AddressPolicy policy({*parse_network("127.0.0.0/8"), *parse_network("::1/128")});
  for (const char* host : {"10.0.0.1",
                           "10.0.0.1.",
                           "[fe80::1]",
                           "fe80::1",
                           "[::ffff:10.0.0.1]",
                           "[::]",
                           "[fe80::1%25eth0]",
                           "2130706433",
                           "0x7f.1",
                           "0x7f000001",
                           "127.1",
                           "0177.0.0.1",
                           "127.0.0.01",
                           "1.2.3",
                           "foo.1",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "[1.2.3.4]:",
                           "::ffff:0:0:1:2:3:4:5:6",
                           "8.8.8.8.",
                           "0X7F.1",
                           "0x",
                           "foo.0xa",
                           "foo.1."}) {
    EXPECT_TRUE(policy.literal_problem(host).has_value()) << host;
  }
  for (const char* host : {"127.0.0.1", "[::1]", "::1", "8.8.8.8", "[2606:4700::1111]", "example.com", "localhost",
                           "1.example.com", "0x7f.example", "a1.b2c", "0xg", "example.com."}) {
    EXPECT_FALSE(policy.literal_problem(host).has_value()) << host;
  }
}

// Goal: names that mean this machine are allowed where one of its loopback addresses is.
TEST(AddressPolicy, KnowsLocalhost) {
  const AddressPolicy nothing;
  const AddressPolicy v4({*parse_network("127.0.0.0/8")});
  const AddressPolicy v6({*parse_network("::1")});
  for (const char* host : {"localhost", "LocalHost", "localhost.", "a.localhost", "a.b.LOCALHOST."}) {
    EXPECT_EQ(nothing.literal_problem(host), std::string(host) + " is not a public address: loopback");
    EXPECT_FALSE(v4.literal_problem(host)) << host;
    EXPECT_FALSE(v6.literal_problem(host)) << host;
  }
  for (const char* host : {"localhost.example", "notlocalhost", "localhost.com."}) {
    EXPECT_FALSE(nothing.literal_problem(host)) << host;
  }
}

TEST(ParseNetwork, TakesOnlyCleanNetworks) {
  for (const char* text : {"10.0.0.0/8", "0.0.0.0/0", "::/0", "192.0.2.1", "192.0.2.1/32", "fd00::/8", "::1/128"}) {
    EXPECT_TRUE(parse_network(text).has_value()) << text;
  }
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "10/8",
                           "fd00::1/64", "fd00::/129", "fe80::1%1", "localhost", " 10.0.0.0/8"}) {
    EXPECT_FALSE(parse_network(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace limehook::http_client
