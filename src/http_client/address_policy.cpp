#include "http_client/address_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <span>

namespace limehook::http_client {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

struct SpecialRange {
  std::string_view network;
  std::string_view what;
};

// IANA IPv4 Special-Purpose Address Registry (RFC 6890), without the blocks that are globally reachable unicast, and
// multicast (RFC 5771). The anycast addresses of protocols inside 192.0.0.0/24 are refused with their block.
constexpr SpecialRange kSpecialV4[] = {
    {"0.0.0.0/8", "this network"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared by a carrier's customers"},
    {"127.0.0.0/8", "loopback"},
    // Global by the registry, but in Azure the platform's own services answer there, to each machine.
    {"168.63.129.16/32", "a cloud platform's own"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "protocol assignments"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "6to4 relay"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"255.255.255.255/32", "broadcast"},
    {"240.0.0.0/4", "reserved"},
};

// IANA IPv6 Special-Purpose Address Registry, likewise. Whatever is not in 2000::/3 is not global unicast anyway
// (RFC 4291 section 2.4); the ranges there are listed for their names.
constexpr SpecialRange kSpecialV6[] = {
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"::/96", "IPv4-compatible"},
    {"64:ff9b:1::/48", "local-use translation"},
    {"100::/64", "discard"},
    {"100:0:0:1::/64", "dummy"},
    {"2001::/32", "Teredo"},
    {"2001:2::/48", "benchmarking"},
    {"2001:10::/28", "ORCHID"},
    {"2001:20::/28", "ORCHIDv2"},
    {"2001:30::/28", "drone remote identification"},
    {"2001::/23", "protocol assignments"},
    {"2001:db8::/32", "documentation"},
    {"2002::/16", "6to4"},
    {"3fff::/20", "documentation"},
    {"5f00::/16", "segment routing"},
    {"fc00::/7", "unique local"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
};

struct NamedNetwork {
  Network network;
  std::string_view what;
};

std::vector<NamedNetwork> parse_table(std::span<const SpecialRange> ranges) {
  std::vector<NamedNetwork> table;
  for (const auto& range : ranges) table.push_back({parse_network(range.network).value(), range.what});
  return table;
}

std::optional<std::string_view> find_special(const std::vector<NamedNetwork>& table, const address& candidate) {
  const auto found = std::ranges::find_if(table, [&](const auto& entry) { return entry.network.contains(candidate); });
  return found == table.end() ? std::nullopt : std::optional(found->what);
}

std::optional<std::string_view> special_kind(const address& candidate) {
  static const auto v4_table = parse_table(kSpecialV4);
  static const auto v6_table = parse_table(kSpecialV6);
  static const auto global_unicast = parse_network("2000::/3").value();
  if (candidate.is_v4()) return find_special(v4_table, candidate);
  if (const auto what = find_special(v6_table, candidate)) return what;
  if (!global_unicast.contains(candidate)) return "not assigned";
  return std::nullopt;
}

// The IPv4 address that packets to an IPv4-mapped (RFC 4291 section 2.5.5.2) or NAT64 (RFC 6052) address go to.
std::optional<address_v4> translated_v4(const address& outer) {
  static const auto mapped = parse_network("::ffff:0:0/96").value();
  static const auto nat64 = parse_network("64:ff9b::/96").value();
  if (!mapped.contains(outer) && !nat64.contains(outer)) return std::nullopt;
  const auto bytes = outer.to_v6().to_bytes();
  return address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
}

// The IPv4 address at the end of an ISATAP tunnel, whatever the prefix: ::0:5efe:a.b.c.d or ::200:5efe:a.b.c.d
// (RFC 5214 section 6.1).
std::optional<address_v4> tunneled_v4(const address& outer) {
  if (!outer.is_v6()) return std::nullopt;
  const auto bytes = outer.to_v6().to_bytes();
  const bool isatap = (bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
  if (!isatap) return std::nullopt;
  return address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
}

template <std::size_t N>
bool same_prefix(const std::array<unsigned char, N>& a, const std::array<unsigned char, N>& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

template <std::size_t N>
bool zero_beyond(const std::array<unsigned char, N>& bytes, unsigned prefix_length) {
  for (unsigned bit = prefix_length; bit < N * 8; ++bit) {
    if (bytes[bit / 8] >> (7 - bit % 8) & 1) return false;
  }
  return true;
}

// Does any resolver or proxy read this as a number instead of a name? WHATWG URL: a host "ends in a number".
bool ends_in_number(std::string_view host) {
  auto last = host.substr(host.rfind('.') + 1);
  const bool hexadecimal = last.starts_with("0x");
  if (hexadecimal) last.remove_prefix(2);
  return (hexadecimal || !last.empty()) && std::ranges::all_of(last, [&](char c) {
           return (c >= '0' && c <= '9') || (hexadecimal && c >= 'a' && c <= 'f');
         });
}

// Names that always mean this machine (RFC 6761 section 6.3).
bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

}  // namespace

bool Network::contains(const boost::asio::ip::address& candidate) const {
  if (address.is_v4() != candidate.is_v4()) return false;
  return address.is_v4() ? same_prefix(address.to_v4().to_bytes(), candidate.to_v4().to_bytes(), prefix_length)
                         : same_prefix(address.to_v6().to_bytes(), candidate.to_v6().to_bytes(), prefix_length);
}

std::optional<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code ec;
  const auto base = boost::asio::ip::make_address(std::string(text.substr(0, slash)), ec);
  if (ec || (base.is_v6() && base.to_v6().scope_id() != 0)) return std::nullopt;
  const unsigned bits_max = base.is_v4() ? 32 : 128;
  unsigned bits = bits_max;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > bits_max) return std::nullopt;
  }
  const bool clean =
      base.is_v4() ? zero_beyond(base.to_v4().to_bytes(), bits) : zero_beyond(base.to_v6().to_bytes(), bits);
  if (!clean) return std::nullopt;
  return Network{base, bits};
}

std::optional<std::string_view> AddressPolicy::forbidden_kind(const address& candidate) const {
  if (const auto inner = translated_v4(candidate)) return forbidden_kind(*inner);
  if (std::ranges::any_of(allowed_, [&](const Network& network) { return network.contains(candidate); })) {
    return std::nullopt;
  }
  if (const auto kind = special_kind(candidate)) return kind;
  const auto inner = tunneled_v4(candidate);
  return inner ? forbidden_kind(*inner) : std::nullopt;
}

std::optional<std::string> AddressPolicy::problem(const address& candidate) const {
  const auto kind = forbidden_kind(candidate);
  if (!kind) return std::nullopt;
  const auto inner = translated_v4(candidate);
  if (!inner) return fmt::format("{} is not a public address: {}", candidate.to_string(), *kind);
  return fmt::format("{} is not a public address: {} (meant by {})", inner->to_string(), *kind, candidate.to_string());
}

std::optional<std::string> AddressPolicy::literal_problem(std::string_view host) const {
  boost::system::error_code ec;
  if (host.find(':') != std::string_view::npos) {
    const bool in_brackets = host.starts_with('[') && host.ends_with(']');
    const std::string inside(in_brackets ? host.substr(1, host.size() - 2) : host);
    const auto literal = boost::asio::ip::make_address_v6(inside, ec);
    if (ec || literal.scope_id() != 0) return fmt::format("{} is not an IPv6 address", host);
    return problem(literal);
  }
  // inet_pton, which make_address_v4 calls, takes exactly the dotted decimal form without leading zeros.
  const auto literal = boost::asio::ip::make_address_v4(std::string(host), ec);
  if (!ec) return problem(literal);
  std::string name(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (ends_in_number(name)) return fmt::format("{} is neither a host name nor an address like 192.0.2.1", host);
  if (is_localhost(name) && forbidden_kind(address_v4::loopback()) && forbidden_kind(address_v6::loopback())) {
    return fmt::format("{} is not a public address: loopback", host);
  }
  return std::nullopt;
}

}  // namespace limehook::http_client
