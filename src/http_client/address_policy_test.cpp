#include "http_client/address_policy.hpp"

#include <gtest/gtest.h>

namespace limehook::http_client {
namespace {

bool refused(const AddressPolicy& policy, const char* address) {
  return policy.problem(boost::asio::ip::make_address(address)).has_value();
}

// Goal: no special-purpose range is reachable. Method: first and last address of each, and neighbours that are public.
TEST(AddressPolicy, RefusesSpecialRangesAndNothingBesideThem) {
  const AddressPolicy policy;
  for (const char* address :
       {"0.0.0.0",    "0.255.255.255",   "10.0.0.0",       "10.255.255.255",  "100.64.0.0",  "100.127.255.255",
        "127.0.0.1",  "127.255.255.255", "169.254.0.0",    "169.254.169.254", "172.16.0.0",  "172.31.255.255",
        "192.0.0.0",  "192.0.0.170",     "192.0.2.1",      "192.88.99.1",     "192.168.0.0", "192.168.255.255",
        "198.18.0.0", "198.19.255.255",  "198.51.100.1",   "203.0.113.1",     "224.0.0.1",   "239.255.255.255",
        "240.0.0.0",  "255.255.255.254", "255.255.255.255"}) {
    EXPECT_TRUE(refused(policy, address)) << address;
  }
  for (const char* address : {"::",
                              "::1",
                              "::7f00:1",
                              "100::1",
                              "100:0:0:1::1",
                              "2001::1",
                              "2001:0:1::",
                              "2001:2::1",
                              "2001:10::1",
                              "2001:20::1",
                              "2001:30::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2002:7f00:1::",
                              "2002:808:808::1",
                              "3fff::1",
                              "3fff:fff:ffff::1",
                              "5f00::1",
                              "64:ff9b:1::808:808",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "feff::1",
                              "ff02::1",
                              "4000::1",
                              "1fff::1",
                              "200::1"}) {
    EXPECT_TRUE(refused(policy, address)) << address;
  }
  for (const char* address :
       {"1.0.0.1",         "9.255.255.255",   "11.0.0.0",        "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.1",       "169.253.255.255", "169.255.0.0",    "172.15.255.255",
        "172.32.0.0",      "192.0.1.1",       "192.167.255.255", "192.169.0.0",    "198.17.255.255",
        "198.20.0.0",      "223.255.255.255", "8.8.8.8",         "2001:200::1",    "2001:4860:4860::8888",
        "2003::1",         "2606:4700::1111", "3ffe::1",         "3fff:1000::1"}) {
    EXPECT_FALSE(refused(policy, address)) << address;
  }
}

TEST(AddressPolicy, JudgesAnInnerAddress) {
  const AddressPolicy policy;
  for (const char* address : {"::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.1.2.3", "64:ff9b::127.0.0.1",
                              "64:ff9b::192.168.1.1"}) {
    EXPECT_TRUE(refused(policy, address)) << address;
  }
  for (const char* address : {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8"}) EXPECT_FALSE(refused(policy, address)) << address;
  const AddressPolicy with_loopback({*parse_network("127.0.0.0/8")});
  EXPECT_FALSE(refused(with_loopback, "::ffff:127.0.0.1"));
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

TEST(AddressPolicy, SaysWhichAddressAndWhy) {
  EXPECT_EQ(AddressPolicy().problem(boost::asio::ip::make_address("169.254.169.254")),
            "169.254.169.254 is not a public address: link-local");
  EXPECT_EQ(AddressPolicy().problem(boost::asio::ip::make_address("::ffff:10.0.0.1")),
            "10.0.0.1 is not a public address: private (meant by ::ffff:10.0.0.1)");
}

// Goal: an URL's host cannot name a forbidden address in a spelling that this check reads otherwise than a resolver.
TEST(AddressPolicy, RefusesLiterals) {
  const AddressPolicy policy({*parse_network("127.0.0.0/8"), *parse_network("::1/128")});
  for (const char* host :
       {"10.0.0.1", "10.0.0.1.", "[fe80::1]", "fe80::1", "[::ffff:10.0.0.1]", "[::]", "[fe80::1%25eth0]", "2130706433",
        "0x7f.1", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.01", "1.2.3", "foo.1", "1.2.3.4.5", "256.1.1.1",
        "[1.2.3.4]:", "::ffff:0:0:1:2:3:4:5:6"}) {
    EXPECT_TRUE(policy.literal_problem(host).has_value()) << host;
  }
  for (const char* host : {"127.0.0.1", "[::1]", "::1", "8.8.8.8", "[2606:4700::1111]", "example.com", "localhost",
                           "1.example.com", "0x7f.example", "a1.b2c"}) {
    EXPECT_FALSE(policy.literal_problem(host).has_value()) << host;
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
