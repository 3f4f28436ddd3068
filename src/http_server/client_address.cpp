#include "http_server/client_address.hpp"

#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace limehook::http_server {
namespace {

namespace ip = boost::asio::ip;
constexpr unsigned kMappedPrefixLength = 96;

ip::address_v6::bytes_type wide_bytes(const ip::address& address) {
  return (address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6()).to_bytes();
}

bool same_prefix(const ip::address_v6::bytes_type& a, const ip::address_v6::bytes_type& b, unsigned bits) {
  const auto whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const auto rest = bits % 8;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The elements of a list header, of all its lines, last one first.
std::vector<std::string_view> elements_from_last(const Request& head, std::string_view name) {
  std::vector<std::string_view> elements;
  for (const auto& [key, value] : head.headers) {
    if (key != name) continue;
    std::string_view rest = value;
    while (true) {
      const auto comma = rest.find(',');
      elements.push_back(trimmed(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  std::ranges::reverse(elements);
  return elements;
}

std::string forwarded_for(const ip::address& peer, const Request& head, const TrustedProxies& trusted) {
  ip::address client = peer;
  for (const auto element : elements_from_last(head, "x-forwarded-for")) {
    boost::system::error_code error;
    const auto address = ip::make_address(std::string(element), error);
    if (error) return peer.to_string();
    client = plain_address(address);
    if (!trusted.contains(client)) break;
  }
  return client.to_string();
}

}  // namespace

ip::address plain_address(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

ip::address address_block(const ip::address& address) {
  if (address.is_v4()) return address;
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes);
}

std::string address_block(std::string_view address) {
  boost::system::error_code error;
  const auto parsed = ip::make_address(std::string(address), error);
  return error ? std::string(address) : address_block(parsed).to_string();
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& networks) {
  for (const auto& text : networks) {
    if (text.contains(':')) {
      const auto network = ip::make_network_v6(text);
      networks_.push_back({network.address().to_bytes(), network.prefix_length()});
    } else {
      const auto network = ip::make_network_v4(text);
      networks_.push_back({wide_bytes(network.address()), kMappedPrefixLength + network.prefix_length()});
    }
  }
}

bool TrustedProxies::contains(const ip::address& address) const {
  if (networks_.empty()) return false;
  const auto bytes = wide_bytes(address);
  return std::ranges::any_of(networks_, [&](const Network& n) { return same_prefix(n.bytes, bytes, n.prefix_length); });
}

Origin origin_of(const ip::address& peer, bool secure, const Request& head, const TrustedProxies& trusted) {
  if (!trusted.contains(peer)) return {peer.to_string(), secure};
  const auto schemes = elements_from_last(head, "x-forwarded-proto");
  if (!schemes.empty() && (schemes.front() == "https" || schemes.front() == "http")) {
    secure = schemes.front() == "https";
  }
  return {forwarded_for(peer, head, trusted), secure};
}

}  // namespace limehook::http_server
