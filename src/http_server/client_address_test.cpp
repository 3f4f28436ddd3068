#include "http_server/client_address.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace limehook::http_server {
namespace {

using boost::asio::ip::make_address;
using Headers = std::vector<std::pair<std::string, std::string>>;

const TrustedProxies kTrusted({"10.0.0.0/8", "127.0.0.1/32", "fd00::/8"});

Origin seen(const char* peer, Headers headers, bool secure = false) {
  Request head;
  head.headers = std::move(headers);
  return origin_of(plain_address(make_address(peer)), secure, head, kTrusted);
}

// Goal: nobody can choose the address under which he is known. Method: peers and headers beside who must be named.
TEST(OriginOf, BelievesTrustedProxiesOnly) {
  const std::string name = "x-forwarded-for";
  struct Case {
    const char* peer;
    Headers headers;
    const char* client;
  };
  const std::vector<Case> kCases{
      {"203.0.113.9", {}, "203.0.113.9"},
      {"203.0.113.9", {{name, "198.51.100.1"}}, "203.0.113.9"},
      {"10.1.1.1", {{name, "198.51.100.1"}}, "198.51.100.1"},
      {"10.1.1.1", {}, "10.1.1.1"},
      {"10.1.1.1", {{name, "198.51.100.1, 198.51.100.2"}}, "198.51.100.2"},
      {"10.1.1.1", {{name, "198.51.100.1,10.2.2.2 ,127.0.0.1"}}, "198.51.100.1"},
      {"10.1.1.1", {{name, "198.51.100.1"}, {name, "198.51.100.2"}}, "198.51.100.2"},
      {"10.1.1.1", {{name, "10.2.2.2, 10.3.3.3"}}, "10.2.2.2"},
      {"10.1.1.1", {{name, "198.51.100.1, unknown"}}, "10.1.1.1"},
      {"10.1.1.1", {{name, "unknown, 198.51.100.1"}}, "198.51.100.1"},
      {"10.1.1.1", {{name, ""}}, "10.1.1.1"},
      {"10.1.1.1", {{name, "198.51.100.1,"}}, "10.1.1.1"},
      {"::ffff:10.1.1.1", {{name, "::ffff:198.51.100.1"}}, "198.51.100.1"},
      {"fd12::1", {{name, "2001:db8::5"}}, "2001:db8::5"},
      {"fe00::1", {{name, "2001:db8::5"}}, "fe00::1"},
      {"::ffff:203.0.113.9", {}, "203.0.113.9"},
      {"11.0.0.1", {{name, "198.51.100.1"}}, "11.0.0.1"},
  };
  for (const auto& [peer, headers, client] : kCases) EXPECT_EQ(seen(peer, headers).address, client) << peer;
}

TEST(OriginOf, TakesTheSchemeFromTrustedProxiesOnly) {
  const std::string name = "x-forwarded-proto";
  EXPECT_TRUE(seen("10.1.1.1", {{name, "https"}}).secure);
  EXPECT_TRUE(seen("10.1.1.1", {{name, "http, https"}}).secure);
  EXPECT_FALSE(seen("10.1.1.1", {{name, "https, http"}}).secure);
  EXPECT_FALSE(seen("10.1.1.1", {{name, "http"}}, true).secure);
  EXPECT_TRUE(seen("10.1.1.1", {{name, "gopher"}}, true).secure);
  EXPECT_FALSE(seen("203.0.113.9", {{name, "https"}}).secure);
  EXPECT_TRUE(seen("203.0.113.9", {{name, "http"}}, true).secure);
}

// Goal: limits cannot be passed by using all the addresses of one IPv6 network.
TEST(AddressBlock, IsThe64OfIpv6) {
  EXPECT_EQ(address_block("203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(address_block("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(address_block("nonsense"), "nonsense");
}

}  // namespace
}  // namespace limehook::http_server
