// Property: an address, its IPv4-mapped and its NAT64 form are judged alike, and a network holds what it is made of.

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>

#include "config/values.hpp"
#include "fuzz_input.hpp"
#include "http_client/address_policy.hpp"

using namespace limehook;
using fuzz::check;
namespace ip = boost::asio::ip;

namespace {

void check_address(const ip::address& address) {
  const http_client::AddressPolicy policy;
  const auto kind = policy.forbidden_kind(address);
  check(policy.problem(address).has_value() == kind.has_value(), "kind and sentence agree");
  check(!kind || policy.literal_problem(address.to_string()), "what may not be reached may not be written");
  if (!address.is_v4()) return;
  const auto mapped = ip::make_address_v6(ip::v4_mapped, address.to_v4());
  check(policy.forbidden_kind(mapped).has_value() == kind.has_value(), "the mapped form is judged alike");
  auto bytes = ip::make_address_v6("64:ff9b::").to_bytes();
  const auto tail = address.to_v4().to_bytes();
  std::copy(tail.begin(), tail.end(), bytes.begin() + 12);
  check(policy.forbidden_kind(ip::address_v6(bytes)).has_value() == kind.has_value(), "so is the NAT64 form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  boost::system::error_code error;
  const auto address = ip::make_address(std::string(text), error);
  if (!error && text.find('\0') == std::string_view::npos) check_address(address);
  if (const auto network = http_client::parse_network(text)) {
    check(network->contains(network->address), "a network holds its own address");
    const http_client::AddressPolicy policy({*network});
    // Of IPv6 forms of IPv4 addresses, the IPv4 address must be allowed.
    const bool allowed = !policy.forbidden_kind(network->address);
    check(allowed || network->address.is_v6(), "what is allowed may be reached");
  }
  if (const auto option = config::read_network(text)) {
    check(http_client::parse_network(*option).has_value(), "what an option takes is a network");
  }
  return 0;
}
