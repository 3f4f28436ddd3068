// Input: the peer's address, a line, its X-Forwarded-For. Property: whatever callers write there, a request comes from
// an IP address, and from the peer itself unless that is a proxy that is trusted.

#include "fuzz_input.hpp"
#include "http_server/client_address.hpp"

using namespace limehook;
using fuzz::check;
namespace ip = boost::asio::ip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const http_server::TrustedProxies trusted({"10.0.0.0/8", "::1/128"});
  auto rest = fuzz::text_of(data, size);
  boost::system::error_code error;
  const auto written = ip::make_address(std::string(fuzz::take_line(rest)), error);
  if (error) return 0;
  const auto peer = http_server::plain_address(written);  // as the server does it
  http_server::Request head;
  head.headers = {{"x-forwarded-for", std::string(rest)}};
  const auto origin = http_server::origin_of(peer, false, head, trusted);
  const auto address = ip::make_address(origin.address, error);
  check(!error && !origin.secure, "a request comes from an address");
  if (!trusted.contains(peer)) check(address == peer, "strangers are not believed");
  check(http_server::plain_address(address) == address, "IPv4 is written as IPv4");
  check(!http_server::address_block(origin.address).empty(), "an address has its block");
  return 0;
}
