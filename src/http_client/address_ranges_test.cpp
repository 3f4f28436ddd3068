// Every range of the IANA special-purpose address registries, and what lies beside and inside it.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include "http_client/address_policy.hpp"

namespace limehook::http_client {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address;

enum class Verdict {
  Refused,
  Reached,        // globally reachable by the registry
  RefusedAnyway,  // likewise, but an anycast address of a protocol, or an identifier: no receiver of webhooks
};
using enum Verdict;

struct Range {
  const char* network;
  const char* name;  // in the registry
  Verdict verdict;
};

// https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry; at the end of each the
// ranges that stand elsewhere.
constexpr Range kRanges[] = {
    {"0.0.0.0/8", "This network", Refused},
    {"0.0.0.0/32", "This host on this network", Refused},
    {"10.0.0.0/8", "Private-Use", Refused},
    {"100.64.0.0/10", "Shared Address Space", Refused},
    {"127.0.0.0/8", "Loopback", Refused},
    {"169.254.0.0/16", "Link Local", Refused},
    {"172.16.0.0/12", "Private-Use", Refused},
    {"192.0.0.0/24", "IETF Protocol Assignments", Refused},
    {"192.0.0.0/29", "IPv4 Service Continuity Prefix", Refused},
    {"192.0.0.8/32", "IPv4 dummy address", Refused},
    {"192.0.0.9/32", "Port Control Protocol Anycast", RefusedAnyway},
    {"192.0.0.10/32", "Traversal Using Relays around NAT Anycast", RefusedAnyway},
    {"192.0.0.170/32", "NAT64/DNS64 Discovery", Refused},
    {"192.0.0.171/32", "NAT64/DNS64 Discovery", Refused},
    {"192.0.2.0/24", "Documentation (TEST-NET-1)", Refused},
    {"192.31.196.0/24", "AS112-v4", Reached},
    {"192.52.193.0/24", "AMT", Reached},
    {"192.88.99.0/24", "Deprecated (6to4 Relay Anycast)", Refused},
    {"192.88.99.2/32", "6a44-relay anycast address", Refused},
    {"192.168.0.0/16", "Private-Use", Refused},
    {"192.175.48.0/24", "Direct Delegation AS112 Service", Reached},
    {"198.18.0.0/15", "Benchmarking", Refused},
    {"198.51.100.0/24", "Documentation (TEST-NET-2)", Refused},
    {"203.0.113.0/24", "Documentation (TEST-NET-3)", Refused},
    {"240.0.0.0/4", "Reserved", Refused},
    {"255.255.255.255/32", "Limited Broadcast", Refused},
    {"224.0.0.0/4", "Multicast (RFC 5771)", Refused},
    {"168.63.129.16/32", "Azure's platform services", Refused},

    {"::1/128", "Loopback Address", Refused},
    {"::/128", "Unspecified Address", Refused},
    {"::ffff:0:0/96", "IPv4-mapped Address", Refused},           // its ends stand for 0.0.0.0 and 255.255.255.255
    {"64:ff9b::/96", "IPv4-IPv6 Translat.", Refused},            // likewise
    {"64:ff9b:1::/48", "IPv4-IPv6 Translat. (local)", Refused},  // RFC 8215
    {"100::/64", "Discard-Only Address Block", Refused},
    {"100:0:0:1::/64", "Dummy IPv6 Prefix", Refused},
    {"2001::/23", "IETF Protocol Assignments", Refused},
    {"2001::/32", "TEREDO", Refused},
    {"2001:1::1/128", "Port Control Protocol Anycast", RefusedAnyway},
    {"2001:1::2/128", "Traversal Using Relays around NAT Anycast", RefusedAnyway},
    {"2001:1::3/128", "DNS-SD Service Registration Protocol Anycast", RefusedAnyway},
    {"2001:2::/48", "Benchmarking", Refused},
    {"2001:3::/32", "AMT", RefusedAnyway},
    {"2001:4:112::/48", "AS112-v6", RefusedAnyway},
    {"2001:10::/28", "Deprecated (previously ORCHID)", Refused},
    {"2001:20::/28", "ORCHIDv2", RefusedAnyway},
    {"2001:30::/28", "Drone Remote ID Protocol Entity Tags (DETs)", RefusedAnyway},
    {"2001:db8::/32", "Documentation", Refused},
    {"2002::/16", "6to4", Refused},
    {"2620:4f:8000::/48", "Direct Delegation AS112 Service", Reached},
    {"3fff::/20", "Documentation", Refused},
    {"5f00::/16", "Segment Routing (SRv6) SIDs", Refused},
    {"fc00::/7", "Unique-Local", Refused},
    {"fe80::/10", "Link-Local Unicast", Refused},
    {"::/96", "IPv4-compatible (RFC 4291)", Refused},
    {"::ffff:0:0:0/96", "IPv4-translated (RFC 2765)", Refused},
    {"fec0::/10", "Site-local (RFC 3879)", Refused},
    {"ff00::/8", "Multicast (RFC 4291)", Refused},
    // The other way round: outside of it nothing is global unicast (RFC 4291 section 2.4).
    {"2000::/3", "Global Unicast", Reached},
};

template <class Bytes>
void fill_from(Bytes& bytes, unsigned bit, bool ones) {
  for (; bit < bytes.size() * 8; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> bit % 8);
    bytes[bit / 8] = static_cast<unsigned char>(ones ? bytes[bit / 8] | mask : bytes[bit / 8] & ~mask);
  }
}

// The number before or behind; around the end is the beginning.
template <class Bytes>
void step(Bytes& bytes, bool up) {
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const bool carries = *byte == (up ? 0xff : 0x00);
    *byte = static_cast<unsigned char>(*byte + (up ? 1 : -1));
    if (!carries) return;
  }
}

// First and last address of a network, and their neighbours outside.
template <class Address>
std::vector<address> edges(const Address& base, unsigned prefix_length) {
  std::vector<address> found;
  for (const bool last : {false, true}) {
    auto bytes = base.to_bytes();
    fill_from(bytes, prefix_length, last);
    found.emplace_back(Address(bytes));
    step(bytes, last);
    found.emplace_back(Address(bytes));
  }
  return found;
}

std::vector<address> edges(const Network& network) {
  return network.address.is_v4() ? edges(network.address.to_v4(), network.prefix_length)
                                 : edges(network.address.to_v6(), network.prefix_length);
}

// What the table says: the longest range that holds the address decides.
bool refused_by_table(const address& candidate) {
  const Range* best = nullptr;
  unsigned best_length = 0;
  for (const auto& range : kRanges) {
    const auto network = parse_network(range.network).value();
    if (!network.contains(candidate) || (best != nullptr && network.prefix_length < best_length)) continue;
    best = &range;
    best_length = network.prefix_length;
  }
  return best == nullptr ? candidate.is_v6() : best->verdict != Reached;
}

// Goal: exactly what the table says may be reached. Method: first and last address of each range, and the neighbours.
TEST(AddressRanges, AreJudgedAsTheRegistrySays) {
  const AddressPolicy policy;
  std::size_t judged = 0, reached = 0;
  for (const auto& range : kRanges) {
    for (const auto& candidate : edges(parse_network(range.network).value())) {
      ++judged;
      if (!refused_by_table(candidate)) ++reached;
      EXPECT_EQ(policy.problem(candidate).has_value(), refused_by_table(candidate))
          << candidate << " at the edge of " << range.network << " " << range.name;
    }
  }
  EXPECT_EQ(judged, 4 * std::size(kRanges));
  EXPECT_GT(reached, 40u) << "neighbours that are public have been tried, too";
}

address with_v4(const char* prefix, const address_v4& inner, std::size_t at = 12) {
  auto bytes = make_address(prefix).to_v6().to_bytes();
  std::ranges::copy(inner.to_bytes(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return address_v6(bytes);
}

// Goal: nothing private is reached by writing it inside an IPv6 address. Method: the edges of every IPv4 range in each
// form that embeds addresses.
TEST(AddressRanges, AreJudgedInsideIpv6) {
  const AddressPolicy policy;
  for (const auto& range : kRanges) {
    const auto network = parse_network(range.network).value();
    if (network.address.is_v6()) continue;
    for (const auto& edge : edges(network)) {
      const auto inner = edge.to_v4();
      // Mapped, NAT64, ISATAP with and without the universal bit: as the IPv4 address.
      for (const char* prefix : {"::ffff:0:0", "64:ff9b::", "2606:4700::5efe:0:0", "2606:4700::200:5efe:0:0"}) {
        EXPECT_EQ(policy.problem(with_v4(prefix, inner)).has_value(), refused_by_table(edge))
            << with_v4(prefix, inner) << " " << range.name;
      }
      // Compatible, translated, local NAT64: not global.
      for (const char* prefix : {"::", "::ffff:0:0:0", "64:ff9b:1::", "64:ff9b:1:ffff::"}) {
        EXPECT_TRUE(policy.problem(with_v4(prefix, inner))) << with_v4(prefix, inner);
      }
      EXPECT_TRUE(policy.problem(with_v4("2002::", inner, 2))) << "6to4 of " << inner;
      EXPECT_TRUE(policy.problem(with_v4("2001::", inner, 4))) << "Teredo server " << inner;
      const address_v4 inverted(~inner.to_uint());
      EXPECT_TRUE(policy.problem(with_v4("2001:0:808:808::", inverted))) << "Teredo client " << inner;
    }
  }
}

// Goal: the addresses at which clouds tell machines their credentials are refused.
TEST(AddressRanges, HoldTheMetadataServicesOfClouds) {
  const AddressPolicy policy;
  for (const char* text :
       {"169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.0.23", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fe80::a9fe:a9fe"}) {
    EXPECT_TRUE(policy.problem(make_address(text))) << text;
  }
}

// Goal: a zone id changes nothing about what an address is.
TEST(AddressRanges, DoNotDependOnZones) {
  for (const char* text : {"fe80::1%1", "ff02::1%1", "::1%1"}) {
    EXPECT_TRUE(AddressPolicy().problem(make_address(text))) << text;
  }
}

}  // namespace
}  // namespace limehook::http_client
